/**
 * @file The network in TensorFlow.js operations. Images are [N, H, W, C] inside, as tfjs's kernels want them;
 * parameters, noise and flattened images keep the order [C, H, W] of the interface.
 */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { ActivationSpec, ImageShape } from '../../model/spec.ts';
import { size, type Layer, type Network, type Pads, type Param } from '../../model/layers.ts';
import { activate } from './activations.ts';
import type { TF } from './runtime.ts';

/** Tensors by parameter name. */
export type Named = Readonly<Record<string, Tensor>>;

export type Mode =
  | { readonly kind: 'inference' }
  /** `running` collects the moved statistics of batch normalization, by parameter name. */
  | {
      readonly kind: 'training';
      readonly noise: Uint8Array;
      readonly running: Record<string, Tensor>;
    };

/** Called for each layer that has an activation, with the values before and after it. */
export type Watch = (layer: Layer, before: Tensor, after: Tensor) => void;

type Pass = {
  readonly tf: TF;
  readonly params: Named;
  readonly mode: Mode;
  readonly watch: Watch | null;
  /** How far the dropout layers have read into the noise, in bytes. */
  noiseOffset: number;
};

type Of<K extends Layer['kind']> = Extract<Layer, { readonly kind: K }>;

/** uint8 [N, C, H, W] → float32 [N, H, W, C] in 0 … 1. */
export function imagesOf(tf: TF, shape: ImageShape, pixels: Uint8Array): Tensor {
  const { channels, height, width } = shape;
  const count = pixels.length / (channels * height * width);
  const values = tf.tensor(Float32Array.from(pixels), [count, channels, height, width]);
  return channelsLast(tf, tf.div(values, 255));
}

/** The scores [N, classes] of a network for images [N, H, W, C]. */
export function forward(
  tf: TF,
  network: Network,
  params: Named,
  images: Tensor,
  mode: Mode,
  watch: Watch | null = null,
): Tensor {
  const pass: Pass = { tf, params, mode, watch, noiseOffset: 0 };
  return network.layers.reduce((x, layer) => apply(pass, layer, x), images);
}

function apply(pass: Pass, layer: Layer, x: Tensor): Tensor {
  const { tf } = pass;
  switch (layer.kind) {
    case 'dense':
      return finish(pass, layer, tf.add(tf.matMul(x, kernel(pass, layer)), bias(pass, layer)));
    case 'conv2d':
      return finish(pass, layer, convolve(pass, layer, x));
    case 'maxPool':
      return tf.maxPool(image(x), layer.size, layer.stride, padding(layer.pads));
    case 'avgPool':
      return averagePool(tf, layer, image(x));
    case 'globalAvgPool':
      return tf.mean(x, [1, 2]);
    case 'flatten':
      return tf.reshape(channelsFirst(tf, x), [x.shape[0]!, size(layer.input)]);
    case 'dropout':
      return drop(pass, layer, x);
    case 'batchNorm':
      return normalize(pass, layer, x);
    case 'activation':
      return finish(pass, layer, x);
    case 'residual':
      return residual(pass, layer, x);
    default:
      return layer satisfies never;
  }
}

/** Applies the layer's own activation, if it has one. */
function finish(
  pass: Pass,
  layer: Of<'dense' | 'conv2d' | 'activation' | 'residual'>,
  before: Tensor,
): Tensor {
  const after = activate(pass.tf, activationOf(layer), before, slopesOf(pass.params, layer));
  pass.watch?.(layer, before, after);
  return after;
}

export function activationOf(layer: Layer): ActivationSpec {
  return 'activation' in layer ? layer.activation : { name: 'linear' };
}

/** The slopes of a layer whose activation is prelu, null for every other layer. */
export function slopesOf(params: Named, layer: Layer): Tensor | null {
  const param = 'params' in layer ? layer.params.find(({ role }) => role === 'slopes') : undefined;
  return param ? valueOf(params, param.name) : null;
}

/** Stored [out, in, kH, kW]; tfjs takes [kH, kW, in, out]. */
function convolve(pass: Pass, layer: Of<'conv2d'>, x: Tensor): Tensor {
  const { tf } = pass;
  const filter = tf.transpose(kernel(pass, layer), [2, 3, 1, 0]);
  const sums = tf.conv2d(image(x), image(filter), layer.stride, padding(layer.pads));
  return tf.add(sums, bias(pass, layer));
}

/**
 * Mean over the pixels that exist: window sums of the zero-padded image, divided by how many pixels each window
 * covers. tfjs's own padded average does that forward, but its CPU gradient divides by the window's full area.
 */
function averagePool(tf: TF, layer: Of<'maxPool' | 'avgPool'>, x: Tensor4D): Tensor {
  const [top, left, bottom, right] = layer.pads;
  const mean = (values: Tensor4D): Tensor => {
    const padded = tf.pad4d(values, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    return tf.avgPool(padded, layer.size, layer.stride, 'valid');
  };
  const [, height, width] = x.shape;
  return tf.div(mean(x), mean(tf.ones([1, height, width, 1])));
}

/** Keeps a unit where its noise byte is at least t = round(256·rate), scaled so that the expectation stays. */
function drop(pass: Pass, layer: Of<'dropout'>, x: Tensor): Tensor {
  const { tf, mode } = pass;
  if (mode.kind === 'inference') return x;
  const threshold = Math.round(layer.rate * 256);
  const count = x.shape[0]!;
  const end = pass.noiseOffset + count * size(layer.input);
  const bytes = mode.noise.subarray(pass.noiseOffset, end);
  pass.noiseOffset = end;
  const scale = 256 / (256 - threshold);
  const factors = Float32Array.from(bytes, (byte) => (byte >= threshold ? scale : 0));
  return tf.mul(x, channelsLast(tf, tf.tensor(factors, [count, ...layer.input])));
}

function normalize(pass: Pass, layer: Of<'batchNorm'>, x: Tensor): Tensor {
  const { tf } = pass;
  const param = (role: Param['role']): Tensor => valueOf(pass.params, `${layer.name}/${role}`);
  const { mean, variance } = statistics(pass, layer, x);
  const scaled = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, layer.epsilon)));
  return tf.add(tf.mul(scaled, param('scale')), param('offset'));
}

/** Training: mean and biased variance of the batch, which also move the running values. Inference: the running values. */
function statistics(
  pass: Pass,
  layer: Of<'batchNorm'>,
  x: Tensor,
): { readonly mean: Tensor; readonly variance: Tensor } {
  const { tf, mode } = pass;
  const running = {
    mean: valueOf(pass.params, `${layer.name}/mean`),
    variance: valueOf(pass.params, `${layer.name}/variance`),
  };
  if (mode.kind === 'inference') return running;
  const allButChannels = x.shape.map((_, axis) => axis).slice(0, -1);
  const batch = tf.moments(x, allButChannels);
  for (const key of ['mean', 'variance'] as const) {
    const kept = tf.mul(running[key], layer.momentum);
    const moved = tf.add(kept, tf.mul(batch[key], 1 - layer.momentum));
    mode.running[`${layer.name}/${key}`] = tf.keep(moved);
  }
  return batch;
}

function residual(pass: Pass, layer: Of<'residual'>, x: Tensor): Tensor {
  const branch = layer.layers.reduce((value, inner) => apply(pass, inner, value), x);
  const past = layer.shortcut ? convolve(pass, layer.shortcut, x) : x;
  return finish(pass, layer, pass.tf.add(branch, past));
}

function kernel(pass: Pass, layer: Of<'dense' | 'conv2d'>): Tensor {
  return valueOf(pass.params, `${layer.name}/kernel`);
}

function bias(pass: Pass, layer: Of<'dense' | 'conv2d'>): Tensor {
  return valueOf(pass.params, `${layer.name}/bias`);
}

function valueOf(params: Named, name: string): Tensor {
  const value = params[name];
  if (!value) throw new Error(`parameter ${name} is missing`);
  return value;
}

/** Resolved pads follow TensorFlow's `same` rule, so tfjs finds the same ones; its native backend takes no others for pooling. */
function padding(pads: Pads): 'same' | 'valid' {
  return pads.some((pixels) => pixels > 0) ? 'same' : 'valid';
}

/** [N, C, H, W] → [N, H, W, C]; [N, units] stays. */
function channelsLast(tf: TF, x: Tensor): Tensor {
  return x.rank === 4 ? tf.transpose(x, [0, 2, 3, 1]) : x;
}

/** [N, H, W, C] → [N, C, H, W]; [N, units] stays. */
function channelsFirst(tf: TF, x: Tensor): Tensor {
  return x.rank === 4 ? tf.transpose(x, [0, 3, 1, 2]) : x;
}

/** tfjs writes the rank into the type; that of a layer's input is known since the network was resolved. */
function image(x: Tensor): Tensor4D {
  if (x.rank !== 4) throw new Error(`an image has four axes, not ${x.rank}`);
  return x as Tensor4D;
}
