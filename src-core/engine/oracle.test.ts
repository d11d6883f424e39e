/**
 * @file The default engine against the TensorFlow.js engine, which shares no code with it but the resolved
 * network: same parameters, same batches, then loss, gradients, parameters, health and predictions must agree.
 * Every table is iterated, so what is added to one is compared by existing.
 */
import { describe, expect, test } from 'vitest';
import { activationNames, defaultActivation } from '../model/activations.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { isPresetName, presets, presetSpec } from '../model/presets.ts';
import {
  ModelSpec,
  TrainOptions,
  type ActivationSpec,
  type LayerKind,
  type LossSpec,
  type OptimizerSpec,
} from '../model/spec.ts';
import { stream, type Stream } from '../random.ts';
import {
  imageSize,
  type Batch,
  type Engine,
  type LayerHealth,
  type Prediction,
  type StepResult,
  type Tensors,
  type TrainState,
} from './engine.ts';
import { onnxEngine } from './onnx.ts';
import { tfjsEngine } from './tfjs.ts';

type Input<Schema extends { readonly _zod: { readonly input: unknown } }> = Schema['_zod']['input'];
type Layers = Input<typeof ModelSpec>['layers'];

const TOLERANCE = 1e-4;
const LEARNING_RATE = 0.02;
const STEPS = 3;
const image = { channels: 3, height: 9, width: 7 } as const;
const tanh = { name: 'tanh' } as const;
const conv = { kind: 'conv2d', filters: 4, kernel: 3, activation: tanh } as const;
const dense = { kind: 'dense', units: 6, activation: tanh } as const;
/** After its first step, the velocity is the gradient. */
const momentum = { kind: 'momentum', momentum: 0.9 } as const;

/** Where each layer stands between others that have gradients. */
const layersByKind: Record<LayerKind, readonly Layers[]> = {
  dense: [[{ kind: 'flatten' }, dense, dense]],
  conv2d: [
    [conv],
    [
      { ...conv, padding: 'same' },
      { ...conv, kernel: 1 },
    ],
    [
      { ...conv, padding: 'same', kernel: 5, stride: 2 },
      { ...conv, kernel: 2, padding: 'same' },
    ],
    [
      { ...conv, stride: 2 },
      { ...conv, kernel: 2, stride: 3, padding: 'same' },
    ],
  ],
  maxPool: [
    [conv, { kind: 'maxPool', size: 2 }],
    [conv, { kind: 'maxPool', size: 2, padding: 'same' }, { ...conv, kernel: 2 }],
    [conv, { kind: 'maxPool', size: 3, stride: 2, padding: 'same' }],
    [conv, { kind: 'maxPool', size: 3, stride: 1 }],
  ],
  avgPool: [
    [conv, { kind: 'avgPool', size: 2 }],
    [conv, { kind: 'avgPool', size: 2, padding: 'same' }, { ...conv, kernel: 2 }],
    [conv, { kind: 'avgPool', size: 3, stride: 2, padding: 'same' }],
    [conv, { kind: 'avgPool', size: 3, stride: 1 }],
  ],
  globalAvgPool: [[conv, { kind: 'globalAvgPool' }]],
  flatten: [[{ kind: 'flatten' }], [conv, { kind: 'flatten' }, dense]],
  dropout: [
    [
      conv,
      { kind: 'dropout', rate: 0.3 },
      conv,
      { kind: 'flatten' },
      { kind: 'dropout', rate: 0.5 },
    ],
    [{ kind: 'dropout', rate: 0 }, conv, { kind: 'dropout', rate: 0.001 }],
  ],
  batchNorm: [
    [
      { ...conv, activation: { name: 'linear' } },
      { kind: 'batchNorm' },
      { kind: 'activation', activation: tanh },
    ],
    [
      { kind: 'batchNorm', momentum: 0.5 },
      conv,
      { kind: 'flatten' },
      dense,
      { kind: 'batchNorm', epsilon: 0.1 },
    ],
  ],
  activation: [[conv, { kind: 'activation', activation: { name: 'prelu' } }]],
  residual: [
    [conv, { kind: 'residual', layers: [{ ...conv, padding: 'same' }], activation: tanh }],
    [
      conv,
      {
        kind: 'residual',
        layers: [
          { ...conv, filters: 6, stride: 2, padding: 'same' },
          { kind: 'batchNorm' },
          { kind: 'dropout', rate: 0.25 },
          { ...conv, filters: 6, padding: 'same' },
        ],
        activation: { name: 'prelu' },
      },
      { kind: 'dropout', rate: 0.5 },
    ],
    [
      { kind: 'flatten' },
      dense,
      { kind: 'residual', layers: [dense], activation: { name: 'relu' } },
    ],
  ],
};

describe('both engines agree on', () => {
  for (const [kind, networks] of Object.entries(layersByKind))
    networks.forEach((layers, i) => test(`${kind} ${i + 1}`, () => compare({ layers })));

  test.each(activationNames)('%s', async (name) => {
    const activation = defaultActivation(name);
    await compare({ layers: around(activation) });
  });

  test.each([
    { name: 'leaky-relu', alpha: 0.3 },
    { name: 'elu', alpha: 0.4 },
    { name: 'swish', beta: 2.5 },
    { name: 'maxout', pieces: 4 },
  ] as const)('$name with other constants', (activation) =>
    compare({ layers: around(activation) }),
  );

  const losses: Record<string, LossSpec> = {
    'cross-entropy': { kind: 'crossEntropy', labelSmoothing: 0 },
    'smoothed cross-entropy': { kind: 'crossEntropy', labelSmoothing: 0.1 },
    'mean squared error': { kind: 'meanSquaredError' },
  };
  describe.each(['softmax', 'sigmoid'] as const)('%s with', (output) => {
    test.each(Object.entries(losses))('%s', (_, loss) =>
      compare({ layers: [conv], output, options: { loss } }),
    );
  });

  test('a loss whose scores are too large for a naive exponential', () =>
    compare({ layers: [{ kind: 'flatten' }, dense], kernelScale: 300 }));

  const optimizers: Record<OptimizerSpec['kind'], OptimizerSpec> = {
    'gradient-descent': { kind: 'gradient-descent' },
    sgd: { kind: 'sgd' },
    momentum,
    nesterov: { kind: 'nesterov', momentum: 0.8 },
    rmsprop: { kind: 'rmsprop', decay: 0.9, epsilon: 1e-7 },
    adam: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    adamw: { kind: 'adamw', beta1: 0.8, beta2: 0.99, epsilon: 1e-4 },
  };
  describe.each(Object.values(optimizers))('$kind', (optimizer) => {
    const variants: Record<string, Input<typeof TrainOptions>> = {
      alone: {},
      'with weight decay': { weightDecay: 0.1 },
      'with clipping': { clipNorm: 0.05 },
      'with decay, clipping and averaging': {
        weightDecay: 0.05,
        clipNorm: 0.3,
        averaging: { decay: 0.7 },
      },
    };
    test.each(Object.entries(variants))('%s', (_, more) =>
      compare({
        layers: [{ ...conv, activation: { name: 'prelu' } }],
        options: { ...more, optimizer },
      }),
    );
  });

  test('averaging of running statistics', () =>
    compare({ layers: [conv, { kind: 'batchNorm' }], options: { averaging: { decay: 0.9 } } }));

  test.each(Object.keys(presets).filter(isPresetName))(
    'the preset %s',
    (name) => {
      // The smallest images that every preset takes, which are not square either: TensorFlow.js takes seconds for 28 × 28.
      const spec = presetSpec(name, { channels: 1, height: 16, width: 18 }, 10, { name: 'relu' });
      return compare({ layers: spec.layers, output: spec.output, input: spec.input, preset: true });
    },
    30_000,
  );
});

describe('both engines make the same choice', () => {
  test.each(activationNames)('of slope for %s at exactly zero', (name) => {
    const activation = defaultActivation(name);
    const layers: Layers = [{ ...conv, kernel: 1, activation }];
    const black = new Uint8Array(imageSize(image) * 4);
    return compare({ layers, pixels: black, adjust: zeroed('conv2d1/bias') });
  });

  test('between equal values in a maximum pooling', () => {
    // With equal weights every 2×2 patch of a checkerboard sums to the same, but its pixels differ.
    const layers: Layers = [
      { ...conv, kernel: 2 },
      { kind: 'maxPool', size: 2, stride: 1 },
    ];
    const board = Uint8Array.from({ length: imageSize(image) * 4 }, (_, i) => (i % 2) * 255);
    return compare({ layers, pixels: board, adjust: filled('conv2d1/kernel', 0.25) });
  });

  test('between equal pieces of a maxout', () => {
    const layers: Layers = [
      { kind: 'flatten' },
      { ...dense, activation: { name: 'maxout', pieces: 3 } },
    ];
    const adjust = (params: Params) => {
      filled('dense1/kernel', 0.01)(params);
      zeroed('dense1/bias')(params);
    };
    return compare({ layers, adjust });
  });

  test('between equal scores when they count right answers', () =>
    compare({
      layers: [{ kind: 'flatten' }],
      adjust: (params) => {
        zeroed('output/kernel')(params);
        zeroed('output/bias')(params);
      },
    }));
});

type Params = Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

type Case = {
  readonly layers: Layers;
  readonly output?: ModelSpec['output'];
  readonly input?: ModelSpec['input'];
  readonly options?: Input<typeof TrainOptions>;
  readonly kernelScale?: number;
  readonly pixels?: Uint8Array;
  readonly adjust?: (params: Params) => void;
  /** Fewer samples and no probe: TensorFlow.js takes seconds for these. */
  readonly preset?: boolean;
};

/** A network in which `activation` follows a convolution, stands alone, and follows a dense layer. */
function around(activation: ActivationSpec): Layers {
  return [
    { ...conv, activation },
    { kind: 'maxPool', size: 2 },
    { kind: 'conv2d', filters: 8, kernel: 2 },
    { kind: 'activation', activation },
    { kind: 'flatten' },
    { kind: 'dense', units: 6, activation },
  ];
}

function zeroed(name: string) {
  return filled(name, 0);
}

function filled(name: string, value: number) {
  return (params: Params) => {
    params[name]!.data.fill(value);
  };
}

type Outcome = {
  readonly steps: readonly StepResult[];
  readonly first: TrainState;
  readonly last: TrainState;
  readonly health: readonly LayerHealth[];
  readonly prediction: Prediction;
};

async function compare(given: Case): Promise<void> {
  const [tfjs, onnx] = [await train(tfjsEngine, given), await train(onnxEngine, given)];
  tfjs.steps.forEach(({ loss, correct }, i) => {
    expect(onnx.steps[i]!.correct, `correct at step ${i + 1}`).toBe(correct);
    near(`loss of step ${i + 1}`, [onnx.steps[i]!.loss], [loss], Math.abs(loss));
  });
  // Adam's moments are stored as each engine likes; velocity and square are what they are called.
  if (!('m/output/kernel' in tfjs.first.optimizer))
    nearAll('optimizer state after 1 step', onnx.first.optimizer, tfjs.first.optimizer);
  nearAll(`parameters after ${STEPS} steps`, onnx.last.params, tfjs.last.params);
  expect(onnx.last.average === null).toBe(tfjs.last.average === null);
  nearAll('average', onnx.last.average ?? {}, tfjs.last.average ?? {});
  sameHealth(onnx.health, tfjs.health);
  near('logits', onnx.prediction.logits, tfjs.prediction.logits);
  near('probabilities', onnx.prediction.probabilities, tfjs.prediction.probabilities);
}

async function train(engine: Engine, given: Case): Promise<Outcome> {
  const input = given.input ?? image;
  const output = given.output ?? 'softmax';
  const spec = ModelSpec.parse({ input, layers: given.layers, classes: 10, output });
  const batchSize = given.preset ? 2 : 4;
  const options = TrainOptions.parse({
    optimizer: momentum,
    threads: 1,
    ...given.options,
    batchSize,
  });
  const start = { params: startOf(spec, given), optimizer: {}, average: null };
  const trainer = await engine.trainer({ spec, options, batchSize, start, device: 'cpu' });
  const steps: StepResult[] = [];
  let first: TrainState | null = null;
  for (let step = 1; step <= STEPS; step++) {
    const batch = batchOf(spec, batchSize, trainer.noiseBytes, step, given.pixels);
    steps.push(await trainer.step(batch, { step, learningRate: LEARNING_RATE / step }));
    first ??= await trainer.state();
  }
  const last = await trainer.state();
  const { pixels, labels } = batchOf(spec, batchSize, 0, STEPS + 1, given.pixels);
  const health = given.preset ? [] : await trainer.probe(pixels, labels);
  await trainer.dispose();
  const predictor = await engine.predictor({
    spec,
    params: last.params,
    device: 'cpu',
    threads: 1,
  });
  const prediction = await predictor.predict(pixels.subarray(0, imageSize(input)));
  await predictor.dispose();
  return { steps, first: first!, last, health, prediction };
}

/** Initial parameters, moved off their zeros and ones so that every one of them matters. */
function startOf(spec: ModelSpec, { kernelScale, adjust }: Case): Params {
  const network = resolveNetwork(spec);
  const params = initialParams(network, 7);
  for (const { name, role } of network.params) {
    const { data } = params[name]!;
    const random = stream(7, `oracle/${name}`);
    data.forEach((value, i) => {
      if (role !== 'kernel') data[i] = value + 0.1 * random.normal();
      else data[i] = value * (kernelScale ?? 1);
    });
  }
  adjust?.(params);
  return params;
}

function batchOf(
  spec: ModelSpec,
  count: number,
  noiseBytes: number,
  step: number,
  pixels?: Uint8Array,
): Batch {
  const random = stream(step, 'oracle');
  return {
    pixels: pixels ?? bytes(count * imageSize(spec.input), random),
    labels: Int32Array.from({ length: count }, () => random.below(spec.classes)),
    noise: bytes(noiseBytes, random),
  };
}

function bytes(count: number, random: Stream): Uint8Array {
  const filledBytes = new Uint8Array(count);
  random.fill(filledBytes);
  return filledBytes;
}

function sameHealth(actual: readonly LayerHealth[], expected: readonly LayerHealth[]): void {
  expect(actual.map(({ layer, activation }) => `${layer} ${activation}`)).toEqual(
    expected.map(({ layer, activation }) => `${layer} ${activation}`),
  );
  const norms = expected.map(({ gradientNorm }) => gradientNorm);
  expected.forEach((row, i) => {
    const found = actual[i]!;
    near(
      `gradient norm of ${row.layer}`,
      [found.gradientNorm],
      [row.gradientNorm],
      1e-3 * largest(norms),
    );
    for (const key of ['deadShare', 'saturatedShare', 'activationMean', 'activationSd'] as const)
      near(`${key} of ${row.layer}`, [found[key]], [row[key]], row.activationSd);
    expect(found.slopes === null, `slopes of ${row.layer}`).toBe(row.slopes === null);
    if (row.slopes) near('slopes', Object.values(found.slopes!), Object.values(row.slopes));
  });
}

/** Compares tensor by tensor. A gradient that is zero on paper is rounding noise, hence the floor. */
function nearAll(what: string, actual: Tensors, expected: Tensors): void {
  expect(Object.keys(actual).sort(), what).toEqual(Object.keys(expected).sort());
  const floor = 1e-2 * largest(Object.values(expected).map(({ data }) => largest(data)));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name]!.shape, `shape of ${name}`).toEqual(shape);
    near(`${what}: ${name}`, actual[name]!.data, data, floor);
  }
}

/** Within TOLERANCE of the largest expected value, or of `floor` where that is larger. */
function near(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  floor = 0,
): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(floor, largest(expected), 1e-30);
  let worst = 0;
  // NaN compares as neither: `>` alone would let it pass.
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / scale;
    if (!(error <= worst)) worst = error;
  }
  expect(worst, `${what}: relative difference`).toBeLessThanOrEqual(TOLERANCE);
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
