/**
 * @file The protocol between the main process and the trainer process, parsed on both sides. Main speaks
 * first, with `start`; the trainer ends itself after `stopped`, `finished` or `failed`. While it lives it
 * says something at least every two seconds, unless a single step of the engine takes longer.
 */
import { z } from 'zod';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { CheckpointFile } from './checkpoints.ts';
import { EpochMetrics, RunResult, stepSeries, Warning } from './metrics.ts';

/** Twice within the two seconds promised. */
export const heartbeatIntervalMs = 1000;

const Start = z.strictObject({
  kind: z.literal('start'),
  /** Folders of the tensor cache and of this run's checkpoints. */
  cacheFolder: z.string(),
  checkpointFolder: z.string(),
  snapshot: z.string().regex(/^[0-9a-f]{64}$/),
  engine: z.string(),
  device: z.string(),
  spec: ModelSpec,
  options: TrainOptions,
  /** A file in `checkpointFolder`; null: from the beginning. */
  resumeFrom: CheckpointFile.shape.file.nullable(),
  /** Hash of the parameters in `checkpointFolder` that it was given to start from; null: initial values. */
  startHash: z.string().nullable(),
  /** The user has given the run more epochs since that file was written. */
  isExtended: z.boolean(),
  checkpointIntervalMs: z.number().min(0),
  /** The most that parameters kept of single epochs may take together; 0: none are kept. */
  epochBytesMax: z.number().min(0),
});

export const ToTrainer = z.discriminatedUnion('kind', [
  Start,
  z.strictObject({ kind: z.literal('pause') }),
  z.strictObject({ kind: z.literal('resume') }),
  z.strictObject({ kind: z.literal('stop') }),
]);
export type ToTrainer = z.infer<typeof ToTrainer>;
export type StartMessage = z.infer<typeof Start>;

const Series = z.custom<Float32Array>((value) => value instanceof Float32Array, 'no float32 array');

export const FromTrainer = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('started'),
    /** Steps already done, as the checkpoint has them; what was measured after it is void. */
    step: z.int().min(0),
    stepsPerEpoch: z.int().min(1),
    batchSize: z.int().min(1),
    totalSteps: z.int().min(1),
    parameters: z.int(),
    /** The checkpoints it continues from; null: from the beginning, or no best one yet. */
    last: CheckpointFile.nullable(),
    best: CheckpointFile.nullable(),
    warnings: z.array(Warning),
  }),
  z.strictObject({
    kind: z.literal('steps'),
    firstStep: z.int().min(1),
    series: z.record(z.enum(stepSeries), Series),
  }),
  z.strictObject({ kind: z.literal('epoch'), metrics: EpochMetrics }),
  z.strictObject({
    kind: z.literal('checkpoint'),
    last: CheckpointFile,
    best: CheckpointFile.nullable(),
  }),
  z.strictObject({ kind: z.literal('paused'), step: z.int() }),
  z.strictObject({ kind: z.literal('resumed'), step: z.int() }),
  z.strictObject({ kind: z.literal('stopped'), step: z.int() }),
  z.strictObject({
    kind: z.literal('finished'),
    result: RunResult,
    /** [N, classes] of the test split; null: it has no images, or too many to send. */
    testProbabilities: Series.nullable(),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string() }),
    /** Where it happened, for a defect; null for a failure of the catalogue. */
    stack: z.string().nullable(),
  }),
  z.strictObject({ kind: z.literal('heartbeat') }),
]);
export type FromTrainer = z.infer<typeof FromTrainer>;
