/** @file What pages are told of a run: its line in the table, its epochs, and its capsule. */
import type { Capsule, EpochRow, RunInfo } from '../contract/training.ts';
import { failure } from '../errors.ts';
import { optimizers } from '../model/choices.ts';
import { resolveNetwork } from '../model/layers.ts';
import { networkActivation, networkActivationTitle, networkTitle } from '../model/networkWords.ts';
import { RunResult, type EpochMetrics } from '../training/metrics.ts';
import { warningsFor } from '../training/warnings.ts';
import type { Range } from '../workspace/records.ts';
import type { Run, RunError } from '../workspace/runs.ts';
import type { Snapshot } from '../workspace/snapshots.ts';
import { measured, measuredOrNull, measuredScore } from './measured.ts';
import { epochEnds, type StoredRun } from './storedRun.ts';

/** What is known of a run that is on, ahead of the store. */
export type Now = {
  readonly step: number;
  readonly seconds: number;
  readonly samplesPerSecond: number | null;
  readonly isStalled: boolean;
};

export type Around = {
  /** From 1; null: not queued. */
  readonly place: number | null;
  readonly dataset: RunInfo['dataset'];
  readonly now: Now | null;
};

export function runInfo(stored: StoredRun, { place, dataset, now }: Around): RunInfo {
  const { run, progress, result } = stored;
  const { spec, options, state, engine, device, snapshot, preset, comparison, createdAt } = run;
  const activation = networkActivation(spec);
  const activationTitle = networkActivationTitle(activation);
  const { step, seconds, samplesPerSecond, isStalled } = now ?? atRest(stored);
  const best = progress?.best ?? null;
  return {
    run: run.id,
    name: run.name ?? `${activationTitle} · seed ${options.seed}`,
    createdAt,
    status: state.status,
    place,
    isStalled,
    problem: problemOf(run),
    dataset,
    snapshot,
    preset,
    network: networkTitle(preset, spec),
    activation,
    activationTitle,
    seed: options.seed,
    comparison,
    parameters: stored.parameters,
    batchSize: progress?.batchSize ?? options.batchSize,
    optimizer: optimizers[options.optimizer.kind].title,
    learningRate: options.learningRate,
    engine,
    device,
    threads: options.threads,
    epoch: progress?.epoch ?? 0,
    epochs: options.epochs,
    step,
    stepsPerEpoch: progress?.stepsPerEpoch ?? null,
    lastTrain: progress?.train ? measuredScore(progress.train) : null,
    lastValidation: progress?.validation ? measuredScore(progress.validation) : null,
    bestValidationAccuracy: best && measured(best.accuracy),
    bestEpoch: best && best.epoch,
    test: result?.test ? measuredScore(result.test) : null,
    seconds,
    samplesPerSecond: measuredOrNull(samplesPerSecond),
    secondsLeft: now && secondsLeft(stored, now),
    parametersHash: result?.parametersHash ?? null,
    repeats: repeatsOf(run, result),
    follows: run.follows === null ? null : { run: run.follows, isContinued: run.start !== null },
    cameFrom: run.cameFrom?.run ?? null,
  };
}

function atRest({ run, progress, result, step, seconds }: StoredRun): Now {
  const isOver = run.state.status === 'finished' && result !== null;
  const samplesPerSecond = isOver ? result.samplesPerSecond : (progress?.samplesPerSecond ?? null);
  return { step, seconds, samplesPerSecond, isStalled: false };
}

/** At the mean pace so far, validation and checkpoints included; null before the first step. */
function secondsLeft({ run, progress }: StoredRun, { step, seconds }: Now): number | null {
  if (!progress || step === 0) return null;
  const left = run.options.epochs * progress.stepsPerEpoch - step;
  const estimate = Math.max(0, left) * (seconds / step);
  return Number.isFinite(estimate) ? estimate : null;
}

function problemOf({ state }: Run): RunError | null {
  if (state.status === 'failed') return state.error;
  if (state.status !== 'interrupted') return null;
  if (state.error) return state.error;
  const { code, message, hint } = failure('run-interrupted', undefined);
  return { code, message, hint };
}

function repeatsOf({ repeats }: Run, result: RunResult | null): RunInfo['repeats'] {
  if (!repeats) return null;
  const isKnown = result !== null && repeats.parametersHash !== null;
  const identical = isKnown ? result.parametersHash === repeats.parametersHash : null;
  return { run: repeats.run, identical };
}

export function epochRows(epochs: readonly EpochMetrics[]): EpochRow[] {
  const ends = epochEnds(epochs);
  return epochs.map((epoch, i) => epochRow(epoch, ends[i]!.seconds));
}

/** @param seconds from the start of the run to the end of the epoch. */
export function epochRow(epoch: EpochMetrics, seconds: number): EpochRow {
  return {
    epoch: epoch.epoch,
    step: epoch.step,
    seconds: measured(seconds),
    learningRate: measured(epoch.learningRate),
    train: measuredScore(epoch.train),
    validation: epoch.validation && measuredScore(epoch.validation),
    samplesPerSecond: measured(epoch.samplesPerSecond),
    layers: epoch.layers.map(({ layer, activation, slopes, ...values }) => ({
      layer,
      activation,
      gradientNorm: measured(values.gradientNorm),
      deadShare: measured(values.deadShare),
      saturatedShare: measured(values.saturatedShare),
      activationMean: measured(values.activationMean),
      activationSd: measured(values.activationSd),
      slopes: slopes && {
        mean: measured(slopes.mean),
        min: measured(slopes.min),
        max: measured(slopes.max),
      },
    })),
  };
}

export function capsuleOf(run: Run, snapshot: Snapshot, dataset: string | null): Capsule {
  const { spec, options, engine, device, limit, versions } = run;
  const { createdAt, startedAt, endedAt } = run;
  const result = run.result === null ? null : RunResult.parse(run.result);
  const images = imageCounts(snapshot);
  const found =
    result?.warnings ?? warningsFor(resolveNetwork(spec), options, images.validation > 0);
  return {
    run: run.id,
    snapshot: { hash: snapshot.hash, dataset, classes: [...snapshot.classes], images, limit },
    spec,
    options,
    engine,
    device,
    versions: { ...versions },
    start: run.start && { run: run.follows, ...run.start },
    createdAt,
    startedAt,
    endedAt,
    parametersHash: result?.parametersHash ?? null,
    kept: result && {
      epoch: result.keptEpoch,
      isBest: result.kept === 'best',
      isAveraged: result.averaged,
    },
    warnings: [...found],
  };
}

export function imageCounts({ ranges }: Pick<Snapshot, 'ranges'>) {
  const count = ({ start, end }: Range): number => end - start;
  return {
    train: count(ranges.train),
    validation: count(ranges.validation),
    test: count(ranges.test),
  };
}
