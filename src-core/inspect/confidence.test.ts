/** @file Temperatures that are known are found again, and coverage is what one counts by hand. */
import { expect, test } from 'vitest';
import { stream } from '../random.ts';
import { coverageCurve, fitTemperature, probabilitiesAt, type Scores } from './confidence.ts';

const classes = 4;
const count = 20_000;

/** Logits whose probabilities are true, with labels drawn by them, and then multiplied by `temperature`. */
function drawn(output: Scores['output'], temperature: number): Scores {
  const random = stream(3, 'temperature');
  const logits = Float32Array.from({ length: count * classes }, () => 6 * random.float() - 3);
  // One label for each sample: of sigmoid outputs, a true one where exactly one is drawn.
  const labels = new Int32Array(count);
  const kept: number[] = [];
  const truth = probabilitiesAt({ logits, classes, output }, 1);
  for (let n = 0; n < count; n++) {
    const row = truth.subarray(n * classes, (n + 1) * classes);
    const label = output === 'softmax' ? oneOf(row, random.float()) : onlyOf(row, random);
    if (label < 0) continue;
    labels[kept.length] = label;
    kept.push(n);
  }
  const picked = kept.flatMap((n) => [...logits.subarray(n * classes, (n + 1) * classes)]);
  return {
    logits: Float32Array.from(picked, (z) => z * temperature),
    labels: labels.slice(0, kept.length),
    classes,
    output,
  };
}

function oneOf(row: Float32Array, draw: number): number {
  let sum = 0;
  for (let k = 0; k < classes; k++) if (draw < (sum += row[k]!)) return k;
  return classes - 1;
}

function onlyOf(row: Float32Array, random: { float(): number }): number {
  const on = [...row.keys()].filter((k) => random.float() < row[k]!);
  return on.length === 1 ? on[0]! : -1;
}

test.each([0.4, 1, 2.5])('a network that is surer by %d is found to be', (temperature) => {
  const found = fitTemperature(drawn('softmax', temperature));
  expect(found?.isAtLimit).toBe(false);
  expect(found!.value / temperature).toBeCloseTo(1, 1);
});

test.each(['softmax', 'sigmoid'] as const)('no other temperature fits %s better', (output) => {
  const scores = drawn(output, 1.7);
  const best = fitTemperature(scores)!.value;
  const near = [0.99, 1, 1.01].map((factor) => lossAt(scores, best * factor));
  expect(near[1]).toBeLessThan(near[0]!);
  expect(near[1]).toBeLessThan(near[2]!);
});

/** Written down once more, plainly. */
function lossAt({ logits, labels, output }: Scores, temperature: number): number {
  const z = Array.from(logits, (x) => x / temperature);
  return labels.reduce((sum, label, n) => {
    const row = z.slice(n * classes, (n + 1) * classes);
    const total = row.reduce(
      (s, x) => s + (output === 'softmax' ? Math.exp(x) : Math.log1p(Math.exp(x))),
      0,
    );
    return sum + (output === 'softmax' ? Math.log(total) : total) - row[label]!;
  }, 0);
}

test('where all answers are right, or the labels say nothing of them, the limit is told', () => {
  const three = { classes: 2, output: 'softmax' as const, logits: Float32Array.of(3, 0, 0, 1) };
  expect(fitTemperature({ ...three, labels: Int32Array.of(0, 1) })).toEqual({
    value: 0.05,
    isAtLimit: true,
  });
  expect(fitTemperature({ ...three, labels: Int32Array.of(1, 0) })).toEqual({
    value: 20,
    isAtLimit: true,
  });
  expect(fitTemperature({ ...three, labels: new Int32Array(0), logits: new Float32Array(0) })).toBe(
    null,
  );
  const infinite = Float32Array.of(3, Infinity, 0, 1);
  expect(fitTemperature({ ...three, logits: infinite, labels: Int32Array.of(0, 1) })).toBe(null);
});

test('coverage and accuracy at each threshold', () => {
  const probabilities = Float32Array.of(0.9, 0.1, 0.4, 0.6, 0.2, 0.8, 0.7, 0.3, NaN, NaN);
  const labels = Int32Array.of(0, 0, 1, 0, 0);
  // Confidences 0.9 right, 0.6 wrong, 0.8 right, 0.7 right, and one that is no number.
  expect(coverageCurve(probabilities, labels, [0, 0.65, 0.8, 0.95])).toEqual([
    { threshold: 0, accepted: 4, coverage: 0.8, accuracy: 0.75 },
    { threshold: 0.65, accepted: 3, coverage: 0.6, accuracy: 1 },
    // As near as float32 comes to it is reached.
    { threshold: 0.8, accepted: 2, coverage: 0.4, accuracy: 1 },
    { threshold: 0.95, accepted: 0, coverage: 0, accuracy: null },
  ]);
});
