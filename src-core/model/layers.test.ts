import { describe, expect, it } from 'vitest';
import { resolveNetwork } from './layers.ts';
import { defaultActivation } from './activations.ts';
import { presetSpec } from './presets.ts';
import { ModelSpec } from './spec.ts';

const digits = { channels: 1, height: 28, width: 28 } as const;
const network = (layers: unknown[], input: unknown = digits) =>
  resolveNetwork(ModelSpec.parse({ input, layers, classes: 10 }));
const shapes = (layers: unknown[], input?: unknown) =>
  network(layers, input).layers.map(({ output }) => output.join('×'));

describe('resolveNetwork', () => {
  // 784·16+16 + 16·16+16 + 16·10+10, and so on: by hand, or from the literature (LeNet)
  it.each([
    ['softmax', 7850],
    ['mlp-16-16', 13_002],
    ['mlp-128-64', 109_386],
    ['lenet', 61_706],
    ['cnn-32-64', 225_034],
  ] as const)('%s has %i parameters', (preset, count) => {
    const spec = presetSpec(preset, digits, 10, defaultActivation('relu'));
    expect(resolveNetwork(spec).parameterCount).toBe(count);
  });

  it.each([
    ['valid', 1, '4×26×26'],
    ['valid', 2, '4×13×13'],
    ['same', 1, '4×28×28'],
    ['same', 3, '4×10×10'],
  ])('a 3×3 convolution, %s, stride %i gives %s', (padding, stride, output) => {
    expect(shapes([{ kind: 'conv2d', filters: 4, kernel: 3, stride, padding }])[0]).toBe(output);
  });

  it('pads "same" like TensorFlow: the odd pixel comes after', () => {
    const [layer] = network([{ kind: 'maxPool', size: 2, stride: 2, padding: 'same' }], {
      ...digits,
      height: 5,
    }).layers;
    expect(layer).toMatchObject({ output: [1, 3, 14], pads: [0, 0, 1, 0] });
  });

  it('counts maxout pieces and PReLU slopes, and leaves running statistics out', () => {
    const dense = (name: string) => [
      { kind: 'flatten' },
      { kind: 'dense', units: 5, activation: { name } },
    ];
    expect(network(dense('maxout')).parameterCount).toBe(784 * 10 + 10 + 5 * 10 + 10);
    expect(network(dense('prelu')).parameterCount).toBe(784 * 5 + 5 + 5 + 5 * 10 + 10);
    const normalized = network([{ kind: 'batchNorm' }]);
    expect(normalized.parameterCount).toBe(2 + 7850);
    expect(normalized.params.map(({ name }) => name)).toContain('batchNorm1/variance');
  });

  it('adapts the way past a residual block where the block changes the shape', () => {
    const block = (layers: unknown[]) => ({ kind: 'residual', layers });
    const conv = { kind: 'conv2d', filters: 8, kernel: 3, stride: 2, padding: 'same' };
    const [changed] = network([block([conv])]).layers;
    expect(changed).toMatchObject({ output: [8, 14, 14], shortcut: { kernel: 1, stride: 2 } });
    const [kept] = network([block([{ kind: 'batchNorm' }])]).layers;
    expect(kept).toMatchObject({ output: [1, 28, 28], shortcut: null });
  });

  it.each([
    ['conv2d1', 'gets [784]', [{ kind: 'flatten' }, { kind: 'conv2d', filters: 1, kernel: 3 }]],
    ['dense1', 'flatten', [{ kind: 'dense', units: 3 }]],
    ['maxPool2', 'window of 16', Array(2).fill({ kind: 'maxPool', size: 16 })],
    ['activation1', 'multiple of 2', [{ kind: 'activation', activation: { name: 'maxout' } }]],
    ['residual1', 'cannot be added', [{ kind: 'residual', layers: [{ kind: 'flatten' }] }]],
  ])('names %s when shapes do not fit (%s)', (layer, words, layers) => {
    expect(() => network(layers)).toThrow(expect.objectContaining({ code: 'layer-shape' }));
    expect(() => network(layers)).toThrow(new RegExp(`${layer}.*${words.replace(/[[\]]/g, '.')}`));
  });
});
