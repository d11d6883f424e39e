import { describe, expect, it } from 'vitest';
import { defaultActivation } from './activations.ts';
import { initialParams } from './initialize.ts';
import { resolveNetwork } from './layers.ts';
import { presetSpec } from './presets.ts';
import type { ActivationName, ModelSpec } from './spec.ts';

const input = { channels: 1, height: 28, width: 28 } as const;

function params(
  activation: ActivationName,
  seed: number,
  initializer: ModelSpec['initializer'] = 'auto',
) {
  const spec = presetSpec('mlp-128-64', input, 10, defaultActivation(activation));
  return initialParams(resolveNetwork({ ...spec, initializer }), seed);
}

const deviation = (values: Float32Array) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

describe('initialParams', () => {
  it.each([
    ['relu', Math.sqrt(2 / 784)],
    ['tanh', Math.sqrt(2 / (784 + 128))],
    ['selu', Math.sqrt(1 / 784)],
  ] as const)('suits %s: a deviation of %d', (activation, sd) => {
    const { data } = params(activation, 1)['dense1/kernel']!;
    // 100 352 values: one standard error is 0.2 %.
    expect(Math.abs(deviation(data) / sd - 1)).toBeLessThan(0.01);
    expect(Math.max(...data.map(Math.abs))).toBeLessThan((2.0001 * sd) / 0.8796);
  });

  it('gives equal weights for one seed and one initializer, whatever the activation', () => {
    const [relu, prelu] = [params('relu', 3, 'he'), params('prelu', 3, 'he')];
    for (const [name, tensor] of Object.entries(relu)) expect(prelu[name]).toEqual(tensor);
    expect(prelu['dense1/slopes']!.data.every((slope) => slope === 0.25)).toBe(true);
  });

  it('gives other weights for another seed, and for another parameter', () => {
    const [first, second] = [params('relu', 1), params('relu', 2)];
    expect(second['dense1/kernel']).not.toEqual(first['dense1/kernel']);
    expect(first['dense2/kernel']!.data.slice(0, 8)).not.toEqual(
      first['dense1/kernel']!.data.slice(0, 8),
    );
  });
});
