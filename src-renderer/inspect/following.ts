/** @file Runs that follow one another: which has begun, and which two stand before and after. */
import type { EvaluatedOn } from '../../src-core/contract/inspecting.ts';
import type { RunInfo } from '../../src-core/contract/training.ts';

export type Pair = { readonly before: string; readonly after: string };

const isWaiting = ({ status }: RunInfo): boolean => status !== 'finished';

/** Runs that follow this one, newest first. */
const followersOf = (list: readonly RunInfo[], run: string): readonly RunInfo[] =>
  list.filter(({ follows }) => follows?.run === run);

/** A follower that has not finished: the newest, where it is newer than the last that has. */
export function underWay(list: readonly RunInfo[], run: string): RunInfo | null {
  const [newest] = followersOf(list, run);
  return newest && isWaiting(newest) ? newest : null;
}

/** This run and the newest that follows it; else the run it follows itself. Null: there is no such pair yet. */
export function pairOf(list: readonly RunInfo[], run: string): Pair | null {
  const after = followersOf(list, run).find(({ status }) => status === 'finished');
  if (after) return { before: run, after: after.run };
  const own = list.find((each) => each.run === run);
  const before = own?.follows?.run;
  const isThere = before !== undefined && list.some((each) => each.run === before);
  return own?.status === 'finished' && isThere ? { before, after: run } : null;
}

/** The same images by the labels they have now: the two runs learned from different ones. */
export function pairImages(
  on: EvaluatedOn,
  dataset: number | null,
): Extract<EvaluatedOn, { kind: 'dataset' }> | null {
  if (on.kind === 'dataset') return on;
  return dataset === null ? null : { kind: 'dataset', dataset, part: on.part };
}
