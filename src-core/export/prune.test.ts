/** @file Magnitude pruning: the smallest kernel values go, exactly as many as asked for, and training keeps them at zero. */
import { describe, expect, test } from 'vitest';
import { onnxEngine } from '../engine/onnx.ts';
import { tfjsEngine } from '../engine/tfjs.ts';
import { resolveNetwork } from '../model/layers.ts';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { stream } from '../random.ts';
import { networkOf, noiseImages } from './fixture.ts';
import { pruned, pruningMasks, sparsityOf } from './prune.ts';

// A kernel long enough for a vector of its own, and parameters of every role.
const spec = ModelSpec.parse({
  input: { channels: 1, height: 12, width: 12 },
  classes: 4,
  layers: [
    { kind: 'conv2d', filters: 4, kernel: 3, activation: { name: 'prelu' } },
    { kind: 'batchNorm' },
    { kind: 'flatten' },
    { kind: 'dense', units: 48 },
  ],
});
const network = resolveNetwork(spec);
const { params } = networkOf(spec);
const kernels = network.params.filter(({ role }) => role === 'kernel').map(({ name }) => name);

describe('masks', () => {
  test.each([0, 0.5, 0.8, 0.99])('set %d of all kernel values to zero, the smallest', (share) => {
    const masks = pruningMasks(network, params, share);
    expect(Object.keys(masks)).toEqual(kernels);
    const rows = kernels.flatMap((name) =>
      [...params[name]!.data].map((value, i) => [Math.abs(value), masks[name]!.data[i]!] as const),
    );
    const gone = rows.filter(([, factor]) => factor === 0).map(([value]) => value);
    const left = rows.filter(([, factor]) => factor === 1).map(([value]) => value);
    expect(gone).toHaveLength(Math.round(share * rows.length));
    expect(gone.length + left.length).toBe(rows.length);
    expect(gone.reduce((x, y) => Math.max(x, y), 0)).toBeLessThanOrEqual(
      left.reduce((x, y) => Math.min(x, y), Infinity),
    );
    expect(sparsityOf(network, pruned(params, masks))).toBeCloseTo(share, 3);
  });

  test('take the first of equal values, and values that are zero before others', () => {
    const tiny = resolveNetwork(
      ModelSpec.parse({
        input: { channels: 1, height: 1, width: 2 },
        classes: 2,
        layers: [{ kind: 'flatten' }],
      }),
    );
    const masked = (values: readonly number[], sparsity: number) => {
      const kernel = { shape: [2, 2], data: Float32Array.from(values) };
      const all = { 'output/kernel': kernel, 'output/bias': kernel };
      return [...pruningMasks(tiny, all, sparsity)['output/kernel']!.data];
    };
    expect(masked([1, -1, 1, 1], 0.5)).toEqual([0, 0, 1, 1]);
    expect(masked([-3, 1, -1, 0], 0.5)).toEqual([1, 0, 1, 0]);
    expect(masked([0, 0, 0, 2], 0.25)).toEqual([0, 1, 1, 1]);
  });

  test('leave everything but kernels as it was', () => {
    const after = pruned(params, pruningMasks(network, params, 0.9));
    expect(Object.keys(after)).toEqual(Object.keys(params));
    for (const name of Object.keys(params).filter((each) => !kernels.includes(each)))
      expect(after[name]).toBe(params[name]);
    const negativeZeros = kernels.flatMap((name) =>
      [...after[name]!.data].filter((value) => Object.is(value, -0)),
    );
    expect(negativeZeros).toEqual([]);
  });
});

const labels = Int32Array.from({ length: 8 }, (_, n) => n % 4);

async function trained(optimizer: object, masks: ReturnType<typeof pruningMasks> | null) {
  const options = TrainOptions.parse({ optimizer, averaging: {}, weightDecay: 0.01, threads: 1 });
  const all = pruningMasks(network, params, 0.8);
  const start = { params: pruned(params, all), optimizer: {}, average: null };
  const request = { spec, options, batchSize: 8, start, device: 'cpu', ...(masks && { masks }) };
  const trainer = await onnxEngine.trainer(request);
  const noise = new Uint8Array(trainer.noiseBytes);
  stream(1, 'noise').fill(noise);
  const batch = { pixels: noiseImages(spec, 8), labels, noise };
  for (let step = 1; step <= 4; step++) await trainer.step(batch, { step, learningRate: 0.01 });
  const state = await trainer.state();
  await trainer.dispose();
  return { state, start };
}

describe('training with masks', () => {
  const masks = pruningMasks(network, params, 0.8);
  const optimizers = [{ kind: 'momentum' }, { kind: 'adamw' }];

  test.each(optimizers)('keeps zeros at zero and moves the rest: $kind', async (optimizer) => {
    const { state, start } = await trained(optimizer, masks);
    for (const values of [state.params, state.average!]) {
      expect(sparsityOf(network, values)).toBe(sparsityOf(network, start.params));
      for (const name of kernels)
        values[name]!.data.forEach((value, i) => {
          if (masks[name]!.data[i] === 0 && value !== 0) throw new Error(`${name} ${i}: ${value}`);
        });
    }
    for (const { name } of network.params)
      expect(state.params[name]!.data).not.toEqual(start.params[name]!.data);
  });

  test('is what it would be without where every mask is one', async () => {
    const ones = pruningMasks(network, params, 0);
    const { state } = await trained(optimizers[1]!, ones);
    const { state: free } = await trained(optimizers[1]!, null);
    expect(state).toEqual(free);
    // Zeros do not stay by themselves.
    expect(sparsityOf(network, free.params)).toBeLessThan(0.1);
  });

  test('is refused by the engine that has none', async () => {
    const options = TrainOptions.parse({ threads: 1 });
    const request = { spec, options, batchSize: 8, start: null, device: 'cpu', masks };
    await expect(tfjsEngine.trainer(request)).rejects.toThrow('without masks');
  });
});
