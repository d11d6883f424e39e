/**
 * @file How far a network's confidence can be relied on: the temperature that fits it to how often it is right
 * (Guo et al., 2017), and what is left of the images when unsure answers are set aside.
 *
 * Logits are divided by the temperature: above 1 answers become less sure, below 1 surer, and which class is the most
 * probable never changes. For independent (sigmoid) outputs all are divided alike, and the temperature minimizes the
 * binary cross-entropies such a network is trained with; its confidence is its largest output.
 */
import type { ModelSpec } from '../model/spec.ts';

export type Scores = {
  /** [N, K] */
  readonly logits: Float32Array;
  /** [N], class indices. */
  readonly labels: Int32Array;
  readonly classes: number;
  readonly output: ModelSpec['output'];
};

export type Temperature = {
  readonly value: number;
  /** The likelihood still grows there: all answers are right, or none tell anything. */
  readonly isAtLimit: boolean;
};

/** Beyond these a network says 100 % of everything, or the same of every class. */
const temperatureMin = 0.05;
const temperatureMax = 20;
/** Newton's steps need fewer than ten; halving alone would need 30 for the last digit kept. */
const iterationsMax = 60;
const relativeTolerance = 1e-9;

/**
 * The temperature T at which the labels are most likely. With β = 1/T the mean loss is convex in β, so its slope has
 * one zero: Newton's method finds it, and halves the bracket where a step would leave that.
 *
 * @returns null without samples, or where a logit is not finite.
 */
export function fitTemperature(scores: Scores): Temperature | null {
  if (scores.labels.length === 0 || !scores.logits.every(Number.isFinite)) return null;
  let [low, high] = [1 / temperatureMax, 1 / temperatureMin];
  if (slopeAt(scores, low).slope >= 0) return { value: temperatureMax, isAtLimit: true };
  if (slopeAt(scores, high).slope <= 0) return { value: temperatureMin, isAtLimit: true };
  let beta = 1;
  for (let i = 0; i < iterationsMax; i++) {
    const { slope, curvature } = slopeAt(scores, beta);
    if (slope > 0) high = beta;
    else low = beta;
    const step = beta - slope / curvature;
    // Not a number, where the curvature is zero, lies in no bracket.
    const next = step > low && step < high ? step : Math.sqrt(low * high);
    const isThere = Math.abs(next - beta) <= relativeTolerance * beta;
    beta = next;
    if (isThere) break;
  }
  return { value: 1 / beta, isAtLimit: false };
}

type Slope = { slope: number; curvature: number };

/** First and second derivative of the summed loss by β, the factor on all logits. */
function slopeAt(scores: Scores, beta: number): Slope {
  const sums = { slope: 0, curvature: 0 };
  const add = scores.output === 'softmax' ? addSoftmax : addSigmoid;
  for (let n = 0; n < scores.labels.length; n++) add(scores, n, beta, sums);
  return sums;
}

/** Of log Σ exp(β·z) − β·z_label: E[z] − z_label and Var[z], under softmax(β·z). */
function addSoftmax({ logits, labels, classes }: Scores, n: number, beta: number, sums: Slope) {
  const start = n * classes;
  let max = -Infinity;
  for (let k = 0; k < classes; k++) max = Math.max(max, logits[start + k]!);
  let [total, first, second] = [0, 0, 0];
  for (let k = 0; k < classes; k++) {
    const z = logits[start + k]! - max;
    const weight = Math.exp(beta * z);
    total += weight;
    first += weight * z;
    second += weight * z * z;
  }
  const mean = first / total;
  sums.slope += mean - (logits[start + labels[n]!]! - max);
  sums.curvature += second / total - mean * mean;
}

/** Of Σ softplus(β·z) − β·z_label: Σ σ(β·z)·z − z_label and Σ σ(1 − σ)·z². */
function addSigmoid({ logits, labels, classes }: Scores, n: number, beta: number, sums: Slope) {
  const start = n * classes;
  for (let k = 0; k < classes; k++) {
    const z = logits[start + k]!;
    const share = 1 / (1 + Math.exp(-beta * z));
    sums.slope += share * z;
    sums.curvature += share * (1 - share) * z * z;
  }
  sums.slope -= logits[start + labels[n]!]!;
}

/** What the network says when its logits are divided by `temperature`: [N, K]. */
export function probabilitiesAt(
  { logits, classes, output }: Pick<Scores, 'logits' | 'classes' | 'output'>,
  temperature: number,
): Float32Array {
  if (output === 'sigmoid') return logits.map((z) => 1 / (1 + Math.exp(-z / temperature)));
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let max = -Infinity;
    for (let k = 0; k < classes; k++) max = Math.max(max, logits[start + k]!);
    let total = 0;
    for (let k = 0; k < classes; k++) total += Math.exp((logits[start + k]! - max) / temperature);
    for (let k = 0; k < classes; k++)
      probabilities[start + k] = Math.exp((logits[start + k]! - max) / temperature) / total;
  }
  return probabilities;
}

export type Coverage = {
  /** An answer is unsure where its largest probability is below. */
  readonly threshold: number;
  /** Answers that are not unsure, and of all answers their share. */
  readonly accepted: number;
  readonly coverage: number;
  /** Right ones of those accepted; null: none is. */
  readonly accuracy: number | null;
};

/**
 * What each threshold leaves, and how often that is right. An answer that is no number is unsure.
 *
 * @param probabilities [N, K], N ≥ 1.
 */
export function coverageCurve(
  probabilities: Float32Array,
  labels: Int32Array,
  thresholds: readonly number[],
): Coverage[] {
  const classes = probabilities.length / labels.length;
  const answers = Array.from(labels, (label, n) => {
    const row = probabilities.subarray(n * classes, (n + 1) * classes);
    let best = 0;
    for (let k = 1; k < classes; k++) if (row[k]! > row[best]!) best = k;
    return { confidence: row[best]!, isRight: best === label };
  });
  return thresholds.map((threshold) => {
    // Files compare in float32, so the threshold is the float32 next to it here as well.
    const sure = answers.filter(({ confidence }) => confidence >= Math.fround(threshold));
    const right = sure.filter(({ isRight }) => isRight).length;
    return {
      threshold,
      accepted: sure.length,
      coverage: sure.length / labels.length,
      accuracy: sure.length === 0 ? null : right / sure.length,
    };
  });
}
