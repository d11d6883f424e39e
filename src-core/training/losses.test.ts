import { describe, expect, it } from 'vitest';
import type { LossSpec } from '../model/spec.ts';
import { addScores, noScores, type Objective } from './losses.ts';

function score(rows: readonly number[][], labels: readonly number[], objective: Objective) {
  const logits = Float32Array.from(rows.flat());
  const probabilities = Float32Array.from(rows.flatMap((row) => outputs[objective.output](row)));
  const sums = noScores();
  addScores({ logits, probabilities }, Int32Array.from(labels), objective, sums);
  return sums;
}

const outputs = {
  softmax: (row: readonly number[]) => {
    const sum = row.reduce((total, z) => total + Math.exp(z), 0);
    return row.map((z) => Math.exp(z) / sum);
  },
  sigmoid: (row: readonly number[]) => row.map((z) => 1 / (1 + Math.exp(-z))),
};

const crossEntropy = (labelSmoothing: number): LossSpec => ({
  kind: 'crossEntropy',
  labelSmoothing,
});

describe('the loss of a sample', () => {
  it('is minus the logarithm of its class’s probability', () => {
    const { loss } = score([[1, 2, 0.5]], [1], { loss: crossEntropy(0), output: 'softmax' });
    expect(loss).toBeCloseTo(-Math.log(outputs.softmax([1, 2, 0.5])[1]!), 12);
  });

  it('counts every class when labels are smoothed', () => {
    const { loss } = score([[1, 2, 0.5]], [1], { loss: crossEntropy(0.3), output: 'softmax' });
    const [a, b, c] = outputs.softmax([1, 2, 0.5]).map(Math.log) as [number, number, number];
    expect(loss).toBeCloseTo(-(0.1 * a + 0.8 * b + 0.1 * c), 12);
  });

  it('takes each class on its own for sigmoid outputs', () => {
    const { loss } = score([[1, -2]], [0], { loss: crossEntropy(0), output: 'sigmoid' });
    const [p, q] = outputs.sigmoid([1, -2]) as [number, number];
    expect(loss).toBeCloseTo(-Math.log(p) - Math.log(1 - q), 12);
  });

  it.each(['softmax', 'sigmoid'] as const)(
    'is the mean squared error over classes, %s',
    (output) => {
      const { loss } = score([[1, 2]], [0], { loss: { kind: 'meanSquaredError' }, output });
      const [p, q] = outputs[output]([1, 2]) as [number, number];
      expect(loss).toBeCloseTo(((p - 1) ** 2 + q ** 2) / 2, 6);
    },
  );

  it.each(['softmax', 'sigmoid'] as const)('stays finite for huge scores, %s', (output) => {
    const { loss } = score([[2000, -2000]], [1], { loss: crossEntropy(0), output });
    expect(loss).toBe(4000);
  });

  it.each(['softmax', 'sigmoid'] as const)('is not a number where a score is not, %s', (output) => {
    const { loss } = score([[NaN, 0]], [1], { loss: crossEntropy(0), output });
    expect(loss).toBeNaN();
  });
});

it('a sample is right when its label has the largest score, the first of equal ones', () => {
  const objective = { loss: crossEntropy(0), output: 'softmax' } as const;
  const sums = score(
    [
      [0, 1],
      [1, 0],
      [2, 2],
      [2, 2],
    ],
    [1, 1, 0, 1],
    objective,
  );
  expect(sums).toMatchObject({ correct: 2, count: 4 });
});

it('a sample with a score that is not a number is never right', () => {
  const objective = { loss: crossEntropy(0), output: 'softmax' } as const;
  const rows = [
    [NaN, NaN],
    [0, NaN],
    [NaN, 0],
  ];
  for (const label of [0, 1]) {
    const sums = score(rows, [label, label, label], objective);
    expect(sums).toMatchObject({ correct: 0, count: 3 });
  }
});
