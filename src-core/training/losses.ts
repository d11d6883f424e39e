/**
 * @file The loss as training defines it, computed once more from the scores in float64: for validation and
 * test, so that their figures can be compared with those of training.
 */
import type { Prediction } from '../engine/engine.ts';
import type { LossSpec, ModelSpec } from '../model/spec.ts';

/** Sums over samples, to be divided by their number. */
export type ScoreSums = { loss: number; correct: number; count: number };

export function noScores(): ScoreSums {
  return { loss: 0, correct: 0, count: 0 };
}

/** What training minimizes: the loss, and the output function it is applied with. */
export type Objective = { readonly loss: LossSpec; readonly output: ModelSpec['output'] };

/**
 * Adds a piece of a split to `sums`.
 *
 * @param prediction both [N, K].
 * @param labels [N].
 */
export function addScores(
  { logits, probabilities }: Prediction,
  labels: Int32Array,
  objective: Objective,
  sums: ScoreSums,
): void {
  const classes = logits.length / labels.length;
  const lossOf = sampleLoss(objective);
  for (let n = 0; n < labels.length; n++) {
    const scores = { logits, probabilities, start: n * classes, classes };
    const label = labels[n]!;
    sums.loss += lossOf(scores, label);
    if (largest(scores) === label) sums.correct++;
  }
  sums.count += labels.length;
}

/** One row of a prediction. */
type Scores = Prediction & { readonly start: number; readonly classes: number };

function sampleLoss({ loss, output }: Objective): (scores: Scores, label: number) => number {
  if (loss.kind === 'meanSquaredError') return squaredError;
  const { labelSmoothing } = loss;
  const rule = output === 'softmax' ? softmaxCrossEntropy : sigmoidCrossEntropy;
  return (scores, label) => rule(scores, label, labelSmoothing);
}

/**
 * −Σₖ tₖ·log softmax(z)ₖ with tₖ = (1 − ε)·[k = label] + ε/K. As log softmax(z)ₖ = zₖ − L with
 * L = max z + log Σ exp(z − max z), that is L − (1 − ε)·z_label − ε·mean z.
 */
function softmaxCrossEntropy(
  { logits, start, classes }: Scores,
  label: number,
  smoothing: number,
): number {
  const end = start + classes;
  let max = -Infinity;
  let total = 0;
  for (let k = start; k < end; k++) {
    max = Math.max(max, logits[k]!);
    total += logits[k]!;
  }
  let sum = 0;
  for (let k = start; k < end; k++) sum += Math.exp(logits[k]! - max);
  const logSum = max + Math.log(sum);
  return logSum - (1 - smoothing) * logits[start + label]! - (smoothing * total) / classes;
}

/** Each class on its own: Σₖ log(1 + exp zₖ) − tₖ·zₖ, the logarithm written so that it never overflows. */
function sigmoidCrossEntropy(
  { logits, start, classes }: Scores,
  label: number,
  smoothing: number,
): number {
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    const z = logits[start + k]!;
    const target = (k === label ? 1 - smoothing : 0) + smoothing / classes;
    sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
  }
  return sum;
}

/** Mean over the classes of (p − t)², t = 1 for the label and 0 for the others. */
function squaredError({ probabilities, start, classes }: Scores, label: number): number {
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    const error = probabilities[start + k]! - (k === label ? 1 : 0);
    sum += error * error;
  }
  return sum / classes;
}

/** The first of the largest scores, as ArgMax picks; −1 where one is not a number: no class is right then. */
function largest({ logits, start, classes }: Scores): number {
  let best = 0;
  for (let k = 0; k < classes; k++) {
    if (Number.isNaN(logits[start + k]!)) return -1;
    if (logits[start + k]! > logits[start + best]!) best = k;
  }
  return best;
}
