import { expect, test } from 'vitest';
import { AugmentationSpec, type ImageShape } from '../model/spec.ts';
import { stream } from '../random.ts';
import { createElastic } from './elastic.ts';

const shape: ImageShape = { channels: 1, height: 28, width: 28 };

function fields(
  count: number,
  elasticPixels: number,
  elasticSigma = 4,
  of = shape,
): Float32Array[] {
  const elastic = createElastic(AugmentationSpec.parse({ elasticPixels, elasticSigma }), of);
  return Array.from({ length: count }, (_, i) => elastic(stream(1, 'test-field', i)).slice());
}

function deviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

test('displacements stay within the pixels asked and use a fair part of them', () => {
  const values = fields(200, 5).flatMap((field) => [...field]);
  expect(values.every((value) => Math.abs(value) <= 5)).toBe(true);
  expect(deviation(values)).toBeGreaterThan(0.25 * 5);
  expect(deviation(values)).toBeLessThan(0.31 * 5);
});

test('the same stream gives the same field', () => {
  const [a, b] = [fields(2, 3), fields(2, 3)];
  expect(b).toEqual(a);
  expect(a[0]).not.toEqual(a[1]);
});

test('every pixel is displaced as much as any other', () => {
  const many = fields(2000, 1);
  for (const pixel of [0, 27, 14 * 28 + 14, 27 * 28, 783])
    expect(deviation(many.map((field) => field[2 * pixel]!))).toBeCloseTo(0.28, 1);
});

test.each([2, 4, 8])('neighbors are displaced alike, the more the wider sigma is: %d', (sigma) => {
  const many = fields(400, 1, sigma, { channels: 1, height: 64, width: 64 });
  const at = (distance: number) =>
    many.map((field) => field[2 * (32 * 64 + 16)]! * field[2 * (32 * 64 + 16 + distance)]!);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  // Two Gaussian-smoothed values at distance d correlate by exp(−d²/4σ²): e⁻¹ at d = 2σ.
  expect(sum(at(2 * sigma)) / sum(at(0))).toBeGreaterThan(0.2);
  expect(sum(at(2 * sigma)) / sum(at(0))).toBeLessThan(0.55);
});

test.each([
  [1, 1],
  [1, 50],
  [512, 3],
])('a field covers an image of %d × %d', (height, width) => {
  const [field] = fields(1, 64, 32, { channels: 3, height, width });
  expect(field).toHaveLength(2 * height * width);
  expect(field!.every((value) => Number.isFinite(value))).toBe(true);
});
