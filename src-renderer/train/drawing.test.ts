/** @file The drawing of a network never leaves its room, and shows every change of shape. */
import { expect, test } from 'vitest';
import { drawNetwork, figureWidth, type NetworkLayer } from './drawing.ts';

const layer = (kind: string, output: number[], index: number | null = 0): NetworkLayer => ({
  ...{ name: kind, index, kind, title: kind, output, parameters: 0 },
  inner: [],
});
const network = [
  layer('conv2d', [32, 26, 26]),
  layer('batchNorm', [32, 26, 26]),
  layer('dropout', [32, 26, 26]),
  layer('maxPool', [32, 13, 13]),
  layer('flatten', [5408]),
  layer('dense', [10], null),
];

test('layers that keep the shape are named beside the one before them', () => {
  const { figures } = drawNetwork([1, 28, 28], network, 2000);
  expect(figures.map(({ size, name, extra }) => [size, name, extra])).toEqual([
    ['1 × 28 × 28', 'image', ''],
    ['32 × 26 × 26', 'convolution', '+ 2 more'],
    ['32 × 13 × 13', 'max pooling', ''],
    ['5408', 'flatten', ''],
    ['10', 'classes', ''],
  ]);
});

test.each([figureWidth, 500, 1200])('64 layers stay within %i pixels', (width) => {
  const layers = Array.from({ length: 64 }, (_, at) => layer('dense', [at + 1], at));
  const { figures, height } = drawNetwork([1, 28, 28], layers, width);
  expect(figures).toHaveLength(65);
  expect(Math.max(...figures.map(({ x }) => x))).toBeLessThanOrEqual(width - figureWidth / 2);
  expect(Math.max(...figures.map(({ y }) => y))).toBeLessThan(height);
  expect(new Set(figures.map(({ x, y }) => `${x} ${y}`)).size).toBe(65);
});
