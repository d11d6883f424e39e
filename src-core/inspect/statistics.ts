/** @file The statistics that comparisons rest on: summaries, Student's t, and McNemar's exact test. */

export type Summary = {
  readonly n: number;
  readonly mean: number;
  /** Of a sample, with n − 1; null for a single value. */
  readonly sd: number | null;
  readonly min: number;
  readonly max: number;
};

/** Null without values. A value that is not a number makes all but n not a number. */
export function summary(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const n = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  const sd = n === 1 ? null : Math.sqrt(squares / (n - 1));
  return { n, mean, sd, min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The t that |T| stays below with probability `confidence`, T having Student's distribution with `degrees`
 * degrees of freedom: 12.706 for 95 % and 1.
 */
export function studentT(confidence: number, degrees: number): number {
  // Bisection over the angle θ = atan(t / √ν) of `withinAngle`, which is finite for every t.
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (withinAngle(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return Math.tan(low) * Math.sqrt(degrees);
}

/**
 * P(|T| ≤ √ν·tan θ), exact for whole ν (Abramowitz and Stegun, 26.7.3 and 26.7.4). With c = cos θ:
 * even ν: sin θ · (1 + 1/2·c² + 1·3/(2·4)·c⁴ + … up to c^(ν−2));
 * odd ν: 2/π · (θ + sin θ · (c + 2/3·c³ + 2·4/(3·5)·c⁵ + … up to c^(ν−2))).
 */
function withinAngle(theta: number, degrees: number): number {
  const isOdd = degrees % 2 === 1;
  const c = Math.cos(theta);
  let power = isOdd ? 1 : 0;
  let term = isOdd ? c : 1;
  let sum = 0;
  for (; power <= degrees - 2; power += 2) {
    sum += term;
    term *= ((power + 1) / (power + 2)) * c * c;
  }
  const series = Math.sin(theta) * sum;
  return isOdd ? (2 / Math.PI) * (theta + series) : series;
}

export type McNemar = {
  /** Samples that only the first, and only the second, got right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Chance of a split at least as uneven if both were equally good; 1 when they never differ. */
  readonly p: number;
};

/**
 * McNemar's exact two-sided test of two networks on the same samples.
 *
 * @param first, second [N] predicted classes.
 * @param labels [N]
 */
export function mcNemar(first: Int32Array, second: Int32Array, labels: Int32Array): McNemar {
  if (first.length !== labels.length || second.length !== labels.length)
    throw new RangeError('both networks must have judged the same samples');
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let n = 0; n < labels.length; n++) {
    const firstRight = first[n] === labels[n];
    const secondRight = second[n] === labels[n];
    if (firstRight && !secondRight) onlyFirst++;
    if (secondRight && !firstRight) onlySecond++;
  }
  const fewer = Math.min(onlyFirst, onlySecond);
  const p = Math.min(1, 2 * binomialTail(onlyFirst + onlySecond, fewer));
  return { onlyFirst, onlySecond, p };
}

/** P(X ≤ k) for X of n fair coins: the term of k from its logarithm, the smaller ones below it by recurrence. */
function binomialTail(n: number, k: number): number {
  let log = -n * Math.LN2;
  for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i);
  let relative = 1;
  let sum = 0;
  for (let i = k; i >= 0 && relative > 0; i--) {
    sum += relative;
    relative *= i / (n - i + 1);
  }
  return Math.exp(log + Math.log(sum));
}
