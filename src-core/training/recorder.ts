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
import { keptFile } from './kept.ts';
import type { FromTrainer } from './messages.ts';
import { EpochMetrics, RunResult, type StepMetrics, type Warning } from './metrics.ts';
import { afterEpoch, noProgress, RunProgress, type RunFacts } from './progress.ts';

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
      /** What was measured after `step` before is void. */
      readonly isRewound: boolean;
    }
  | ({ readonly kind: 'steps' } & StepMetrics)
  | { readonly kind: 'epoch'; readonly metrics: EpochMetrics }
  | { readonly kind: 'stalled'; readonly silentMs: number }
  /** It stalled, and says something again. */
  | { readonly kind: 'heard' }
  /** The queue was reordered. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'removed' }
);

/** Flushes that become one row: what is read of a long run are hundreds of rows, not tens of thousands. */
const joinedFlushes = 64;

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
  const { metrics, predictions, runs, transaction } = workspace;
  const checkpoints = checkpointRecorder(workspace, run);
  const addSteps = stepRecorder(workspace, run);
  let progress: RunProgress | null = null;

  /** What was measured after the checkpoint it starts from will be measured again. */
  function started({ last, best, ...facts }: Extract<Recorded, { kind: 'started' }>): void {
    const isRewound = metrics.lastStep(run) > facts.step;
    transaction(() => {
      metrics.deleteAfter(run, facts.step);
      checkpoints.begin(last, best);
      runs.setProgress(run, (progress = progressUpTo(workspace, run, facts)));
    });
    tell({ run, ...facts, isRewound });
  }

  function epochEnded(values: EpochMetrics): void {
    transaction(() => {
      metrics.addEpoch(run, { epoch: values.epoch, step: values.step, values });
      if (progress) runs.setProgress(run, (progress = afterEpoch(progress, values)));
    });
  }

  return (message) => {
    switch (message.kind) {
      case 'started':
        return started(message);
      case 'steps':
        addSteps(message);
        return tell({ run, ...message });
      case 'epoch':
        epochEnded(message.metrics);
        return tell({ run, ...message });
      case 'checkpoint':
        return checkpoints.saved(message.last, message.best);
      case 'finished':
        checkpoints.finished();
        if (message.testProbabilities) predictions.put(run, 'test', message.testProbabilities);
        return;
      default:
        return message satisfies never;
    }
  };
}

function stepRecorder({ metrics }: Workspace, run: RunId): (flush: StepMetrics) => void {
  /** Rows of single flushes, and the first step of the first of them. */
  let flushes = 0;
  let firstOfRows = 0;
  return ({ firstStep, series }) => {
    metrics.addSteps(run, { firstStep, series });
    if (flushes++ === 0) firstOfRows = firstStep;
    if (flushes < joinedFlushes) return;
    metrics.join(run, firstOfRows);
    flushes = 0;
  };
}

/** The rows of checkpoints, and the files that are no longer needed. */
function checkpointRecorder(workspace: Workspace, run: RunId) {
  const folder = join(workspace.checkpointFolder, run);
  /** Files of the last checkpoint and of the one before it, which stays in case the last is damaged. */
  let current: readonly string[] = [];
  let previous: readonly string[] = [];
  let lastFile: string | null = null;

  function put(kind: CheckpointKind, checkpoint: CheckpointFile | null): void {
    if (!checkpoint) return workspace.checkpoints.remove(run, kind);
    const file = `${run}/${checkpoint.file}`;
    workspace.checkpoints.put(run, { ...checkpoint, kind, file });
  }

  function putBoth(last: CheckpointFile | null, best: CheckpointFile | null): void {
    put('last', last);
    put('best', best);
  }

  function prune(alsoKept: readonly string[]): void {
    if (lastFile !== null)
      pruneCheckpoints(folder, lastFile, new Set([...previous, ...current, ...alsoKept]));
  }

  return {
    /** Those a run starts from, inside a transaction. */
    begin(last: CheckpointFile | null, best: CheckpointFile | null): void {
      putBoth(last, best);
      current = fileNames(last, best);
    },

    saved(last: CheckpointFile, best: CheckpointFile | null): void {
      workspace.transaction(() => putBoth(last, best));
      previous = current;
      current = fileNames(last, best);
      lastFile = last.file;
      prune(resultFile(workspace, run));
    },

    /** What an earlier result kept has done its duty: a new one follows. */
    finished: (): void => prune([]),
  };
}

/** Of what is stored, as it was at the step from which the run goes on. */
function progressUpTo(
  workspace: Workspace,
  run: RunId,
  facts: RunFacts & { readonly step: number },
): RunProgress {
  const stored = RunProgress.nullable().parse(workspace.runs.get(run).progress);
  if (stored && stored.step <= facts.step) return stored;
  const epochs = workspace.metrics.epochs(run).map(({ values }) => EpochMetrics.parse(values));
  return epochs.reduce(afterEpoch, noProgress(facts));
}

/** The checkpoint that an earlier result is about, while the run is given more epochs. */
function resultFile(workspace: Workspace, run: RunId): string[] {
  const { result } = workspace.runs.get(run);
  return result === null ? [] : [keptFile(RunResult.parse(result))];
}

function fileNames(last: CheckpointFile | null, best: CheckpointFile | null): string[] {
  return [last, best].flatMap((checkpoint) => (checkpoint ? [checkpoint.file] : []));
}
