/** @file Each row of the layers finds what is known of it, in the list and inside residual blocks. */
import { expect, test } from 'vitest';
import type { PlanLayer, PlanReport } from '../../src-core/contract/training.ts';
import { layerFound, shortcutFound } from './layerFacts.ts';

const layer = (name: string, index: number | null): PlanLayer => ({
  ...{ name, index, kind: 'conv2d', title: name, output: [8, 4, 4], parameters: 3 },
});
const inner = [layer('conv2d2', 0), layer('batchNorm1', 1), layer('residual1-shortcut', null)];
const layers = [
  { ...layer('conv2d1', 0), inner: [] },
  { ...layer('residual1', 1), inner },
  { ...layer('residual2', 2), inner: [layer('conv2d4', 0)] },
  { ...layer('output', null), inner: [] },
];
const network: PlanReport['network'] = { layers, parameters: 12 };

test.each([
  ['layers', 0, 'conv2d1'],
  ['layers', 2, 'residual2'],
  ['layers.1.layers', 1, 'batchNorm1'],
  ['layers.2.layers', 0, 'conv2d4'],
  ['layers.2.layers', 1, undefined],
  ['layers.0.layers', 0, undefined],
] as const)('%s %i is %s', (list, index, name) => {
  expect(layerFound(network, list, index)?.name).toBe(name);
  expect(layerFound(null, list, index)).toBeNull();
});

test('a block that changes the shape has a way past it', () => {
  expect(shortcutFound(network, 'layers.1.layers')?.name).toBe('residual1-shortcut');
  expect(shortcutFound(network, 'layers.2.layers')).toBeNull();
});
