/** @file Which runs the table shows, in which order and in which groups. */
import type { RunInfo, RunStatus } from '../../src-core/contract/training.ts';
import type { LineColor } from '../charts/chartLine.ts';
import { activationLook, activationLooks } from '../ui/activationLooks.ts';
import { runColumns, spreadOf, type RunColumn } from './runColumns.ts';
import type { Grouping } from './viewOptions.ts';

export type RunGroup = {
  readonly key: string;
  readonly label: string;
  readonly runs: readonly RunInfo[];
  readonly color: LineColor;
  readonly dash: readonly number[];
  /** Why a mean over them may say little; null: they differ in their seeds at most, as far as is known. */
  readonly caution: string | null;
};

export type TableRow =
  | { readonly kind: 'group'; readonly group: RunGroup }
  | { readonly kind: 'run'; readonly run: RunInfo; readonly group: RunGroup | null };

export type StatusFilter = RunStatus | 'all' | 'on';
export type SortBy = { readonly by: string; readonly isDescending: boolean };

const groupTable = {
  activation: {
    title: 'Activation',
    key: (run) => run.activation,
    label: (run) => run.activationTitle,
  },
  network: { title: 'Network', key: (run) => run.network, label: (run) => run.network },
  dataset: {
    title: 'Dataset',
    key: (run) => String(run.dataset?.id ?? run.snapshot),
    label: (run) => run.dataset?.name ?? 'deleted dataset',
  },
  comparison: {
    title: 'Comparison',
    key: (run) => run.comparison ?? `alone:${run.run}`,
    label: (run) => (run.comparison === null ? run.name : comparisonLabel(run)),
  },
} as const satisfies Record<
  Exclude<Grouping, 'none'>,
  { title: string; key: (run: RunInfo) => string; label: (run: RunInfo) => string }
>;

export const groupingTitles: Readonly<Record<Grouping, string>> = {
  ...{ activation: 'Activation', network: 'Network', dataset: 'Dataset' },
  ...{ comparison: 'Comparison', none: 'Nothing' },
};

const date = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'short' });
const comparisonLabel = (run: RunInfo): string =>
  `${run.network} · ${run.dataset?.name ?? 'deleted dataset'} · ${date.format(run.createdAt)}`;

/**
 * `text`: runs whose words contain it as it stands; where there are none, those of which words begin with each of its
 * words. So `seed 12` does not find every network of 128 units.
 */
export function filtered(
  runs: readonly RunInfo[],
  text: string,
  status: StatusFilter,
): readonly RunInfo[] {
  const those = runs.filter((run) => hasStatus(run, status));
  const sought = wordsIn(text);
  if (sought.length === 0) return those;
  const known = those.map((run) => ({ run, words: wordsIn(describe(run)) }));
  const whole = known.filter(({ words }) => ` ${words.join(' ')}`.includes(` ${sought.join(' ')}`));
  const found = whole.length > 0 ? whole : known.filter(({ words }) => hasAll(words, sought));
  return found.map(({ run }) => run);
}

const hasAll = (words: readonly string[], sought: readonly string[]): boolean =>
  sought.every((each) => words.some((word) => word.startsWith(each)));

const wordsIn = (text: string): readonly string[] =>
  text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const describe = (run: RunInfo): string =>
  [
    ...[run.run, run.name, run.activationTitle, run.network, run.preset, run.dataset?.name],
    ...[run.optimizer, `seed ${run.seed}`],
  ].join(' ');

function hasStatus({ status }: RunInfo, filter: StatusFilter): boolean {
  if (filter === 'on') return ['queued', 'running', 'paused'].includes(status);
  return filter === 'all' || status === filter;
}

/** Groups in order of their labels. Without grouping there are none. */
export function groupsOf(runs: readonly RunInfo[], grouping: Grouping): readonly RunGroup[] {
  if (grouping === 'none') return [];
  const { key, label } = groupTable[grouping];
  const members = new Map<string, RunInfo[]>();
  for (const run of runs) {
    const found = members.get(key(run));
    if (found) found.push(run);
    else members.set(key(run), [run]);
  }
  return [...members.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([each, of], at) => ({
      ...{ key: `${grouping} ${each}`, label: label(of[0]!), runs: of },
      ...(grouping === 'activation' ? activationInk(each) : paletteInk(at)),
      caution: cautionOf(of, grouping),
    }));
}

/** Of a run that is drawn alone. */
export const runInk = (run: RunInfo) => activationInk(run.activation);

function activationInk(label: string): Pick<RunGroup, 'color' | 'dash'> {
  const { light, dark, dash } = activationLook(label);
  return { color: { light, dark }, dash };
}

const palette = Object.values(activationLooks).slice(0, 10);

function paletteInk(at: number): Pick<RunGroup, 'color' | 'dash'> {
  const { light, dark, dash } = palette[at % palette.length]!;
  return { color: { light, dark }, dash };
}

function cautionOf(runs: readonly RunInfo[], grouping: Grouping): string | null {
  const differs = (value: (run: RunInfo) => unknown): boolean => new Set(runs.map(value)).size > 1;
  const what = [
    ...(grouping !== 'dataset' && differs(({ snapshot }) => snapshot) ? ['images'] : []),
    ...(differs(({ network }) => network) ? ['networks'] : []),
    ...(grouping === 'activation' && differs(({ epochs }) => epochs) ? ['numbers of epochs'] : []),
    ...(differs(
      ({ optimizer, learningRate, batchSize }) => `${optimizer} ${learningRate} ${batchSize}`,
    )
      ? ['optimizer settings']
      : []),
  ];
  return what.length === 0
    ? null
    : `These runs differ in ${what.join(', ')}: their mean mixes them.`;
}

/** Runs in order, under their groups, which are ordered by the mean of theirs. */
export function rowsOf(
  runs: readonly RunInfo[],
  groups: readonly RunGroup[],
  sort: SortBy,
  isCollapsed: (group: string) => boolean,
): readonly TableRow[] {
  if (groups.length === 0) {
    return inOrder(runs, sort).map((run) => ({ kind: 'run', run, group: null }));
  }
  return groupsInOrder(groups, sort).flatMap((group) => [
    { kind: 'group', group } as const,
    ...(isCollapsed(group.key)
      ? []
      : inOrder(group.runs, sort).map((run) => ({ kind: 'run', run, group }) as const)),
  ]);
}

/** What is not known, or not a number, comes last in both orders. */
function inOrder(runs: readonly RunInfo[], { by, isDescending }: SortBy): readonly RunInfo[] {
  const value = by === 'name' ? ({ name }: RunInfo) => name : valueOf(runColumns[by]);
  return sortedBy(runs, value, isDescending);
}

const valueOf =
  (column: RunColumn | undefined) =>
  (run: RunInfo): number | string | null =>
    column?.value(run) ?? null;

function groupsInOrder(
  groups: readonly RunGroup[],
  { by, isDescending }: SortBy,
): readonly RunGroup[] {
  const column = runColumns[by];
  if (column?.kind !== 'number' || !column.isSummed) {
    return sortedBy(groups, ({ label }) => label, by === 'name' && isDescending);
  }
  return sortedBy(groups, ({ runs }) => spreadOf(column, runs)?.mean ?? null, isDescending);
}

function sortedBy<T>(
  list: readonly T[],
  value: (each: T) => number | string | null,
  isDescending: boolean,
): readonly T[] {
  const sign = isDescending ? -1 : 1;
  const keyed = list.map((each) => [each, value(each)] as const);
  const isLast = (key: number | string | null): boolean => key === null || Number.isNaN(key);
  keyed.sort(([, a], [, b]) => {
    if (isLast(a) || isLast(b)) return Number(isLast(a)) - Number(isLast(b));
    return sign * compared(a!, b!);
  });
  return keyed.map(([each]) => each);
}

const collator = new Intl.Collator('en', { numeric: true });
const compared = (a: number | string, b: number | string): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
