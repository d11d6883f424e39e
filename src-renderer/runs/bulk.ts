/** @file One action on several runs: on those of the selection that it is possible with, else on those it is meant for. */
import type { RunInfo, RunStatus } from '../../src-core/contract/training.ts';
import { runs } from '../state/runs.svelte.ts';
import { runActions } from './actions.ts';

export type BulkAction = 'pause' | 'resume' | 'stop';

/** Without a selection: what stopped by the person's will, or failed, is not started again unasked. */
const meant: Readonly<Record<BulkAction, readonly RunStatus[]>> = {
  pause: ['running'],
  resume: ['paused', 'interrupted'],
  stop: ['running', 'paused'],
};

export function targetsOf(action: BulkAction, selection: readonly RunInfo[]): readonly RunInfo[] {
  const isChosen = selection.length > 0;
  const when: readonly RunStatus[] = isChosen ? runActions[action].when : meant[action];
  return (isChosen ? selection : runs.list).filter(({ status }) => when.includes(status));
}

export const canPause = (selection: readonly RunInfo[]): boolean =>
  targetsOf('pause', selection).length > 0;

/** All are tried; the first failure is thrown after the last. */
export async function actOn(action: BulkAction, selection: readonly RunInfo[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    targetsOf(action, selection).map(runActions[action].act),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
