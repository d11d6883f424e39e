/** @file The curves that are drawn of activations, against themselves: f′ is how f changes. */
import { describe, expect, it } from 'vitest';
import { activationNames, defaultActivation } from '../model/activations.ts';
import { ActivationSpec } from '../model/spec.ts';
import { activationCurves } from './curves.ts';

const specs = [
  ...activationNames.map(defaultActivation),
  ActivationSpec.parse({ name: 'swish', beta: 2 }),
  ActivationSpec.parse({ name: 'maxout', pieces: 3 }),
];
const h = 2 ** -8;
/** None is within h of zero, where some of them bend or jump. */
const places = Float32Array.from({ length: 21 }, (_, i) => -5 + 0.5 * i + 0.125);
const shifted = (by: number) => places.map((x) => x + by);
const [at, above, below] = await Promise.all(
  [places, shifted(h), shifted(-h)].map((xs) => activationCurves(specs, xs)),
);

describe.each(specs.map((spec, i) => [spec.name, i] as const))('the curve of %s', (name, i) => {
  it('has the slope it is drawn with', () => {
    places.forEach((x, k) => {
      const numeric = (above![i]!.f[k]! - below![i]!.f[k]!) / (2 * h);
      expect(Math.abs(at![i]!.slope[k]! - numeric), `${name} at ${x}`).toBeLessThan(1e-3);
    });
  });
});

it('is that of the activation: a few known values', async () => {
  const known = ['sigmoid', 'relu', 'leaky-relu', 'softplus', 'maxout', 'step'] as const;
  const curves = await activationCurves(known.map(defaultActivation), Float32Array.of(-4, 0, 4));
  const rounded = curves.map(({ f }) => [...f].map((y) => Math.round(y * 100) / 100));
  expect(rounded).toEqual([
    [0.02, 0.5, 0.98],
    [0, 0, 4],
    [-0.04, 0, 4],
    [0.02, 0.69, 4.02],
    [1, 0, 4],
    [0, 0, 1],
  ]);
});
