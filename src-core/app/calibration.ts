/**
 * @file How fast a network trains on this computer, found out by training it: a trainer process as a run has one, on
 * a few of the dataset's images, for about a second. Nothing of it is stored.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCache } from '../data/cache.ts';
import { decodeToTensor } from '../data/decode/decode.ts';
import { failure, InklingError } from '../errors.ts';
import type { ImageShape, ModelSpec, TrainOptions } from '../model/spec.ts';
import { FromTrainer, type StartMessage } from '../training/messages.ts';
import { unexpectedEnd, type TrainerProcess } from '../training/trainerProcess.ts';
import {
  buildingPrefix,
  type DatasetId,
  type Range,
  type SnapshotHash,
} from '../workspace/records.ts';
import type { RunError } from '../workspace/runs.ts';
import { hashBytes, rangesOf, type Snapshot } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** How long training takes, apart from how long it goes on. */
export type Speed = {
  /** Of training on one image. */
  readonly imageSeconds: number;
  /** Between the last step of an epoch and the first of the next: validation, a look at the layers, a checkpoint. */
  readonly epochSeconds: number;
  /** Images of an epoch that took so long: a larger one has more to validate. */
  readonly epochImages: number;
};

export type CalibrationPorts = {
  readonly workspace: Workspace;
  readonly startTrainer: () => TrainerProcess;
  readonly clock: () => number;
};

export type CalibrationRequest = {
  readonly dataset: DatasetId;
  readonly input: ImageShape;
  /** All of them for the same data; at least one. */
  readonly specs: readonly ModelSpec[];
  readonly options: TrainOptions;
  readonly engine: string;
  readonly device: string;
  /** Images of a step, and how many training and validation images a run would have. */
  readonly batchSize: number;
  readonly train: number;
  readonly validation: number;
};

/** Enough for an epoch of several steps, and decoded in a moment. */
const imagesUsual = 2048;
const stepsMin = 8;
/** Divided among the networks to be measured; each gets a fair look all the same. */
const looksMs = 1600;
const lookMsMin = 500;
/** A step that takes longer is nothing to wait for before training. */
const patienceMs = 30_000;
/** Any name will do: it lies in a folder of its own, where no snapshot ever is. */
const sampleHash = '0'.repeat(64) as SnapshotHash;

/**
 * The speed of each network, in order.
 *
 * @throws InklingError `measurement-slow`, `measurement-canceled`, and why a trainer could not train
 */
export async function calibrate(
  ports: CalibrationPorts,
  request: CalibrationRequest,
  signal: AbortSignal,
): Promise<Speed[]> {
  const { cacheFolder, blobs } = ports.workspace;
  const folder = await mkdtemp(join(cacheFolder, buildingPrefix));
  try {
    const sample = sampleOf(ports.workspace, request);
    await ensureCache({ cacheFolder: folder, blobs }, sample, { decode: decodeToTensor });
    const lookMs = Math.max(lookMsMin, looksMs / request.specs.length);
    const speeds: Speed[] = [];
    for (const spec of request.specs) {
      if (signal.aborted) throw failure('measurement-canceled', undefined);
      const found = await measure(ports, startMessage(request, spec, folder), lookMs, signal);
      speeds.push(speedOf(found, rangeLength(sample.ranges.validation)));
    }
    return speeds;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function startMessage(
  { options, engine, device }: CalibrationRequest,
  spec: ModelSpec,
  cacheFolder: string,
): StartMessage {
  return {
    kind: 'start',
    cacheFolder,
    checkpointFolder: join(cacheFolder, 'checkpoints'),
    snapshot: sampleHash,
    engine,
    device,
    spec,
    options: { ...options, ...endless },
    resumeFrom: null,
    startHash: null,
    isExtended: false,
    checkpointIntervalMs: patienceMs,
    epochBytesMax: 0,
  };
}

/** What a run would end by, taken away, and steps so small that no loss leaves the finite numbers. */
const endless = {
  epochs: 100_000,
  learningRate: 1e-6,
  schedule: { kind: 'constant' },
  warmUpEpochs: 0,
  earlyStopping: null,
} as const;

/** Some training images as they are now, with as many among them for validation as a run would have. */
function sampleOf(workspace: Workspace, request: CalibrationRequest): Snapshot {
  const { dataset, batchSize, train, validation, input: shape } = request;
  const wanted = Math.min(train, Math.max(imagesUsual, batchSize * stepsMin));
  const found = workspace.snapshots.forTraining(dataset, wanted);
  const held = Math.min(found.length, Math.ceil((found.length * validation) / train));
  const all = [...found, ...found.slice(0, held)];
  const hashes = new Uint8Array(all.length * hashBytes);
  all.forEach(([hash], i) => hashes.set(hash, i * hashBytes));
  return {
    hash: sampleHash,
    classes: workspace.datasets.classes(dataset).map(({ name }) => name),
    shape,
    resize: 'none',
    ranges: rangesOf([found.length, held, 0]),
    hashes,
    labels: Int32Array.from(all, ([, label]) => label),
  };
}

type Measurement = {
  /** Milliseconds of each step but the first: that one is slower than all others. */
  readonly stepMs: number[];
  /** Seconds at the end of each epoch. */
  readonly epochSeconds: number[];
  batchSize: number;
  stepsPerEpoch: number;
  /** On the clock, when the first steps were told. */
  begunMs: number | null;
};

/** Resolves when the trainer is gone: only then may its folder go too. */
function measure(
  { startTrainer, clock }: CalibrationPorts,
  start: StartMessage,
  lookMs: number,
  signal: AbortSignal,
): Promise<Measurement> {
  const times = { stepMs: [], epochSeconds: [], begunMs: null };
  const found: Measurement = { ...times, batchSize: 1, stepsPerEpoch: 1 };
  const { promise, resolve, reject } = Promise.withResolvers<Measurement>();
  const trainer = startTrainer();
  let verdict: (() => void) | null = null;
  const end = (tell: () => void): void => {
    verdict ??= tell;
    trainer.kill();
  };
  const refuse = (error: unknown): void => end(() => reject(error));
  const cancel = (): void => refuse(failure('measurement-canceled', undefined));
  const seconds = patienceMs / 1000;
  const impatience = setTimeout(() => refuse(failure('measurement-slow', { seconds })), patienceMs);
  signal.addEventListener('abort', cancel);
  trainer.onMessage((raw) => {
    if (verdict) return;
    try {
      take(found, FromTrainer.parse(raw), clock);
      const isEnough = found.begunMs !== null && clock() - found.begunMs >= lookMs;
      if (isEnough && found.stepMs.length > 0) end(() => resolve(found));
    } catch (error) {
      refuse(error);
    }
  });
  trainer.onExit((exit) => {
    clearTimeout(impatience);
    signal.removeEventListener('abort', cancel);
    if (verdict) verdict();
    else reject(asError(unexpectedEnd(exit).error));
  });
  trainer.send(start);
  return promise;
}

/** @throws InklingError why the trainer could not go on */
function take(found: Measurement, message: FromTrainer, clock: () => number): void {
  if (message.kind === 'failed') throw asError(message.error);
  if (message.kind === 'started') {
    found.batchSize = message.batchSize;
    found.stepsPerEpoch = message.stepsPerEpoch;
  } else if (message.kind === 'steps') {
    const rates = message.series['samplesPerSecond'] ?? new Float32Array();
    const first = message.firstStep === 1 ? 1 : 0;
    for (const rate of rates.subarray(first)) found.stepMs.push((found.batchSize / rate) * 1000);
    found.begunMs ??= clock();
  } else if (message.kind === 'epoch') {
    const { seconds, stepSeconds } = message.metrics.timing;
    found.epochSeconds.push(seconds - stepSeconds);
  }
}

/** A prediction takes about a third of a step: forward alone, without gradients on the way back. */
const predictionShare = 1 / 3;

/** @param validation images at the end of each of its epochs. */
function speedOf(found: Measurement, validation: number): Speed {
  const { stepMs, epochSeconds, batchSize, stepsPerEpoch } = found;
  const imageSeconds = mean(stepMs) / 1000 / batchSize;
  const guess = validation * imageSeconds * predictionShare;
  return {
    imageSeconds,
    epochSeconds: epochSeconds.length > 0 ? mean(epochSeconds) : guess,
    epochImages: stepsPerEpoch * batchSize,
  };
}

const rangeLength = ({ start, end }: Range): number => end - start;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The codes are those of the catalogue, sent as text. */
function asError(error: RunError | null): InklingError {
  if (!error) return failure('trainer-failed', { problem: 'it ended without a reason' });
  return new InklingError(error.code as InklingError['code'], error.message, error.hint);
}
