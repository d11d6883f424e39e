/**
 * @file What is in a capsule, a ZIP archive. `capsule.json` says what the run was; hashes and labels are its snapshot;
 * parameters, steps and predictions are tensors; images, where there are any, are blobs under their hashes. Everything
 * is what the workspace holds, so that a run trained from it is the same run.
 */
import { z } from 'zod';
import { ImageShape, ModelSpec, TrainOptions } from '../../model/spec.ts';
import { EpochMetrics, RunResult } from '../../training/metrics.ts';
import { RunProgress } from '../../training/progress.ts';
import { CameFrom } from '../../workspace/runs.ts';

export const capsuleFormat = 'inkling-capsule-1';

/** Names of entries that are always there, and of those that may be. */
export const entries = {
  header: 'capsule.json',
  hashes: 'snapshot.hashes',
  labels: 'snapshot.labels',
  parameters: 'parameters.safetensors',
  steps: 'steps.safetensors',
  predictions: 'predictions.safetensors',
  images: 'images.json',
} as const;

/** Of an image's blob; then follow 64 hexadecimal digits. */
export const imagePrefix = 'images/';

/** As many images as an import takes. */
const samplesMax = 2_000_000;
/** A run of the most epochs there can be, with its layers' health, has about this much to say. */
export const headerBytesMax = 512 * 2 ** 20;
/** A picture that can be imported at all is smaller. */
export const imageBytesMax = 64 * 2 ** 20;

const Name = z.string().max(1000);
const Count = z.int().min(0).max(samplesMax);

export const CapsuleHeader = z.strictObject({
  format: z.literal(capsuleFormat),
  cameFrom: CameFrom,
  name: Name.nullable(),
  preset: Name.nullable(),
  spec: ModelSpec,
  options: TrainOptions,
  engine: z.string().max(40),
  device: z.string().max(40),
  /** Training images it was to use at most; absent: all, as in capsules of earlier versions. */
  limit: z.int().min(1).optional(),
  versions: z.record(Name, Name),
  snapshot: z.strictObject({
    hash: z.string().regex(/^[0-9a-f]{64}$/),
    /** What the dataset was called; null: it had been removed. */
    dataset: Name.nullable(),
    classes: z.array(Name).min(2).max(4096),
    shape: ImageShape,
    resize: Name,
    /** Images in train, validation and test. */
    counts: z.tuple([Count, Count, Count]),
  }),
  /** Of the parameters it was given to start from; null: the initial values of its seed. */
  start: z
    .strictObject({ epoch: Count, parametersHash: z.string().regex(/^[0-9a-f]{64}$/) })
    .nullable(),
  result: RunResult,
  progress: RunProgress.nullable(),
  epochs: z.array(EpochMetrics).max(100_000),
  hasImages: z.boolean(),
});
export type CapsuleHeader = z.infer<typeof CapsuleHeader>;

/** The name of each image of the snapshot, in its order, and the shapes of bare pixels by hash. */
export const CapsuleImages = z.strictObject({
  names: z.array(Name).max(samplesMax),
  raw: z.record(
    z.string(),
    z.strictObject({
      channels: z.union([z.literal(1), z.literal(3)]),
      height: z.int().min(1).max(16_384),
      width: z.int().min(1).max(16_384),
    }),
  ),
});
export type CapsuleImages = z.infer<typeof CapsuleImages>;
