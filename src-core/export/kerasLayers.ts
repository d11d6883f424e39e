/**
 * @file A network as a graph of Keras's own layers, which the TensorFlow.js and the Keras export both write, each in
 * its own syntax. Images are [H, W, C] here. What Keras has no layer for is put together from layers it has, so that
 * no file needs code of its own to be loaded. Dropout does nothing when predicting, and is left out.
 */
import type { Tensor, Tensors } from '../engine/engine.ts';
import { resolveNetwork, size, type Layer, type Param, type Shape } from '../model/layers.ts';
import type { ActivationSpec, ModelSpec } from '../model/spec.ts';

export type KerasLayer = {
  readonly name: string;
  readonly className: string;
  /** Arguments by the names that Keras 3 gives them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers it reads, in order. */
  readonly inputs: readonly string[];
  /** Of its output, without the batch: [H, W, C] or [units]. */
  readonly shape: Shape;
  /** In Keras's order, under Keras's names. */
  readonly weights: readonly KerasWeight[];
};

export type KerasWeight = { readonly name: string; readonly value: Tensor };

type Of<K extends Layer['kind']> = Extract<Layer, { readonly kind: K }>;

/** Said of every layer that asks: a user's own settings can be otherwise. */
const channelsLast = { data_format: 'channels_last' } as const;

/** Layers so far; the values are read by name. */
type Build = { readonly layers: KerasLayer[]; readonly params: Tensors };

/** Reads pixels 0 … 255 as float32 [N, H, W, C]; the last layer is named `probabilities`, the one before it `output`. */
export function kerasLayers(spec: ModelSpec, params: Tensors): readonly KerasLayer[] {
  const build: Build = { layers: [], params };
  const { channels, height, width } = spec.input;
  const shape = [height, width, channels];
  const pixels: KerasLayer = {
    ...{ name: 'pixels', className: 'InputLayer', inputs: [], weights: [], shape },
    config: { batch_shape: [null, ...shape], dtype: 'float32' },
  };
  build.layers.push(pixels);
  const scaled = rescaled(build, 'scaled', pixels, 1 / 255);
  const logits = runLayers(build, resolveNetwork(spec).layers, scaled);
  append(build, 'probabilities', 'Activation', { activation: spec.output }, [logits]);
  return build.layers;
}

function append(
  build: Build,
  name: string,
  className: string,
  config: KerasLayer['config'],
  inputs: readonly KerasLayer[],
  rest: Partial<Pick<KerasLayer, 'shape' | 'weights'>> = {},
): KerasLayer {
  const layer = {
    ...{ name, className, config, inputs: inputs.map((input) => input.name) },
    ...{ shape: rest.shape ?? inputs[0]!.shape, weights: rest.weights ?? [] },
  };
  build.layers.push(layer);
  return layer;
}

function runLayers(build: Build, layers: readonly Layer[], x: KerasLayer): KerasLayer {
  return layers.reduce((value, layer) => runLayer(build, layer, value), x);
}

function runLayer(build: Build, layer: Layer, x: KerasLayer): KerasLayer {
  switch (layer.kind) {
    case 'dense':
      return activate(build, layer, dense(build, layer, x));
    case 'conv2d':
      return activate(build, layer, convolve(build, layer, x));
    case 'maxPool':
      return pool(build, 'MaxPooling2D', layer, x);
    case 'avgPool':
      return pool(build, 'AveragePooling2D', layer, x);
    case 'globalAvgPool':
      return append(build, layer.name, 'GlobalAveragePooling2D', channelsLast, [x], {
        shape: layer.output,
      });
    case 'flatten':
      return flatten(build, layer, x);
    case 'dropout':
      return x;
    case 'batchNorm':
      return normalize(build, layer, x);
    case 'activation':
      return activate(build, layer, x);
    case 'residual': {
      const branch = runLayers(build, layer.layers, x);
      const past = layer.shortcut ? convolve(build, layer.shortcut, x) : x;
      return activate(build, layer, append(build, layer.name, 'Add', {}, [branch, past]));
    }
    default:
      return layer satisfies never;
  }
}

function dense(build: Build, { name, params }: Of<'dense'>, x: KerasLayer): KerasLayer {
  const weights = weightsOf(build, params, { kernel: 'kernel', bias: 'bias' });
  const units = weights[1]!.value.shape[0]!;
  return append(build, name, 'Dense', { units }, [x], { shape: [units], weights });
}

function convolve(build: Build, layer: Of<'conv2d'>, x: KerasLayer): KerasLayer {
  const { kernel, stride, name } = layer;
  const [, rows, columns] = layer.output;
  const [filter, bias] = weightsOf(build, layer.params, { kernel: 'kernel', bias: 'bias' });
  const filters = bias!.value.shape[0]!;
  const config = {
    filters,
    ...{ kernel_size: [kernel, kernel], strides: [stride, stride], padding: padding(layer) },
    ...channelsLast,
  };
  const weights = [{ name: 'kernel', value: filtersLast(filter!.value) }, bias!];
  return append(build, name, 'Conv2D', config, [x], { shape: [rows!, columns!, filters], weights });
}

/** [out, in, kH, kW] → [kH, kW, in, out] */
function filtersLast({ shape, data }: Tensor): Tensor {
  const [filters, channels, height, width] = shape;
  const area = height! * width!;
  const ordered = new Float32Array(data.length);
  for (let o = 0; o < filters!; o++)
    for (let c = 0; c < channels!; c++)
      for (let i = 0; i < area; i++)
        ordered[(i * channels! + c) * filters! + o] = data[(o * channels! + c) * area + i]!;
  return { shape: [height!, width!, channels!, filters!], data: ordered };
}

function pool(
  build: Build,
  className: string,
  layer: Of<'maxPool' | 'avgPool'>,
  x: KerasLayer,
): KerasLayer {
  const [channels, rows, columns] = layer.output;
  const config = {
    ...{ pool_size: [layer.size, layer.size], strides: [layer.stride, layer.stride] },
    ...{ padding: padding(layer), ...channelsLast },
  };
  return append(build, layer.name, className, config, [x], { shape: [rows!, columns!, channels!] });
}

/** Resolved pads follow TensorFlow's `same` rule, so Keras finds the same ones. */
function padding({ pads }: Of<'conv2d' | 'maxPool' | 'avgPool'>): 'same' | 'valid' {
  return pads.some((pixels) => pixels > 0) ? 'same' : 'valid';
}

/** In the order [C, H, W] of the run, so that what follows keeps its parameters as they are. */
function flatten(build: Build, { name, input, output }: Layer, x: KerasLayer): KerasLayer {
  const [channels, ...area] = input;
  const isOrdered = channels === 1 || size(area) === 1;
  const ordered = isOrdered
    ? x
    : append(build, `${name}-order`, 'Permute', { dims: [3, 1, 2] }, [x], { shape: input });
  return append(build, name, 'Flatten', channelsLast, [ordered], { shape: output });
}

function normalize(build: Build, layer: Of<'batchNorm'>, x: KerasLayer): KerasLayer {
  const weights = weightsOf(build, layer.params, {
    ...{ scale: 'gamma', offset: 'beta', mean: 'moving_mean', variance: 'moving_variance' },
  });
  const config = { axis: -1, momentum: layer.momentum, epsilon: layer.epsilon };
  return append(build, layer.name, 'BatchNormalization', config, [x], { weights });
}

/** The parameters of the roles asked for, in that order, renamed. */
function weightsOf(
  { params }: Build,
  known: readonly Param[],
  names: Partial<Record<Param['role'], string>>,
): readonly KerasWeight[] {
  return Object.entries(names).map(([role, name]) => {
    const param = known.find((each) => each.role === role);
    const value = param && params[param.name];
    if (!value) throw new Error(`no value for ${role} of ${known[0]?.name}`);
    return { name, value };
  });
}

type Activated = Of<'dense' | 'conv2d' | 'activation' | 'residual'>;

function activate(build: Build, layer: Activated, x: KerasLayer): KerasLayer {
  const name = layer.kind === 'activation' ? layer.name : `${layer.name}-activation`;
  const { activation } = layer;
  if (activation.name !== 'prelu') return apply(build, name, activation, x);
  const [slopes] = weightsOf(build, layer.params, { slopes: 'alpha' });
  const isImage = x.shape.length === 3;
  const { data } = slopes!.value;
  const shape = isImage ? [1, 1, data.length] : [data.length];
  const weights = [{ name: 'alpha', value: { shape, data } }];
  const config = isImage ? { shared_axes: [1, 2] } : {};
  return append(build, name, 'PReLU', config, [x], { weights });
}

function apply(
  build: Build,
  name: string,
  spec: Exclude<ActivationSpec, { name: 'prelu' }>,
  x: KerasLayer,
): KerasLayer {
  switch (spec.name) {
    case 'linear':
      return x;
    case 'step':
      return step(build, name, x);
    case 'leaky-relu':
      return append(build, name, 'LeakyReLU', { negative_slope: spec.alpha }, [x]);
    case 'elu':
      return elu(build, name, spec.alpha, x);
    case 'swish':
      return swish(build, name, spec.beta, x);
    case 'maxout':
      return maxout(build, name, spec.pieces, x);
    default:
      return named(build, name, spec.name, x);
  }
}

function named(build: Build, name: string, activation: string, x: KerasLayer): KerasLayer {
  return append(build, name, 'Activation', { activation }, [x]);
}

function rescaled(build: Build, name: string, x: KerasLayer, scale: number): KerasLayer {
  return append(build, name, 'Rescaling', { scale, offset: 0 }, [x]);
}

/** min(max(2¹²⁷·x, 0), 1): the smallest normal float32 above zero, 2⁻¹²⁶, becomes 2, and so 1. */
function step(build: Build, name: string, x: KerasLayer): KerasLayer {
  const steep = rescaled(build, `${name}-steep`, x, 2 ** 127);
  return append(build, name, 'ReLU', { max_value: 1 }, [steep]);
}

/** α·elu(x) + (1 − α)·relu(x); TensorFlow.js has ELU with α = 1 alone. */
function elu(build: Build, name: string, alpha: number, x: KerasLayer): KerasLayer {
  if (alpha === 1) return named(build, name, 'elu', x);
  const curve = rescaled(build, `${name}-curve`, named(build, `${name}-elu`, 'elu', x), alpha);
  const line = rescaled(build, `${name}-line`, named(build, `${name}-relu`, 'relu', x), 1 - alpha);
  return append(build, name, 'Add', {}, [curve, line]);
}

/** x · sigmoid(βx) */
function swish(build: Build, name: string, beta: number, x: KerasLayer): KerasLayer {
  if (beta === 1) return named(build, name, 'swish', x);
  const gate = named(build, `${name}-gate`, 'sigmoid', rescaled(build, `${name}-beta`, x, beta));
  return append(build, name, 'Multiply', {}, [x, gate]);
}

/** The pieces of an output lie next to one another: in one long row they are a window of max pooling. */
function maxout(build: Build, name: string, pieces: number, x: KerasLayer): KerasLayer {
  const shape = [...x.shape.slice(0, -1), x.shape.at(-1)! / pieces];
  const row = [size(x.shape), 1];
  const listed = append(build, `${name}-row`, 'Reshape', { target_shape: row }, [x], {
    shape: row,
  });
  const config = { pool_size: [pieces], strides: [pieces], padding: 'valid', ...channelsLast };
  const best = append(build, `${name}-best`, 'MaxPooling1D', config, [listed], {
    shape: [size(shape), 1],
  });
  return append(build, name, 'Reshape', { target_shape: shape }, [best], { shape });
}
