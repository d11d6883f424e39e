/** @file The TensorFlow.js engine by itself: gradients against finite differences, memory, state, and failures. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { activationNames, defaultActivation } from '../model/activations.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { ModelSpec, TrainOptions, type LossSpec } from '../model/spec.ts';
import { stream } from '../random.ts';
import type { Batch, Tensors, Trainer, TrainState } from './engine.ts';
import { restoreUtil, tfjsDevices } from './tfjs/runtime.ts';
import { tfjsEngine } from './tfjs.ts';

const BATCH_SIZE = 4;
const tanh = { name: 'tanh' } as const;
const conv = { kind: 'conv2d', filters: 4, kernel: 2, activation: tanh } as const;

/** Every kind of layer once, all of them smooth but the maximum pooling. */
const everything = specOf([
  { ...conv, padding: 'same' },
  { kind: 'batchNorm' },
  { kind: 'avgPool', size: 2, stride: 1, padding: 'same' },
  {
    kind: 'residual',
    layers: [{ ...conv, filters: 6, stride: 2, padding: 'same' }],
    activation: tanh,
  },
  { kind: 'dropout', rate: 0.2 },
  { kind: 'maxPool', size: 2, stride: 1, padding: 'same' },
  { kind: 'flatten' },
  { kind: 'dense', units: 6, activation: { name: 'prelu' } },
  { kind: 'activation', activation: { name: 'swish', beta: 1 } },
]);

describe('the gradient is the slope of the loss for', () => {
  test('every kind of layer at once', () => checkGradient(everything));

  test('global average pooling', () => checkGradient(specOf([conv, { kind: 'globalAvgPool' }])));

  test.each(activationNames.filter((name) => name !== 'step'))('%s', (name) => {
    const activation = defaultActivation(name);
    return checkGradient(specOf([{ ...conv, activation }, { kind: 'flatten' }]));
  });

  test.each<LossSpec>([
    { kind: 'crossEntropy', labelSmoothing: 0.1 },
    { kind: 'meanSquaredError' },
  ])('$kind from sigmoids', (loss) =>
    checkGradient({ ...everything, output: 'sigmoid' }, TrainOptions.parse({ loss })),
  );
});

test('the binary step passes no gradient on', async () => {
  const spec = specOf([{ ...conv, activation: { name: 'step' } }]);
  const { gradient } = await lossAndGradient(spec, TrainOptions.parse({}), paramsOf(spec));
  expect(gradient['conv2d1/kernel']!.data.every((value) => value === 0)).toBe(true);
  expect(gradient['output/kernel']!.data.some((value) => value !== 0)).toBe(true);
});

test('no step, probe or prediction leaves a tensor behind', async () => {
  const options = TrainOptions.parse({ clipNorm: 1, averaging: { decay: 0.9 }, weightDecay: 0.1 });
  const before = tf.memory().numTensors;
  const trainer = await trainerOf(everything, options, paramsOf(everything));
  const started = tf.memory().numTensors;
  for (let step = 1; step <= 3; step++) await trainer.step(batchOf(trainer, step), at(step));
  const { pixels, labels } = batchOf(trainer, 4);
  await trainer.probe(pixels, labels);
  const { params } = await trainer.state();
  expect(tf.memory().numTensors).toBe(started);
  await trainer.dispose();
  const predictor = await tfjsEngine.predictor({
    spec: everything,
    params,
    device: 'cpu',
    threads: 1,
  });
  await predictor.predict(pixels);
  await predictor.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a trainer started from a stored state goes on exactly as the first would have', async () => {
  const options = TrainOptions.parse({ averaging: { decay: 0.9 } });
  const whole = await trainerOf(everything, options, paramsOf(everything));
  await whole.step(batchOf(whole, 1), at(1));
  const stored = await whole.state();
  await whole.step(batchOf(whole, 2), at(2));
  const resumed = await trainerOf(everything, options, stored.params, stored);
  await resumed.step(batchOf(resumed, 2), at(2));
  expect(await resumed.state()).toEqual(await whole.state());
});

test('a state that was handed out does not change with the next step', async () => {
  const trainer = await trainerOf(everything, TrainOptions.parse({}), paramsOf(everything));
  const state = await trainer.state();
  const copy = structuredClone(state);
  await trainer.step(batchOf(trainer, 1), at(1));
  expect(state).toEqual(copy);
});

test('prediction in chunks gives each image what it gets alone', async () => {
  const params = paramsOf(everything);
  const predictor = await tfjsEngine.predictor({
    spec: everything,
    params,
    device: 'cpu',
    threads: 1,
  });
  const pixels = randomBytes(IMAGE_BYTES * 130, 9);
  const { logits, probabilities } = await predictor.predict(pixels);
  const last = await predictor.predict(pixels.subarray(IMAGE_BYTES * 129));
  expect([...logits.subarray(129 * 5)]).toEqual([...last.logits]);
  expect(probabilities.subarray(129 * 5).reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
});

test('dead and saturated shares and slopes say what the parameters imply', async () => {
  const spec = specOf([
    { kind: 'flatten' },
    { kind: 'dense', units: 2, activation: { name: 'relu' } },
    { kind: 'dense', units: 2, activation: { name: 'prelu' } },
  ]);
  const params = initialParams(resolveNetwork(spec), 1);
  params['dense1/kernel']!.data.fill(0);
  params['dense1/bias']!.data.set([-1, 3]); // the first unit is below zero whatever it sees
  params['dense2/slopes']!.data.set([0.5, 0.25]);
  const trainer = await trainerOf(spec, TrainOptions.parse({}), params);
  const { pixels, labels } = batchOf(trainer, 1);
  const [relu, prelu] = await trainer.probe(pixels, labels);
  expect(relu).toMatchObject({
    layer: 'dense1',
    deadShare: 0.5,
    saturatedShare: 0.5,
    slopes: null,
  });
  expect(relu).toMatchObject({ activationMean: 1.5, activationSd: 1.5 });
  expect(prelu).toMatchObject({ deadShare: 0, slopes: { mean: 0.375, min: 0.25, max: 0.5 } });
});

test('the native backend, when not installed, is refused with what to do', async () => {
  const [native, plain] = await tfjsDevices();
  expect(plain).toMatchObject({ id: 'cpu', available: true });
  if (native?.available !== false) return;
  const request = { spec: everything, params: paramsOf(everything), threads: 1 };
  await expect(tfjsEngine.predictor({ ...request, device: 'tensorflow' })).rejects.toMatchObject({
    code: 'device-unavailable',
    hint: native.hint,
  });
});

test('a device the engine does not have is refused', async () => {
  const request = { spec: everything, params: paramsOf(everything), threads: 1, device: 'tpu' };
  await expect(tfjsEngine.predictor(request)).rejects.toMatchObject({ code: 'device-unavailable' });
});

test('the functions Node removed are put back, and those it has are left', () => {
  const own = () => 'mine';
  const target: Record<string, unknown> = { isArray: own };
  restoreUtil(target);
  expect(target['isArray']).toBe(own);
  expect(target['isNullOrUndefined']).toSatisfy((f: (x: unknown) => boolean) => f(null) && !f(0));
});

const input = { channels: 1, height: 5, width: 6 } as const;
const IMAGE_BYTES = 30;

function specOf(layers: unknown): ModelSpec {
  return ModelSpec.parse({ input: { channels: 1, height: 5, width: 6 }, layers, classes: 5 });
}

/** Initial parameters moved a little, so that biases and offsets matter. */
function paramsOf(spec: ModelSpec): Tensors {
  const params = initialParams(resolveNetwork(spec), 3);
  for (const [name, { data }] of Object.entries(params)) {
    const random = stream(3, name);
    data.forEach((value, i) => (data[i] = value + 0.05 * random.normal()));
  }
  return params;
}

function trainerOf(
  spec: ModelSpec,
  options: TrainOptions,
  params: Tensors,
  start: TrainState = { params, optimizer: {}, average: null },
): Promise<Trainer> {
  return tfjsEngine.trainer({ spec, options, batchSize: BATCH_SIZE, start, device: 'cpu' });
}

function at(step: number) {
  return { step, learningRate: 0.05 };
}

function batchOf(trainer: Trainer, seed: number): Batch {
  const random = stream(seed, 'labels');
  return {
    pixels: randomBytes(input.channels * IMAGE_BYTES * BATCH_SIZE, seed),
    labels: Int32Array.from({ length: BATCH_SIZE }, () => random.below(5)),
    noise: randomBytes(trainer.noiseBytes, seed + 100),
  };
}

function randomBytes(count: number, seed: number): Uint8Array {
  const filled = new Uint8Array(count);
  stream(seed, 'bytes').fill(filled);
  return filled;
}

/** With momentum, the velocity after the first step is the gradient. */
async function lossAndGradient(spec: ModelSpec, options: TrainOptions, params: Tensors) {
  const optimizer = { kind: 'momentum', momentum: 0 } as const;
  const trainer = await trainerOf(spec, { ...options, optimizer }, params);
  const { loss } = await trainer.step(batchOf(trainer, 1), { step: 1, learningRate: 0 });
  const { optimizer: state } = await trainer.state();
  await trainer.dispose();
  const gradient = Object.fromEntries(
    Object.entries(state).map(([name, tensor]) => [name.replace('velocity/', ''), tensor]),
  );
  return { loss, gradient };
}

/**
 * For each parameter tensor: along a random direction d, (L(w + hd) − L(w − hd)) / 2h ≈ g·d. Float32 losses and
 * kinks leave an error of about a thousandth of the whole gradient.
 */
async function checkGradient(spec: ModelSpec, options = TrainOptions.parse({})): Promise<void> {
  const params = paramsOf(spec);
  const { gradient } = await lossAndGradient(spec, options, params);
  const h = 5e-4;
  const scale = Math.max(...Object.values(gradient).map(({ data }) => Math.hypot(...data)));
  for (const [name, { data: g }] of Object.entries(gradient)) {
    const random = stream(11, name);
    // Along the gradient itself, plus as much again at random: neither sign nor order can hide.
    const norm = Math.hypot(...g) || 1;
    const d = g.map((value) => value / norm + random.normal() / Math.sqrt(g.length));
    const moved = (sign: number): Tensors => {
      const { shape, data } = params[name]!;
      return { ...params, [name]: { shape, data: data.map((w, i) => w + sign * h * d[i]!) } };
    };
    const [above, below] = [
      await lossAndGradient(spec, options, moved(1)),
      await lossAndGradient(spec, options, moved(-1)),
    ];
    const slope = (above.loss - below.loss) / (2 * h);
    const expected = g.reduce((sum, value, i) => sum + value * d[i]!, 0);
    expect(Math.abs(slope - expected) / scale, name).toBeLessThan(4e-3);
  }
}
