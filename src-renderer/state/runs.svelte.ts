/**
 * @file The runs as the page knows them: the list, kept current by events. What they measured is read by the views
 * that show it.
 */
import type { RunInfo } from '../../src-core/contract/training.ts';
import { beat } from './beat.ts';
import { endOf, tellEnd } from './runEnds.ts';
import { settings } from './settings.svelte.ts';

/** The steps behind these figures come with them, in a message of their own, where a chart draws them. */
const patienceMs = 40;

class RunsState {
  /** Newest first. */
  list: readonly RunInfo[] = $state.raw([]);

  readonly active: readonly RunInfo[] = $derived(
    this.list.filter(({ status }) => status === 'running' || status === 'paused'),
  );
  readonly queued: readonly RunInfo[] = $derived(
    this.list
      .filter(({ status }) => status === 'queued')
      .toSorted((a, b) => (a.place ?? 0) - (b.place ?? 0)),
  );

  get(run: string): RunInfo | undefined {
    return this.list.find((each) => each.run === run);
  }

  /** @param list in any order */
  set(list: readonly RunInfo[]): void {
    for (const { run } of this.list) beat.drop(run);
    this.list = list.toSorted((a, b) => numberOf(b.run) - numberOf(a.run));
  }

  /** Another status and another name are shown at once, new figures with the next beat. */
  put(run: RunInfo): void {
    const before = this.get(run.run);
    const isFigures = before?.status === run.status && before.name === run.name;
    if (isFigures) return beat.next(run.run, () => this.#put(run), patienceMs);
    beat.drop(run.run);
    this.#put(run);
  }

  #put(run: RunInfo): void {
    const before = this.get(run.run);
    this.list = before
      ? this.list.map((each) => (each.run === run.run ? run : each))
      : [run, ...this.list];
    const end = endOf(before, run, this.list);
    if (end) tellEnd(end, settings.values.notifiesRuns);
  }

  drop(run: string): void {
    beat.drop(run);
    this.list = this.list.filter((each) => each.run !== run);
  }
}

const numberOf = (run: string): number => Number(run.slice(1));

export const runs = new RunsState();
