/** @file What a layer is doing on a batch: its gradient, its dead and saturated share, its output's spread. */
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import type { LossSpec } from '../../model/spec.ts';
import type { Layer, Network } from '../../model/layers.ts';
import type { LayerHealth } from '../engine.ts';
import { slopeAt } from './activations.ts';
import { activationOf, forward, imagesOf, slopesOf, type Named } from './forward.ts';
import { lossOf } from './loss.ts';
import type { TF } from './runtime.ts';
import { floats } from './state.ts';

/** A unit is dead when the activation's slope stays below this for every sample: it passes no gradient on. */
const DEAD_SLOPE = 1e-3;
/** A single value is saturated when the slope at it is below this. */
const SATURATED_SLOPE = 1e-2;

const inference = { kind: 'inference' } as const;

/** Health of each layer that has an activation, in order of computation. Changes nothing. */
export function healthOf(
  tf: TF,
  network: Network,
  loss: LossSpec,
  params: Named,
  pixels: Uint8Array,
  labels: Int32Array,
): LayerHealth[] {
  const images = imagesOf(tf, network.spec.input, pixels);
  const norms = gradientNorms(tf, network, loss, params, images, labels);
  const health: LayerHealth[] = [];
  forward(tf, network, params, images, inference, (layer, before, after) =>
    health.push({
      layer: layer.name,
      activation: activationOf(layer).name,
      gradientNorm: norms.get(`${layer.name}/kernel`) ?? 0,
      ...flatness(tf, params, layer, before),
      ...spread(tf, after),
      slopes: slopeRange(params, layer),
    }),
  );
  return health;
}

/** L2 norm of the gradient by each kernel. */
function gradientNorms(
  tf: TF,
  network: Network,
  loss: LossSpec,
  params: Named,
  images: Tensor,
  labels: Int32Array,
): ReadonlyMap<string, number> {
  const names = network.params.filter(({ role }) => role === 'kernel').map(({ name }) => name);
  const expected = tf.tensor1d(labels, 'int32');
  const scored = (...kernels: Tensor[]): Scalar => {
    const current = {
      ...params,
      ...Object.fromEntries(names.map((name, i) => [name, kernels[i]!])),
    };
    const logits = forward(tf, network, current, images, inference);
    return lossOf(tf, network.spec, loss, logits, expected);
  };
  const grads = tf.grads(scored)(names.map((name) => params[name]!));
  return new Map(grads.map((gradient, i) => [names[i]!, number(tf.norm(gradient))]));
}

/** `before`: [N, H, W, C] or [N, units]; dead is counted per channel or unit, saturated per value. */
function flatness(
  tf: TF,
  params: Named,
  layer: Layer,
  before: Tensor,
): Pick<LayerHealth, 'deadShare' | 'saturatedShare'> {
  const slope = tf.abs(slopeAt(tf, activationOf(layer), before, slopesOf(params, layer)));
  const allButChannels = slope.shape.map((_, axis) => axis).slice(0, -1);
  const share = (mask: Tensor): number => number(tf.mean(tf.cast(mask, 'float32')));
  return {
    deadShare: share(tf.less(tf.max(slope, allButChannels), DEAD_SLOPE)),
    saturatedShare: share(tf.less(slope, SATURATED_SLOPE)),
  };
}

function spread(tf: TF, after: Tensor): Pick<LayerHealth, 'activationMean' | 'activationSd'> {
  const { mean, variance } = tf.moments(after);
  return { activationMean: number(mean), activationSd: Math.sqrt(number(variance)) };
}

function slopeRange(params: Named, layer: Layer): LayerHealth['slopes'] {
  const tensor = slopesOf(params, layer);
  if (!tensor) return null;
  const slopes = floats(tensor);
  const mean = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length;
  return { mean, min: slopes.reduce(least, Infinity), max: slopes.reduce(most, -Infinity) };
}

function number(scalar: Tensor): number {
  return scalar.dataSync()[0]!;
}

// As callbacks of `reduce`: a call cannot take as many arguments as there may be slopes.
function least(a: number, b: number): number {
  return Math.min(a, b);
}

function most(a: number, b: number): number {
  return Math.max(a, b);
}
