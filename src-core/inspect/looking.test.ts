/**
 * @file What is seen inside a network against computations that share no code with it: activations against
 * TensorFlow.js, slopes against differences, sums against their terms.
 */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Tensor, Tensors } from '../engine/engine.ts';
import { imageSize } from '../engine/engine.ts';
import { openGraph } from '../engine/graphRunner.ts';
import { onnxEngine } from '../engine/onnx.ts';
import { forward as tfjsForward, imagesOf, type Named } from '../engine/tfjs/forward.ts';
import { loadRuntime } from '../engine/tfjs/runtime.ts';
import { allSpecs } from '../export/fixture.ts';
import { forward } from '../graph/network.ts';
import { constant } from '../graph/value.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork, size } from '../model/layers.ts';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { stream } from '../random.ts';
import { largestByUnit, trace } from './activations.ts';
import { exciting } from './exciting.ts';
import { neuron } from './neuron.ts';
import { nudge } from './nudge.ts';
import { openNetwork, type OpenNetwork } from './openNetwork.ts';
import { saliency } from './saliency.ts';

const runtime = await loadRuntime('cpu');

/** A network with parameters moved off their zeros, so that each of them matters. */
function opened(spec: ModelSpec, options: object = {}): OpenNetwork {
  const network = resolveNetwork(spec);
  const params = initialParams(network, 3);
  for (const { name, role } of network.params) {
    const random = stream(3, name);
    if (role !== 'kernel')
      params[name]!.data.forEach((value, i, data) => (data[i] = value + 0.1 * random.normal()));
  }
  const source = {
    kind: 'network' as const,
    spec,
    options: TrainOptions.parse({ threads: 1, ...options }),
    engine: 'onnx',
    device: 'cpu',
    parameters: { kind: 'initial' as const },
  };
  const stored = { params, optimizer: null, step: 0 };
  const open = openNetwork(source, stored, async () => onnxEngine);
  onTestFinished(() => open.dispose());
  return open;
}

function picture({ input }: ModelSpec, seed = 1): Uint8Array {
  const pixels = new Uint8Array(imageSize(input));
  stream(seed, 'picture').fill(pixels);
  return pixels;
}

function near(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
) {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / scale;
    if (!(error <= worst)) worst = error; // NaN is no agreement
  }
  expect(worst, what).toBeLessThanOrEqual(tolerance);
}

const color = { channels: 3, height: 7, width: 6 } as const;
const tanh = { name: 'tanh' } as const;
const convolutions = (activation: object, padding = 'same', stride = 1) =>
  ModelSpec.parse({
    input: color,
    classes: 4,
    layers: [
      { kind: 'conv2d', filters: 4, kernel: 3, padding, stride, activation },
      { kind: 'flatten' },
      { kind: 'dense', units: 5, activation },
    ],
  });

describe('activations of every layer, activation and preset', () => {
  test.each(allSpecs())('are those of TensorFlow.js: $name', async ({ spec }) => {
    const open = opened(spec);
    const pixels = picture(spec);
    const expected = await oracleActivations(open, pixels);
    const found = await trace(open, pixels);
    for (const [name, values] of Object.entries(expected))
      near(name, found[name]!.data, values, 1e-4);
    for (const { layer } of open.pass.flows)
      expect(found[`${layer.name}/output`]!.shape).toEqual(layer.output);
  });
});

/** `NAME/before`, `NAME/output` and `logits`, channels first. */
async function oracleActivations(open: OpenNetwork, pixels: Uint8Array) {
  const { network, stored } = open;
  const seen: Record<string, Float32Array> = {};
  await runtime.run(() => {
    const { tf } = runtime;
    const params: Named = Object.fromEntries(
      Object.entries(stored.params).map(([name, { shape, data }]) => [
        name,
        tf.tensor(data, [...shape]),
      ]),
    );
    type Found = (typeof params)[string];
    const values = (x: Found) =>
      Float32Array.from((x.rank === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x).dataSync());
    const images = imagesOf(tf, network.spec.input, pixels);
    const logits = tfjsForward(
      tf,
      network,
      params,
      images,
      { kind: 'inference' },
      (layer, before, after) => {
        seen[`${layer.name}/before`] = values(before);
        seen[`${layer.name}/output`] = values(after);
      },
    );
    seen['logits'] = values(logits);
  });
  return seen;
}

/** Scores of a class for an image of floats, by a graph that has no gradient in it. */
async function scores(open: OpenNetwork, image: Float32Array, chosen: number): Promise<number> {
  const { network, stored } = open;
  const { channels, height, width } = network.spec.input;
  const shape = [1, channels, height, width];
  const graph = await open.graph('plain scores', () => {
    const param = ({ name }: { name: string }) =>
      constant(stored.params[name]!.shape, stored.params[name]!.data);
    return {
      logits: forward(network, { batchSize: 1, param, training: false, readsImage: true }).logits,
    };
  });
  return (await graph.run({ image: { shape, data: image } }))['logits']!.data[chosen]!;
}

describe('saliency', () => {
  test.each([
    ['dense and convolutional', convolutions(tanh)],
    ['with strides and maxout', convolutions({ name: 'maxout', pieces: 2 }, 'valid', 2)],
    [
      'with batch statistics',
      ModelSpec.parse({
        input: color,
        classes: 3,
        layers: [
          { kind: 'batchNorm' },
          { kind: 'conv2d', filters: 3, kernel: 3, activation: tanh },
          { kind: 'avgPool', size: 2 },
        ],
      }),
    ],
  ])('by gradients is that of differences: %s', async (_, spec) => {
    const open = opened(spec);
    const pixels = picture(spec);
    const image = Float32Array.from(pixels, (level) => level / 255);
    const { saliency: map } = await saliency(open, {
      source: open.source,
      pixels,
      method: 'gradient-input',
      class: 1,
    });
    // Small beside the kinks of maxout, large beside the rounding of float32.
    const step = 3e-3;
    const expected = new Float32Array(image.length);
    for (const i of image.keys()) {
      const high = await scores(open, image.with(i, image[i]! + step), 1);
      const low = await scores(open, image.with(i, image[i]! - step), 1);
      expected[i] = (image[i]! * (high - low)) / (2 * step);
    }
    expect(map.shape).toEqual([3, 7, 6]);
    near('gradient × input', map.data, expected, 2e-3);
  });

  test('by integrated gradients adds up to the difference from black', async () => {
    const spec = convolutions(tanh);
    const open = opened(spec);
    const pixels = picture(spec);
    const found = await saliency(open, {
      source: open.source,
      pixels,
      method: 'integrated-gradients',
      class: null,
    });
    const image = Float32Array.from(pixels, (level) => level / 255);
    const difference =
      (await scores(open, image, found.class)) -
      (await scores(open, new Float32Array(image.length), found.class));
    const sum = found.saliency.data.reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(difference, 3);
    expect(found.gap).toBeCloseTo(sum - difference, 5);
  });

  test('by occlusion is how far the probability falls, window by window', async () => {
    const spec = convolutions(tanh);
    const open = opened(spec);
    const pixels = picture(spec);
    const found = await saliency(open, {
      source: open.source,
      pixels,
      method: 'occlusion',
      class: 2,
    });
    const predictor = await open.predictor();
    const probability = async (image: Uint8Array) =>
      (await predictor.predict(image)).probabilities[2]!;
    const whole = await probability(pixels);
    // Windows of one pixel, one beside the other, on an image of 7 × 6.
    const expected = new Float32Array(42);
    for (let place = 0; place < 42; place++) {
      const covered = pixels.slice();
      for (let c = 0; c < 3; c++) covered[c * 42 + place] = 0;
      expected[place] = whole - (await probability(covered));
    }
    expect(found.saliency.shape).toEqual([1, 7, 6]);
    near('occlusion', found.saliency.data, expected, 1e-6);
  });
});

describe('a unit written out', () => {
  const specs = {
    'same padding': convolutions(tanh),
    strides: convolutions({ name: 'prelu' }, 'valid', 2),
    maxout: convolutions({ name: 'maxout', pieces: 3 }),
  };
  test.each(Object.entries(specs))('sums to what the engine found: %s', async (_, spec) => {
    const open = opened(spec);
    const pixels = picture(spec);
    for (const layer of ['conv2d1', 'dense1', 'output'])
      for (const unit of [0, 2]) {
        const position: [number, number] | null = layer === 'conv2d1' ? [0, 1] : null;
        const found = await neuron(open, { source: open.source, pixels, layer, unit, position });
        const sum = found.terms.reduce((total, { product }) => total + product, 0);
        expect(sum + found.restSum + found.bias).toBeCloseTo(found.before, 4);
        for (const { input, weight, product } of found.terms) expect(input * weight).toBe(product);
        if (found.curve)
          expect(interpolated(found.curve, found.before)).toBeCloseTo(found.after, 1);
        else expect(found.after).toBe(found.before);
      }
  });

  test.each([
    [{ layer: 'conv9', unit: 0, position: null }],
    [{ layer: 'flatten1', unit: 0, position: null }],
    [{ layer: 'dense1', unit: 5, position: null }],
    [{ layer: 'conv2d1', unit: 0, position: [7, 0] as [number, number] }],
  ])('that is not there is refused: %j', async (place) => {
    const open = opened(specs['same padding']);
    const pixels = picture(open.network.spec);
    await expect(neuron(open, { source: open.source, pixels, ...place })).rejects.toMatchObject({
      code: 'network-place',
    });
  });
});

function interpolated(
  { x, y }: { x: readonly number[]; y: readonly number[] },
  at: number,
): number {
  const i = x.findIndex((value) => value >= at);
  const share = (at - x[i - 1]!) / (x[i]! - x[i - 1]!);
  return y[i - 1]! + share * (y[i]! - y[i - 1]!);
}

describe('the nudge of one step', () => {
  const some = {
    optimizer: { kind: 'momentum' },
    learningRate: 0.1,
    clipNorm: 0.5,
    weightDecay: 0.01,
  };

  test('is what the engine that trains does, where a batch of one means the same', async () => {
    const spec = convolutions(tanh);
    const open = opened(spec, some);
    const pixels = picture(spec);
    const found = await nudge(open, { source: open.source, pixels, label: 3, learningRate: 0.1 });
    const trainer = await onnxEngine.trainer({
      spec,
      options: open.source.options,
      batchSize: 1,
      start: { params: open.stored.params, optimizer: {}, average: null },
      device: 'cpu',
    });
    const batch = { pixels, labels: Int32Array.of(3), noise: new Uint8Array(0) };
    const { loss } = await trainer.step(batch, { step: 1, learningRate: 0.1 });
    const { params } = await trainer.state();
    await trainer.dispose();
    expect(found.loss).toBeCloseTo(loss, 5);
    expect(found.isFresh).toBe(true);
    for (const [name, { data }] of Object.entries(params)) {
      const before = open.stored.params[name]!.data;
      near(
        name,
        found.nudges[name]!.data,
        data.map((value, i) => value - before[i]!),
        1e-5,
      );
    }
  });

  test('has the gradient of the loss, with dropout off and statistics kept', async () => {
    const spec = ModelSpec.parse({
      input: color,
      classes: 4,
      layers: [
        { kind: 'flatten' },
        { kind: 'batchNorm' },
        { kind: 'dropout', rate: 0.5 },
        { kind: 'dense', units: 6, activation: tanh },
      ],
    });
    const open = opened(spec, some);
    const asked = { source: open.source, pixels: picture(spec), label: 1, learningRate: 0.1 };
    const { gradients, nudges } = await nudge(open, asked);
    expect(Object.keys(nudges)).not.toContain('batchNorm1/mean');
    for (const name of ['dense1/kernel', 'dense1/bias', 'batchNorm1/scale'])
      for (const i of [0, 3]) {
        const slope =
          (await lossAt(open, asked, name, i, 1e-2)) - (await lossAt(open, asked, name, i, -1e-2));
        expect(gradients[name]!.data[i], `${name} ${i}`).toBeCloseTo(slope / 2e-2, 3);
      }
  });

  /** Cross-entropy from the probabilities of a network with one value moved. */
  async function lossAt(
    open: OpenNetwork,
    { pixels, label }: { pixels: Uint8Array; label: number },
    name: string,
    index: number,
    by: number,
  ): Promise<number> {
    const { shape, data } = open.stored.params[name]!;
    const moved: Tensors = {
      ...open.stored.params,
      [name]: { shape, data: data.with(index, data[index]! + by) },
    };
    const { spec } = open.network;
    const predictor = await onnxEngine.predictor({
      spec,
      params: moved,
      device: 'cpu',
      threads: 1,
    });
    const { probabilities } = await predictor.predict(pixels);
    await predictor.dispose();
    return -Math.log(probabilities[label]!);
  }
});

test('the images that excite a unit most are those of a slow search', async () => {
  const spec = convolutions({ name: 'relu' });
  const open = opened(spec);
  const images = Array.from({ length: 40 }, (_, i) => picture(spec, i));
  const found = await exciting(open, 'conv2d1', async (work) => {
    for (let first = 0; first < 40; first += 7) {
      const piece = images.slice(first, first + 7);
      await work(Uint8Array.from(piece.flatMap((image) => [...image])), first);
    }
  });
  const peaks = await Promise.all(
    images.map(async (image) => {
      const { shape, data } = (await trace(open, image))['conv2d1/output']!;
      const area = size(shape.slice(1));
      return Math.max(...data.subarray(2 * area, 3 * area));
    }),
  );
  const order = [...peaks.keys()].sort((a, b) => peaks[b]! - peaks[a]!).slice(0, found.kept);
  expect([...found.indices.subarray(2 * found.kept, 3 * found.kept)]).toEqual(order);
  near(
    'values',
    found.values.subarray(2 * found.kept, 3 * found.kept),
    order.map((i) => peaks[i]!),
    1e-6,
  );
});

test('a value that is no number is the largest of its unit', () => {
  const tensor: Tensor = { shape: [1, 2, 3], data: Float32Array.of(1, NaN, 3, 4, 6, 5) };
  expect([...largestByUnit(tensor).values]).toEqual([NaN, 6]);
});

test('a graph copies its outputs: a second run leaves the first alone', async () => {
  const open = opened(convolutions(tanh));
  const graph = await openGraph({ probabilities: open.pass.probabilities }, 1);
  onTestFinished(() => graph.dispose());
  const run = (seed: number) =>
    graph.run({ pixels: { shape: [1, 3, 7, 6], data: picture(open.network.spec, seed) } });
  const first = (await run(1))['probabilities']!;
  const before = [...first.data];
  await run(2);
  expect([...first.data]).toEqual(before);
});
