/** @file A run as the store has it, read once until something of it changes: what the list of runs is made of. */
import { batchSizeFor } from '../training/batches.ts';
import { EpochMetrics, RunResult } from '../training/metrics.ts';
import { afterEpoch, noProgress, RunProgress } from '../training/progress.ts';
import { resolveNetwork } from '../model/layers.ts';
import type { RunId } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { createStepClock, type EpochEnd, type StepClock } from './stepClock.ts';

export type StoredRun = {
  readonly run: Run;
  /** Null: no epoch has ended, or it has never been on. */
  readonly progress: RunProgress | null;
  readonly result: RunResult | null;
  readonly parameters: number;
  /** The last step measured; 0: none. */
  readonly step: number;
  /** Spent training until then, pauses excluded. */
  readonly seconds: number;
};

/** @throws InklingError `run-unknown` */
export function storedRun(workspace: Workspace, id: RunId): StoredRun {
  const run = workspace.runs.get(id);
  const result = run.result === null ? null : RunResult.parse(run.result);
  const progress = progressOf(workspace, run);
  const step = workspace.metrics.lastStep(id);
  const parameters = progress?.parameters ?? resolveNetwork(run.spec).parameterCount;
  const isOver = run.state.status === 'finished' && result !== null;
  const seconds = isOver ? result.seconds : clockOf(workspace, id, progress).now();
  return { run, progress, result, parameters, step, seconds };
}

/** A clock that stands at the last step measured. */
export function clockOf(workspace: Workspace, run: RunId, progress: RunProgress | null): StepClock {
  const clock = createStepClock(progress?.batchSize ?? 1, progress?.seconds ?? 0);
  if (progress)
    for (const { firstStep, series } of workspace.metrics.steps(run, progress.step))
      series['samplesPerSecond']
        ?.subarray(Math.max(0, progress.step + 1 - firstStep))
        .forEach((rate) => clock.after(rate));
  return clock;
}

export function epochEnds(epochs: readonly EpochMetrics[]): EpochEnd[] {
  let seconds = 0;
  return epochs.map(({ step, timing }) => ({ step, seconds: (seconds += timing.seconds) }));
}

export function epochsOf(workspace: Pick<Workspace, 'metrics'>, run: RunId): EpochMetrics[] {
  return workspace.metrics.epochs(run).map(({ values }) => EpochMetrics.parse(values));
}

/** As stored; runs of an earlier version of the program have only their metrics. */
function progressOf(workspace: Workspace, run: Run): RunProgress | null {
  if (run.progress !== null) return RunProgress.parse(run.progress);
  const epochs = epochsOf(workspace, run.id);
  const [first] = epochs;
  if (!first) return null;
  const { train } = workspace.snapshots.get(run.snapshot).ranges;
  const facts = {
    parameters: resolveNetwork(run.spec).parameterCount,
    batchSize: batchSizeFor(run.options, train.end - train.start),
    stepsPerEpoch: first.step / first.epoch,
  };
  return epochs.reduce(afterEpoch, noProgress(facts));
}
