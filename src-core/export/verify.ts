/** @file The check that every export passes: a written file, opened again, against the network it came from. */
import { imageSize, type Predictor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { Closeness, OpenedModel, ReadBack, Unchecked } from './format.ts';

/** What was found out about a written file: by its answers, by its content, or, where nothing here can open it, nothing. */
export type Verification = Answers | ReadBack | ParsedBack | Unchecked;

/** A document, whose files were read again: each holds what was to be written. */
export type ParsedBack = { readonly kind: 'parsed-back'; readonly files: number };

export type Answers = {
  readonly kind: 'answers';
  /** Images compared. */
  readonly samples: number;
  /** Largest difference between two probabilities. */
  readonly maxAbsDiff: number;
  /** Images for which both give the same class, or the run's network is undecided between the two. */
  readonly agree: number;
  /** Of the run's network and of the file on these images, where it may change and their labels are known. */
  readonly accuracy?: { readonly before: number; readonly after: number };
  /** What ran the file, where that may differ from computer to computer. */
  readonly by?: string;
};

/** More would tell nothing new, and take the user's time. */
export const verifiedSamplesMax = 1000;

/** Rounding in another order costs a few 1e-7; what is wrong costs far more. */
export const sameAnswers: Closeness = {
  samplesMax: verifiedSamplesMax,
  chunkSamples: 64,
  maxAbsDiff: 1e-5,
  undecided: 1e-5,
  agreeShare: 1,
};

/** For weights of fewer bits: the answers count, not the digits of the probabilities. */
export const coarse: Closeness = {
  ...sameAnswers,
  maxAbsDiff: 1,
  undecided: 0.02,
  agreeShare: 0.99,
};

/** Images with the classes they show, where those are known: uint8 [N, C, H, W], N ≥ 1, and N class indices. */
export type RealSamples = { readonly pixels: Uint8Array; readonly labels?: ArrayLike<number> };

/**
 * @param what the file's name, for messages.
 * @throws InklingError `export-disagrees`
 */
export async function verify(
  opened: OpenedModel,
  predictor: Pick<Predictor, 'predict'>,
  { pixels, labels }: RealSamples,
  what: string,
  closeness: Closeness = sameAnswers,
): Promise<Answers> {
  const { samplesMax, chunkSamples, maxAbsDiff: allowed } = closeness;
  const classes = opened.classes.length;
  const sampleBytes = imageSize(opened.input);
  const samples = Math.min(samplesMax, pixels.length / sampleBytes);
  const right = { before: 0, after: 0 };
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
    agree += agreements(expected, actual, classes, closeness.undecided);
    right.before += correct(expected, labels, start, classes);
    right.after += correct(actual, labels, start, classes);
  }
  // NaN is never within the tolerance.
  if (!(maxAbsDiff <= allowed) || agree < samples * closeness.agreeShare)
    throw failure('export-disagrees', { file: what, samples, maxAbsDiff, agree });
  const mayChange = labels !== undefined && closeness.agreeShare < 1;
  const accuracy = { before: right.before / samples, after: right.after / samples };
  return { kind: 'answers', samples, maxAbsDiff, agree, ...(mayChange && { accuracy }) };
}

/** Rows whose largest entry is that of the label; `first` is the sample of the first row. */
function correct(
  scores: Float32Array,
  labels: ArrayLike<number> | undefined,
  first: number,
  classes: number,
): number {
  if (!labels) return 0;
  let count = 0;
  for (let n = 0; n < scores.length / classes; n++)
    if (largest(scores.subarray(n * classes, (n + 1) * classes)) === labels[first + n]) count++;
  return count;
}

/** NaN where either is. */
function largestDifference(expected: Float32Array, actual: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++)
    largest = Math.max(largest, Math.abs(expected[i]! - actual[i]!));
  return largest;
}

/** Rows with the same largest entry, or where `expected` has the two within `undecided` of each other. */
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

/** Index of the first of the largest. */
function largest(values: Float32Array): number {
  let best = 0;
  for (let k = 1; k < values.length; k++) if (values[k]! > values[best]!) best = k;
  return best;
}
