/**
 * @file What is shown of the runs: filter, order, groups, selection, what is hidden, and where the pointer is. It
 * outlives the view, so that going to a run and back changes nothing.
 */
import { SvelteSet } from 'svelte/reactivity';
import type { RunInfo } from '../../src-core/contract/training.ts';
import type { LineColor } from '../charts/chartLine.ts';
import type { Range } from '../charts/curve.ts';
import type { Hover } from '../charts/LineChart.svelte';
import { go, links } from '../state/route.svelte.ts';
import { runs } from '../state/runs.svelte.ts';
import { settings } from '../state/settings.svelte.ts';
import { runsMax } from './runColumns.ts';
import { filtered, groupsOf, rowsOf, type SortBy, type StatusFilter } from './rows.ts';
import type { RunsViewOptions } from './viewOptions.ts';

/** More lines cannot be told apart, and would be slow to draw. */
export const drawnMost = 200;
const storedAfterMs = 300;
/** A pointer that has not moved for so long rests. */
const restMs = 60;
const nowhere: Hover = { x: null, key: null };

class RunsView {
  text = $state('');
  status: StatusFilter = $state('all');
  sort: SortBy = $state.raw({ by: 'run', isDescending: true });
  readonly selected = new SvelteSet<string>();
  readonly hidden = new SvelteSet<string>();
  readonly collapsed = new SvelteSet<string>();
  /** The run that others are compared with in the table; null: none. */
  pinned: string | null = $state(null);
  /** Of x; null: all of it. */
  zoom: Range | null = $state.raw(null);
  hover: Hover = $state.raw(nowhere);
  /** The run or the group whose row and legend entry are marked. */
  pointed: string | null = $state(null);
  #resting: ReturnType<typeof setTimeout> | undefined;
  /** The run whose name is being edited. */
  renamed: string | null = $state(null);

  /** Chosen just now, and not stored yet: a slider changes many times a second. */
  #fresh: Partial<RunsViewOptions> = $state.raw({});
  #storing: ReturnType<typeof setTimeout> | undefined;

  readonly options: RunsViewOptions = $derived({ ...settings.values.runsView, ...this.#fresh });
  readonly filtered: readonly RunInfo[] = $derived(filtered(runs.list, this.text, this.status));
  readonly groups = $derived(groupsOf(this.filtered, this.options.groupBy));
  readonly rows = $derived(
    rowsOf(this.filtered, this.groups, this.sort, (group) => this.collapsed.has(group)),
  );
  readonly baseline: RunInfo | null = $derived(
    this.pinned === null ? null : (runs.get(this.pinned) ?? null),
  );
  /** The runs that are on, in the order of the list. */
  readonly visible: readonly RunInfo[] = $derived(
    this.filtered.filter(({ run }) => !this.hidden.has(run)),
  );
  readonly drawn: readonly RunInfo[] = $derived(this.visible.slice(0, drawnMost));
  /** Only those that are still there and pass the filter: what cannot be seen is not acted on. */
  readonly selection: readonly RunInfo[] = $derived(
    this.filtered.filter(({ run }) => this.selected.has(run)),
  );

  /** The last run that was selected or deselected, from which Shift goes on. */
  #anchor: string | null = null;

  set(options: Partial<RunsViewOptions>): void {
    this.#fresh = { ...this.#fresh, ...options };
    clearTimeout(this.#storing);
    this.#storing = setTimeout(() => {
      settings.set('runsView', this.options);
      this.#fresh = {};
    }, storedAfterMs);
  }

  colorOf = (run: string): LineColor | null => {
    const color = settings.values.runColors[run];
    return color === undefined ? null : { light: color, dark: color };
  };

  /** @param color  null: that of its activation again */
  setColor(run: string, color: string | null): void {
    const { [run]: _before, ...others } = settings.values.runColors;
    const known = Object.entries(others).filter(([each]) => runs.get(each));
    const colors = Object.fromEntries(known);
    settings.set('runColors', color === null ? colors : { ...colors, [run]: color });
  }

  sortBy(by: string): void {
    const isSame = this.sort.by === by;
    const isText = by === 'name' || ['activation', 'network', 'dataset', 'status'].includes(by);
    this.sort = { by, isDescending: isSame ? !this.sort.isDescending : !isText };
  }

  /** @param isRange  everything between the last one and this */
  select(run: string, isOn: boolean, isRange: boolean): void {
    const order = this.rows.flatMap((row) => (row.kind === 'run' ? [row.run.run] : []));
    const [from, to] = [order.indexOf(this.#anchor ?? ''), order.indexOf(run)];
    const span =
      isRange && from >= 0 ? order.slice(Math.min(from, to), Math.max(from, to) + 1) : [run];
    this.selectAll(span, isOn);
    this.#anchor = run;
  }

  selectAll(names: readonly string[], isOn: boolean): void {
    for (const run of names) {
      if (isOn) this.selected.add(run);
      else this.selected.delete(run);
    }
  }

  show(names: readonly string[], isOn: boolean): void {
    for (const run of names) {
      if (isOn) this.hidden.delete(run);
      else this.hidden.add(run);
    }
  }

  toggleGroup(group: string): void {
    if (!this.collapsed.delete(group)) this.collapsed.add(group);
  }

  /** The pointer is on a row: its line is shown, or that of its group where runs are not drawn by themselves. */
  point(run: string | null, group: string | null): void {
    const isDrawn = run !== null && (group === null || this.options.showsRuns);
    this.pointKey(isDrawn ? run : group);
  }

  pointKey(key: string | null): void {
    clearTimeout(this.#resting);
    this.pointed = key;
    if (key !== this.hover.key || this.hover.x !== null) this.hover = { x: null, key };
  }

  /** In a chart. Rows follow when the pointer rests: in a crowd they would flicker, and the whole table be painted. */
  pointAt(hover: Hover): void {
    this.hover = hover;
    clearTimeout(this.#resting);
    if (hover.key !== this.pointed)
      this.#resting = setTimeout(() => (this.pointed = hover.key), restMs);
  }

  siblingsOf({ comparison }: RunInfo): readonly RunInfo[] {
    return runs.list.filter((each) => each.comparison === comparison);
  }

  compare(of: readonly RunInfo[]): void {
    go(links.comparison(of.slice(0, runsMax).map(({ run }) => run)));
  }
}

export const runsView = new RunsView();
