/**
 * @file From a resolved network to its forward graph. One builder serves training, evaluation, inspection and
 * export: they differ in the batch dimension, in where parameters come from and in which outputs are read.
 */
import { activations } from '../model/activations.ts';
import type { Layer, Network, Pads, Param } from '../model/layers.ts';
import type { ActivationSpec } from '../model/spec.ts';
import { activate } from './activations.ts';
import {
  add,
  averagePool,
  cast,
  conv,
  gemm,
  greaterOrEqual,
  labeled,
  masked,
  maxPool,
  moments,
  mul,
  normalize,
  pooledConv,
  reduceMean,
  reshape,
  scaled,
  sigmoid,
  slice,
  softmax,
  sqrt,
  sub,
  div,
} from './build.ts';
import { BATCH, constant, input, scalar, type Value } from './value.ts';

export type ForwardOptions = {
  /** Samples in a batch; `BATCH` leaves it open. */
  readonly batchSize: number;
  /** The value of each parameter. */
  readonly param: (param: Param) => Value;
  /** Batch statistics and dropout; without it running statistics and no dropout. */
  readonly training: boolean;
  /** Keeps every layer's own output visible instead of moving activations behind pooling. */
  readonly traced?: boolean;
  /** Reads `image`, float32 0 … 1, instead of `pixels`: values between two gray levels, and gradients by them. */
  readonly readsImage?: boolean;
};

/** What a layer computed: `before` its activation and `after`. */
export type Trace = {
  readonly layer: Layer;
  readonly activation: ActivationSpec;
  readonly before: Value;
  readonly after: Value;
};

/** What goes into a layer and what comes out of it. */
export type Flow = { readonly layer: Layer; readonly input: Value; readonly output: Value };

export type Forward = {
  /** float32 [N, C, H, W], 0 … 1: what the first layer reads. */
  readonly image: Value;
  /** float32 [N, classes] both. */
  readonly logits: Value;
  readonly probabilities: Value;
  readonly traces: readonly Trace[];
  /** Every layer in order of computation, those inside a block before it. Only with `traced` each is a layer's own. */
  readonly flows: readonly Flow[];
  /** New running means and variances by parameter name; empty unless training. */
  readonly statistics: ReadonlyMap<string, Value>;
};

/** Dropout compares a random byte with this many levels: the rate is kept to 1/256. */
const NOISE_LEVELS = 256;

/** State of one build: options, and what is collected on the way. */
type Build = ForwardOptions & {
  readonly noise: Value | null;
  noiseUsed: number;
  readonly traces: Trace[];
  readonly flows: Flow[];
  readonly statistics: Map<string, Value>;
};

/** The whole network from pixels to probabilities. */
export function forward(network: Network, options: ForwardOptions): Forward {
  const { channels, height, width } = network.spec.input;
  const { batchSize } = options;
  const shape = [batchSize, channels, height, width];
  const noiseBytes = network.noiseBytesPerSample * batchSize;
  const build: Build = {
    ...options,
    noise: options.training && noiseBytes > 0 ? input('noise', 'uint8', [noiseBytes]) : null,
    noiseUsed: 0,
    traces: [],
    flows: [],
    statistics: new Map(),
  };
  const image = options.readsImage ? input('image', 'float32', shape) : scaledPixels(shape);
  const logits = runLayers(build, network.layers, image);
  const probabilities = labeled('output', () =>
    network.spec.output === 'sigmoid' ? sigmoid(logits) : softmax(logits),
  );
  const { traces, flows, statistics } = build;
  return { image, logits, probabilities, traces, flows, statistics };
}

function scaledPixels(shape: readonly number[]): Value {
  const pixels = input('pixels', 'uint8', shape);
  return labeled('input', () => scaled(cast(pixels, 'float32'), 1 / 255));
}

function runLayers(build: Build, layers: readonly Layer[], x: Value): Value {
  let value = x;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i]!;
    const next = layers[i + 1];
    const before = value;
    if (!build.traced && next?.kind === 'maxPool' && poolsFirst(layer, next)) {
      value = labeled(layer.name, () => convThenPool(build, layer, next.size, value));
      i++;
    } else {
      value = labeled(layer.name, () => runLayer(build, layer, value));
    }
    build.flows.push({ layer, input: before, output: value });
  }
  return value;
}

type Conv = Extract<Layer, { kind: 'conv2d' }>;

/** A monotone activation picks the same winner after max pooling, on a fraction of the values. */
function poolsFirst(layer: Layer, next: Layer): layer is Conv {
  return (
    layer.kind === 'conv2d' &&
    activations[layer.activation.name].monotone &&
    next.kind === 'maxPool' &&
    next.stride === next.size &&
    next.pads.every((n) => n === 0)
  );
}

function convThenPool(build: Build, layer: Conv, size: number, x: Value): Value {
  const [kernel, bias] = layer.params.map(build.param);
  const before = pooledConv(x, kernel!, bias!, windowOf(layer), [size, size]);
  return traced(build, layer, layer.activation, layer.params, before);
}

function runLayer(build: Build, layer: Layer, x: Value): Value {
  const N = build.batchSize;
  switch (layer.kind) {
    case 'dense': {
      const [kernel, bias] = layer.params;
      const before = gemm(x, build.param(kernel!), false, false, build.param(bias!));
      return traced(build, layer, layer.activation, layer.params, before);
    }
    case 'conv2d':
      return traced(build, layer, layer.activation, layer.params, convolve(build, layer, x));
    case 'maxPool':
      return maxPool(x, [layer.size, layer.size], windowOf(layer));
    case 'avgPool':
      return averagePool(x, [layer.size, layer.size], windowOf(layer));
    case 'globalAvgPool':
      return reduceMean(x, [2, 3], false);
    case 'flatten':
      return reshape(x, [N, ...layer.output]);
    case 'dropout':
      return dropout(build, layer.rate, layer.input, x);
    case 'batchNorm':
      return batchNorm(build, layer, x);
    case 'activation':
      return traced(build, layer, layer.activation, layer.params, x);
    case 'residual': {
      const branch = runLayers(build, layer.layers, x);
      const past = layer.shortcut ? convolve(build, layer.shortcut, x) : x;
      return traced(build, layer, layer.activation, layer.params, add(branch, past));
    }
    default:
      return layer satisfies never;
  }
}

function convolve(build: Build, layer: Conv, x: Value): Value {
  const [kernel, bias] = layer.params;
  return conv(x, build.param(kernel!), build.param(bias!), windowOf(layer));
}

function windowOf(layer: { readonly stride: number; readonly pads: Pads }) {
  return { strides: [layer.stride, layer.stride], pads: layer.pads };
}

/** Applies the activation and notes both sides of it. */
function traced(
  build: Build,
  layer: Layer,
  activation: ActivationSpec,
  params: readonly Param[],
  before: Value,
): Value {
  const param = params.find((each) => each.role === 'slopes');
  const slopes = param ? alongChannels(build.param(param), before) : null;
  const after = activate(before, activation, slopes);
  build.traces.push({ layer, activation, before, after });
  return after;
}

/** A vector over channels or units, shaped to broadcast over x [N, C, …]. */
function alongChannels(vector: Value, x: Value): Value {
  return reshape(vector, [vector.shape[0]!, ...x.shape.slice(2).map(() => 1)]);
}

/** A unit is kept where its byte is at least rate·256, and scaled so that the expected sum stays. */
function dropout(build: Build, rate: number, shape: readonly number[], x: Value): Value {
  if (!build.noise) return x;
  const dropped = Math.round(rate * NOISE_LEVELS);
  const count = build.batchSize * shape.reduce((n, dim) => n * dim, 1);
  const bytes = slice(build.noise, 0, build.noiseUsed, build.noiseUsed + count);
  build.noiseUsed += count;
  const levels = reshape(cast(bytes, 'float32'), [build.batchSize, ...shape]);
  const kept = masked(x, greaterOrEqual(levels, scalar(dropped)));
  return scaled(kept, NOISE_LEVELS / (NOISE_LEVELS - dropped));
}

/** Per channel or unit: (x − mean)/√(variance + ε) · scale + offset. */
function batchNorm(build: Build, layer: Extract<Layer, { kind: 'batchNorm' }>, x: Value): Value {
  const role = (name: Param['role']) => layer.params.find((param) => param.role === name)!;
  const wide = (name: Param['role']) => alongChannels(build.param(role(name)), x);
  if (!build.training) {
    const factor = div(wide('scale'), sqrt(add(wide('variance'), scalar(layer.epsilon))));
    return add(mul(sub(x, wide('mean')), factor), wide('offset'));
  }
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const { mean, variance } = moments(x, axes, layer.epsilon);
  follow(build, role('mean'), mean, layer.momentum);
  follow(build, role('variance'), variance, layer.momentum);
  return add(mul(normalize(x, axes, layer.epsilon), wide('scale')), wide('offset'));
}

/** running ← running·momentum + batch·(1 − momentum) */
function follow(build: Build, param: Param, batch: Value, momentum: number): void {
  const now = reshape(batch, param.shape);
  const mixed = add(scaled(build.param(param), momentum), scaled(now, 1 - momentum));
  build.statistics.set(param.name, mixed);
}

/** The network for use: parameters are part of the graph and the batch size is open. */
export function inference(
  network: Network,
  values: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >,
  options: { readonly traced?: boolean } = {},
): Forward {
  const param = ({ name }: Param): Value => {
    const value = values[name];
    if (!value) throw new Error(`no value for parameter ${name}`);
    return constant(value.shape, value.data);
  };
  return forward(network, { batchSize: BATCH, param, training: false, ...options });
}
