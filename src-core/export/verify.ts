/** @file The check that every export passes: a written file, opened again, against the network it came from. */
import { imageSize, type Predictor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { OpenedModel } from './format.ts';

export type Verification = {
  /** Images compared. */
  readonly samples: number;
  /** Largest difference between two probabilities. */
  readonly maxAbsDiff: number;
  /** Images for which both give the same class, or the run's network is undecided between the two. */
  readonly agree: number;
};

/** Rounding in another order costs a few 1e-7; what is wrong costs far more. */
const maxAbsDiffAllowed = 1e-5;
/** More would tell nothing new, and take the user's time. */
export const verifiedSamplesMax = 1000;
/** Images per call: between two calls the process can breathe. */
const chunkSamples = 64;

/**
 * @param pixels uint8 [N, C, H, W], N ≥ 1, real images.
 * @param what the file's name, for messages.
 * @throws InklingError `export-disagrees`
 */
export async function verify(
  opened: OpenedModel,
  predictor: Pick<Predictor, 'predict'>,
  pixels: Uint8Array,
  what: string,
): Promise<Verification> {
  const classes = opened.classes.length;
  const sampleBytes = imageSize(opened.input);
  const samples = Math.min(verifiedSamplesMax, pixels.length / sampleBytes);
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`${pixels.length} bytes are no images of ${sampleBytes}`);
  let maxAbsDiff = 0;
  let agree = 0;
  for (let start = 0; start < samples; start += chunkSamples) {
    const end = Math.min(samples, start + chunkSamples);
    const part = pixels.subarray(start * sampleBytes, end * sampleBytes);
    const { probabilities: expected } = await predictor.predict(part);
    const actual = await opened.predict(part);
    if (actual.length !== expected.length)
      throw failure('export-disagrees', { file: what, samples, maxAbsDiff: Infinity, agree });
    maxAbsDiff = Math.max(maxAbsDiff, largestDifference(expected, actual));
    agree += agreements(expected, actual, classes);
  }
  // NaN is never within the tolerance.
  if (!(maxAbsDiff <= maxAbsDiffAllowed) || agree < samples)
    throw failure('export-disagrees', { file: what, samples, maxAbsDiff, agree });
  return { samples, maxAbsDiff, agree };
}

/** NaN where either is. */
function largestDifference(expected: Float32Array, actual: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(expected[i]! - actual[i]!));
  return largest;
}

/** Rows with the same largest entry, or where `expected` has the two within the tolerance of each other. */
function agreements(expected: Float32Array, actual: Float32Array, classes: number): number {
  let count = 0;
  for (let start = 0; start < expected.length; start += classes) {
    const wanted = start + largest(expected.subarray(start, start + classes));
    const found = start + largest(actual.subarray(start, start + classes));
    if (expected[wanted]! - expected[found]! <= maxAbsDiffAllowed) count++;
  }
  return count;
}

/** Index of the first of the largest. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}
