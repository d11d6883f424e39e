/**
 * @file The activations in TensorFlow.js operations. Channels or units are the last axis here: [N, H, W, C] or
 * [N, units]. tfjs has no gradient for comparisons, so masks come from `step`, whose gradient is zero.
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { ActivationSpec } from '../../model/spec.ts';
import type { TF } from './runtime.ts';

/** Klambauer et al., Self-Normalizing Neural Networks (2017): the fixed point for mean 0 and variance 1. */
const SELU = { scale: 1.050_700_987_355_480_5, alpha: 1.673_263_242_354_377_2 };

/** @param slopes  [C], for prelu only. */
export function activate(tf: TF, spec: ActivationSpec, x: Tensor, slopes: Tensor | null): Tensor {
  switch (spec.name) {
    case 'linear':
      return x;
    case 'step':
      return tf.step(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'relu':
      return tf.relu(x);
    case 'leaky-relu':
      return ifPositive(tf, x, x, tf.mul(x, spec.alpha));
    case 'prelu':
      if (!slopes) throw new Error('prelu without slopes');
      return ifPositive(tf, x, x, tf.mul(x, slopes));
    case 'elu':
      return ifPositive(tf, x, x, exponential(tf, x, spec.alpha));
    case 'selu':
      return tf.mul(ifPositive(tf, x, x, exponential(tf, x, SELU.alpha)), SELU.scale);
    case 'swish':
      return tf.mul(x, tf.sigmoid(tf.mul(x, spec.beta)));
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1));
    case 'softplus':
      return tf.softplus(x);
    case 'maxout':
      return largest(tf, x, spec.pieces);
    default:
      return spec satisfies never;
  }
}

/**
 * dactivation/dx for every single value. For maxout it is 1 per output, because one of its pieces is always
 * linear; shaped like x otherwise.
 */
export function slopeAt(tf: TF, spec: ActivationSpec, x: Tensor, slopes: Tensor | null): Tensor {
  if (spec.name === 'linear') return tf.onesLike(x);
  if (spec.name === 'maxout') return tf.onesLike(largest(tf, x, spec.pieces));
  return tf.grad((value) => activate(tf, spec, value, slopes))(x);
}

/** x > 0 ? above : below. */
function ifPositive(tf: TF, x: Tensor, above: Tensor, below: Tensor): Tensor {
  return tf.where(tf.cast(tf.step(x), 'bool'), above, below);
}

/** α(eˣ − 1), held at zero for positive x so that the branch not taken stays finite. */
function exponential(tf: TF, x: Tensor, alpha: number): Tensor {
  return tf.mul(tf.expm1(tf.minimum(x, 0)), alpha);
}

/** [..., C·k] seen as [..., C, k]: the largest of each k, the first of equal ones. */
function largest(tf: TF, x: Tensor, pieces: number): Tensor {
  const channels = x.shape.at(-1)! / pieces;
  const split = tf.reshape(x, [...x.shape.slice(0, -1), channels, pieces]);
  return tf
    .unstack(split, -1)
    .reduce((best, piece) => ifPositive(tf, tf.sub(piece, best), piece, best));
}
