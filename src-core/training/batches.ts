/**
 * @file The batches of a run. A batch is a function of the seed and the step number alone: the order of an
 * epoch, each image's augmentation and the noise for dropout come from streams named by position. So nothing
 * has to be stored to resume, and runs that differ only in their network see the same images.
 */
import type { Batch } from '../engine/engine.ts';
import { imageSize } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { flatLayers, size, type Layer, type Network } from '../model/layers.ts';
import type { ImageShape, TrainOptions } from '../model/spec.ts';
import { shuffle, stream } from '../random.ts';
import { createAugmenter } from './augment.ts';

/** The training split in memory. */
export type Samples = {
  readonly shape: ImageShape;
  /** uint8 [count, C, H, W]. */
  readonly pixels: Uint8Array;
  /** int32 [count]. */
  readonly labels: Int32Array;
};

export type BatchPlan = Pick<TrainOptions, 'seed' | 'augmentation'> & {
  readonly batchSize: number;
  readonly noiseBytes: number;
};

export type Batches = {
  /** The last samples of an epoch that do not fill a batch are left out; the next epoch shuffles differently. */
  readonly stepsPerEpoch: number;
  /** The batch of `step`, from 1. Its arrays are reused by the next call. */
  at(step: number): Batch;
};

export function createBatches(samples: Samples, plan: BatchPlan): Batches {
  const { batchSize, noiseBytes, seed } = plan;
  const count = samples.labels.length;
  const stepsPerEpoch = Math.floor(count / batchSize);
  const batch = {
    pixels: new Uint8Array(batchSize * imageSize(samples.shape)),
    labels: new Int32Array(batchSize),
    noise: new Uint8Array(noiseBytes),
  };
  const copySample = sampleCopier(samples, plan, batch.pixels);
  const order = new Int32Array(count);
  let orderedEpoch = -1;

  return {
    stepsPerEpoch,
    at(step) {
      const epoch = Math.floor((step - 1) / stepsPerEpoch);
      if (epoch !== orderedEpoch) orderEpoch(order, seed, epoch);
      orderedEpoch = epoch;
      const first = ((step - 1) % stepsPerEpoch) * batchSize;
      for (let row = 0; row < batchSize; row++) {
        const sample = order[first + row]!;
        batch.labels[row] = samples.labels[sample]!;
        copySample(sample, row, epoch);
      }
      if (noiseBytes > 0) stream(seed, 'dropout', step).fill(batch.noise);
      return batch;
    },
  };
}

function orderEpoch(order: Int32Array, seed: number, epoch: number): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  shuffle(order, stream(seed, 'shuffle', epoch));
}

/** Copies one image, changed as the plan asks, into a row of `out`. */
function sampleCopier(
  { shape, pixels }: Samples,
  { seed, augmentation }: BatchPlan,
  out: Uint8Array,
): (sample: number, row: number, epoch: number) => void {
  const bytes = imageSize(shape);
  if (!augmentation)
    return (sample, row) =>
      out.set(pixels.subarray(sample * bytes, (sample + 1) * bytes), row * bytes);
  const augmenter = createAugmenter(augmentation, shape);
  return (sample, row, epoch) => {
    const random = stream(seed, 'augment', epoch, sample);
    augmenter.apply(pixels, sample * bytes, out, row * bytes, random);
  };
}

/** The batch size to build for. Gradient descent takes the whole training split in every step. */
export function batchSizeFor(options: TrainOptions, trainCount: number): number {
  if (options.optimizer.kind === 'gradient-descent') return trainCount;
  return Math.min(options.batchSize, trainCount);
}

/** Half of what a computer with 8 GiB has: beyond it the system swaps, or ends the process. */
export const stepBytesMax = 4 * 2 ** 30;

/** @throws InklingError `batch-too-large` when a step over so many images would need too much memory. */
export function checkBatch(network: Network, batchSize: number, bytesMax: number): void {
  const bytes = batchSize * stepBytesPerSample(network) * peakFactor;
  if (bytes <= bytesMax) return;
  const gibibytes = (value: number): number => Math.round((value / 2 ** 30) * 10) / 10;
  throw failure('batch-too-large', {
    samples: batchSize,
    gibibytes: gibibytes(bytes),
    limitGibibytes: gibibytes(bytesMax),
  });
}

/**
 * The peak of a step over the estimate below, which leaves out what an engine copies and frees late. Measured
 * were 2.9 (cnn-32-64: 2.2 MB a sample) and 2.0 (best-digits: 5 MB); the higher one, rounded up.
 */
const peakFactor = 3;

/**
 * A rough estimate of what a step keeps for one sample: the image as uint8 and as float32; of each layer its
 * output before and after the activation, a mask, and the gradient; of a convolution the patches its filter
 * gradient is computed from.
 */
function stepBytesPerSample({ spec, layers }: Network): number {
  const layerBytes = flatLayers(layers).map(
    (layer) => (4 * size(layer.output) + patchValues(layer)) * FLOAT_BYTES,
  );
  return imageSize(spec.input) * (1 + FLOAT_BYTES) + layerBytes.reduce((sum, n) => sum + n, 0);
}

function patchValues(layer: Layer): number {
  if (layer.kind !== 'conv2d') return 0;
  const [, height = 1, width = 1] = layer.output;
  return (layer.input[0] ?? 1) * layer.kernel * layer.kernel * height * width;
}

const FLOAT_BYTES = 4;
