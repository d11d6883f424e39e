/**
 * @file A run in progress: everything between the request and the first step, and the one mutable place,
 * `progress`, that a checkpoint stores and a resumed run starts from.
 */
import { createHash } from 'node:crypto';
import type { Engine, Trainer, TrainState } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { resolveNetwork, type Network } from '../model/layers.ts';
import type { ModelSpec, TrainOptions } from '../model/spec.ts';
import type { Range } from '../workspace/records.ts';
import { batchSizeFor, checkBatch, createBatches, type Batches } from './batches.ts';
import { readResumable, type Progress, type Resumable } from './checkpoints.ts';
import type { Control } from './control.ts';
import { readStart } from './epochFiles.ts';
import type { SampleSource } from './evaluate.ts';
import type { FromTrainer } from './messages.ts';
import { createStepBuffer, type Timing, type Warning } from './metrics.ts';
import { warningsFor } from './warnings.ts';

export type TrainRequest = {
  readonly spec: ModelSpec;
  readonly options: TrainOptions;
  readonly snapshot: string;
  readonly device: string;
  /** A file in the folder of checkpoints; null: from the beginning. */
  readonly resumeFrom: string | null;
  /** Hash of the parameters in that folder to start from; null: initial values of the seed. */
  readonly startHash: string | null;
  /** Given more epochs since that file was written; the number alone may have come back to what it was. */
  readonly isExtended: boolean;
};

export type TrainPorts = {
  readonly engine: Engine;
  readonly source: SampleSource;
  /** Of this run alone. */
  readonly checkpointFolder: string;
  /** A checkpoint is written at least this often, measured between steps. */
  readonly checkpointIntervalMs: number;
  /** For the parameters kept of single epochs; 0: none are kept. */
  readonly epochBytesMax: number;
  /** The most memory a step may need. */
  readonly stepBytesMax: number;
  readonly control: Control;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Resolves once waiting messages have been taken in. */
  readonly breathe: () => Promise<void>;
  /** Resolves once the message has left this process, so that a crash cannot take it along. */
  readonly report: (message: FromTrainer) => Promise<void>;
};

export type Session = {
  readonly request: TrainRequest;
  readonly ports: TrainPorts;
  readonly network: Network;
  readonly trainer: Trainer;
  readonly batches: Batches;
  readonly totalSteps: number;
  readonly settings: string;
  readonly resumed: Resumable | null;
  readonly warnings: readonly Warning[];
  readonly probe: Probe;
  readonly buffer: ReturnType<typeof createStepBuffer>;
  readonly progress: { -readonly [K in keyof Progress]: Progress[K] };
  /** Times of this process, in the clock's milliseconds. */
  readonly at: { counted: number; step: number; flush: number; checkpoint: number };
  /** The last step that a checkpoint holds. */
  savedStep: number;
};

/** One batch on which the layers are looked at after every epoch. */
export type Probe = {
  readonly part: 'validation' | 'train';
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
};

/**
 * Builds the training step and loads the training split.
 *
 * @throws InklingError `spec-invalid`, `layer-shape`, `batch-too-large`, `checkpoint-damaged`,
 *   `checkpoint-mismatch`, `device-unavailable`, `cache-missing`
 */
export async function openSession(request: TrainRequest, ports: TrainPorts): Promise<Session> {
  const { spec, options, device } = request;
  const { engine, source } = ports;
  requireFit(spec, source);
  const network = resolveNetwork(spec);
  const trainCount = count(source.ranges.train);
  const batchSize = batchSizeFor(options, trainCount);
  checkBatch(network, batchSize, ports.stepBytesMax);
  const settings = settingsHash(request, engine.name);
  const resumed = await resume(request, ports, settings);
  const start = resumed?.checkpoint.state ?? (await given(request, ports));
  const trainer = await engine.trainer({ spec, options, batchSize, start, device });
  const batches = createBatches(trainSamples(source), {
    ...options,
    batchSize,
    noiseBytes: trainer.noiseBytes,
  });
  const { stepsPerEpoch } = batches;
  const progress = resumed
    ? continued(resumed.checkpoint.progress, request)
    : freshProgress(stepsPerEpoch, options.epochs);
  const now = ports.clock();
  return {
    request,
    ports,
    network,
    trainer,
    batches,
    settings,
    resumed,
    progress,
    totalSteps: options.epochs * stepsPerEpoch,
    warnings: warnings(network, request, ports, resumed),
    probe: probeOf(source, batchSize),
    buffer: createStepBuffer(),
    at: { counted: now, step: now, flush: now, checkpoint: now },
    savedStep: resumed && !hasResumedPatience(resumed, progress) ? progress.step : -1,
  };
}

export function count({ start, end }: Range): number {
  return end - start;
}

/** Adds the time since the last call to the run's. A pause is left out by calling `skipTime` after it. */
export function countTime({ progress, ports, at }: Session): Timing {
  const now = ports.clock();
  progress.seconds += (now - at.counted) / 1000;
  at.counted = now;
  const { seconds, stepSeconds, engineSeconds } = progress;
  return { seconds, stepSeconds, engineSeconds };
}

export function skipTime({ ports, at }: Session): void {
  at.counted = at.step = ports.clock();
}

/**
 * Of all that must stay the same for a continued run to be the same run. The number of epochs may grow; with it
 * a schedule that spreads over the run is spread anew.
 */
function settingsHash(request: TrainRequest, engine: string): string {
  const { spec, options, snapshot, device, startHash } = request;
  const { epochs: _, ...fixed } = options;
  const start = startHash === null ? {} : { startHash };
  const text = JSON.stringify({ spec, options: fixed, snapshot, device, engine, ...start });
  return createHash('sha256').update(text).digest('hex');
}

async function resume(
  { resumeFrom }: TrainRequest,
  { checkpointFolder }: TrainPorts,
  settings: string,
): Promise<Resumable | null> {
  if (resumeFrom === null) return null;
  const resumed = await readResumable(checkpointFolder, resumeFrom);
  if (resumed.checkpoint.settings !== settings)
    throw failure('checkpoint-mismatch', { file: resumed.last.file });
  return resumed;
}

/** What the run was given to start from: parameters alone, so that the optimizer begins anew. */
async function given(
  { startHash }: TrainRequest,
  { checkpointFolder }: TrainPorts,
): Promise<TrainState | null> {
  if (startHash === null) return null;
  return { params: await readStart(checkpointFolder, startHash), optimizer: {}, average: null };
}

/**
 * A run that had stopped early and is given more epochs has its patience back. One that was killed after its
 * last epoch is not: it has stopped, and only its result is missing.
 */
function continued(progress: Progress, { options, isExtended }: TrainRequest): Progress {
  const { epochs } = options;
  const goesOn = progress.stoppedEarly && (isExtended || progress.epochs !== epochs);
  if (!goesOn) return { ...progress, epochs };
  return { ...progress, epochs, epochsSinceBest: 0, stoppedEarly: false };
}

/** Then the checkpoint still says that the run has stopped. */
function hasResumedPatience({ checkpoint }: Resumable, { stoppedEarly }: Progress): boolean {
  return checkpoint.progress.stoppedEarly && !stoppedEarly;
}

function freshProgress(stepsPerEpoch: number, epochs: number): Progress {
  const time = { seconds: 0, stepSeconds: 0, engineSeconds: 0 };
  return {
    step: 0,
    stepsPerEpoch,
    epochs,
    lossSum: 0,
    correctSum: 0,
    ...time,
    epochStart: time,
    lastEpoch: null,
    best: null,
    epochsSinceBest: 0,
    stoppedEarly: false,
  };
}

function requireFit({ input, classes }: ModelSpec, source: SampleSource): void {
  const { channels, height, width } = source.shape;
  const isSame = input.channels === channels && input.height === height && input.width === width;
  const wanted = `${input.channels}×${input.height}×${input.width}`;
  if (!isSame)
    throw failure('spec-invalid', {
      problem: `the network reads images of ${wanted}, and the data are ${channels}×${height}×${width}`,
    });
  if (classes !== source.classes.length)
    throw failure('spec-invalid', {
      problem: `the network has ${classes} classes, and the data ${source.classes.length}`,
    });
}

function trainSamples({ shape, labels, ranges, readPixels }: SampleSource) {
  const { start, end } = ranges.train;
  return { shape, pixels: readPixels(ranges.train), labels: labels.slice(start, end) };
}

function probeOf({ ranges, labels, readPixels }: SampleSource, batchSize: number): Probe {
  const part = count(ranges.validation) >= batchSize ? 'validation' : 'train';
  const { start } = ranges[part];
  const range = { start, end: start + batchSize };
  return { part, pixels: readPixels(range), labels: labels.slice(range.start, range.end) };
}

function warnings(
  network: Network,
  { options, resumeFrom }: TrainRequest,
  { source }: TrainPorts,
  resumed: Resumable | null,
): Warning[] {
  const found = warningsFor(network, options, count(source.ranges.validation) > 0);
  if (resumed && resumed.last.file !== resumeFrom)
    found.push({
      code: 'older-checkpoint',
      message: `The checkpoint ${resumeFrom} is damaged; the run continues from ${resumed.last.file}.`,
    });
  return found;
}
