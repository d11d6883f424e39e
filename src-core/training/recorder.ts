/**
 * @file Writes what a trainer says into the workspace, and only then tells it on. One recorder for each time a
 * run is started.
 */
import { join } from 'node:path';
import type { CheckpointKind } from '../workspace/outcomes.ts';
import type { RunId } from '../workspace/records.ts';
import type { RunError, RunState } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { pruneCheckpoints, type CheckpointFile } from './checkpoints.ts';
import type { FromTrainer } from './messages.ts';
import type { EpochMetrics, StepMetrics, Warning } from './metrics.ts';

/** What listeners are told. */
export type RunEvent = { readonly run: RunId } & (
  | {
      readonly kind: 'status';
      readonly state: RunState;
      /** Why it is interrupted or has failed. */
      readonly error: RunError | null;
    }
  | {
      readonly kind: 'started';
      readonly step: number;
      readonly stepsPerEpoch: number;
      readonly totalSteps: number;
      readonly batchSize: number;
      readonly parameters: number;
      readonly warnings: readonly Warning[];
    }
  | ({ readonly kind: 'steps' } & StepMetrics)
  | { readonly kind: 'epoch'; readonly metrics: EpochMetrics }
  | { readonly kind: 'stalled'; readonly silentMs: number }
);

/** What is measured and saved; the other messages are about the process and are the supervisor's. */
export type Recorded = Extract<
  FromTrainer,
  { kind: 'started' | 'steps' | 'epoch' | 'checkpoint' | 'finished' }
>;

export type Recorder = (message: Recorded) => void;

/** @param tell called after the store has what it is about. */
export function createRecorder(
  workspace: Workspace,
  run: RunId,
  tell: (event: RunEvent) => void,
): Recorder {
  const { metrics, predictions } = workspace;
  const folder = join(workspace.checkpointFolder, run);
  /** Files of the last checkpoint and of the one before it, which stays in case the last is damaged. */
  let current: readonly string[] = [];
  let previous: readonly string[] = [];

  function put(kind: CheckpointKind, checkpoint: CheckpointFile | null): void {
    if (!checkpoint) return workspace.checkpoints.remove(run, kind);
    const file = `${run}/${checkpoint.file}`;
    workspace.checkpoints.put(run, { ...checkpoint, kind, file });
  }

  /** What was measured after the checkpoint it starts from will be measured again. */
  function started({ last, best, ...facts }: Extract<Recorded, { kind: 'started' }>): void {
    workspace.transaction(() => {
      metrics.deleteAfter(run, facts.step);
      put('last', last);
      put('best', best);
    });
    current = fileNames(last, best);
    tell({ run, ...facts });
  }

  function saved(last: CheckpointFile, best: CheckpointFile | null): void {
    workspace.transaction(() => {
      put('last', last);
      put('best', best);
    });
    previous = current;
    current = fileNames(last, best);
    pruneCheckpoints(folder, last.file, new Set([...previous, ...current]));
  }

  return (message) => {
    switch (message.kind) {
      case 'started':
        return started(message);
      case 'steps': {
        const { firstStep, series } = message;
        metrics.addSteps(run, { firstStep, series });
        return tell({ run, ...message });
      }
      case 'epoch': {
        const { epoch, step } = message.metrics;
        metrics.addEpoch(run, { epoch, step, values: message.metrics });
        return tell({ run, ...message });
      }
      case 'checkpoint':
        return saved(message.last, message.best);
      case 'finished':
        if (message.testProbabilities) predictions.put(run, 'test', message.testProbabilities);
        return;
      default:
        return message satisfies never;
    }
  };
}

function fileNames(last: CheckpointFile | null, best: CheckpointFile | null): string[] {
  return [last, best].flatMap((checkpoint) => (checkpoint ? [checkpoint.file] : []));
}
