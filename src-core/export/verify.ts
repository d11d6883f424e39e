/** @file The check that every export passes: a written file, opened again, against the network it came from. */
import { imageSize, type Predictor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { OpenedModel, Tolerance } from './format.ts';

export type Verification = {
  /** Images compared; none where `unchecked` says why. */
  readonly samples: number;
  /** Largest difference between two probabilities. */
  readonly maxAbsDiff: number;
  /** Images for which both give the same class, or the run's network is undecided between the two. */
  readonly agree: number;
  /** Shares of right answers on these images, where their labels are known. */
  readonly accuracy?: { readonly network: number; readonly file: number };
  /** What ran the file, where that may differ from computer to computer. */
  readonly by?: string;
  /** Why the file could not be run here: it was written, and nothing is known of its answers. */
  readonly unchecked?: string;
};

/** Rounding in another order costs a few 1e-7; what is wrong costs far more. */
const rounding: Tolerance = { maxAbsDiff: 1e-5, agreeShare: 1, undecided: 1e-5 };
/** For weights of fewer bits: the answers count, not the digits of the probabilities. */
export const coarse: Tolerance = { maxAbsDiff: 1, agreeShare: 0.99, undecided: 0.02 };

/** The images to compare. */
export type Samples = {
  /** uint8 [N, C, H, W], N ≥ 1, real images. */
  readonly pixels: Uint8Array;
  /** Class numbers [N], where they are known. */
  readonly labels?: ArrayLike<number>;
};

/** More would tell nothing new, and take the user's time. */
export const verifiedSamplesMax = 1000;
/** Images per call: between two calls the process can breathe. */
const chunkSamples = 64;

/**
 * @param what the file's name, for messages.
 * @throws InklingError `export-disagrees`
 */
export async function verify(
  opened: OpenedModel,
  predictor: Pick<Predictor, 'predict'>,
  { pixels, labels }: Samples,
  what: string,
  tolerance: Tolerance = rounding,
): Promise<Verification> {
  const classes = opened.classes.length;
  const sampleBytes = imageSize(opened.input);
  const samples = Math.min(verifiedSamplesMax, pixels.length / sampleBytes);
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`${pixels.length} bytes are no images of ${sampleBytes}`);
  let maxAbsDiff = 0;
  let agree = 0;
  const right = { network: 0, file: 0 };
  for (let start = 0; start < samples; start += chunkSamples) {
    const end = Math.min(samples, start + chunkSamples);
    const part = pixels.subarray(start * sampleBytes, end * sampleBytes);
    const { probabilities: expected } = await predictor.predict(part);
    const actual = await opened.predict(part);
    if (actual.length !== expected.length)
      throw failure('export-disagrees', { file: what, samples, maxAbsDiff: Infinity, agree });
    maxAbsDiff = Math.max(maxAbsDiff, largestDifference(expected, actual));
    agree += agreements(expected, actual, classes, tolerance.undecided);
    right.network += rightAnswers(expected, classes, labels, start);
    right.file += rightAnswers(actual, classes, labels, start);
  }
  // NaN is never within the tolerance.
  if (!(maxAbsDiff <= tolerance.maxAbsDiff) || agree < samples * tolerance.agreeShare)
    throw failure('export-disagrees', { file: what, samples, maxAbsDiff, agree });
  const accuracy = { network: right.network / samples, file: right.file / samples };
  return { samples, maxAbsDiff, agree, ...(labels && { accuracy }) };
}

/** NaN where either is. */
function largestDifference(expected: Float32Array, actual: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(expected[i]! - actual[i]!));
  return largest;
}

/** Rows with the same largest entry, or where `expected` hardly prefers one of the two. */
function agreements(
  expected: Float32Array,
  actual: Float32Array,
  classes: number,
  undecided: number,
): number {
  let count = 0;
  for (let start = 0; start < expected.length; start += classes) {
    const wanted = start + largest(expected.subarray(start, start + classes));
    const found = start + largest(actual.subarray(start, start + classes));
    if (expected[wanted]! - expected[found]! <= undecided) count++;
  }
  return count;
}

/** @param first number of the image that the first row belongs to. */
function rightAnswers(
  probabilities: Float32Array,
  classes: number,
  labels: ArrayLike<number> | undefined,
  first: number,
): number {
  let count = 0;
  for (let row = 0; row < probabilities.length / classes; row++)
    if (
      largest(probabilities.subarray(row * classes, (row + 1) * classes)) === labels?.[first + row]
    )
      count++;
  return count;
}

/** Index of the first of the largest. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}
