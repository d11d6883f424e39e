/**
 * @file From gradients to the next parameters: weight decay, clipping, then the optimizer's rule. Follows the
 * textbook formulas; t counts steps from 1.
 */
import type { Scalar, Tensor } from '@tensorflow/tfjs';
import type { OptimizerSpec, TrainOptions } from '../../model/spec.ts';
import { isTrained, type Network } from '../../model/layers.ts';
import type { StepPosition } from '../engine.ts';
import type { Named } from './forward.ts';
import type { TF } from './runtime.ts';

/** What an optimizer remembers of each parameter; the state tensors are called `m/dense1/kernel` and so on. */
const slots = {
  'gradient-descent': [],
  sgd: [],
  momentum: ['velocity'],
  nesterov: ['velocity'],
  rmsprop: ['square'],
  adam: ['m', 'v'],
  adamw: ['m', 'v'],
} as const satisfies Record<OptimizerSpec['kind'], readonly string[]>;

/** Names of the optimizer's state tensors, each with the parameter whose shape it has. */
export function slotNames(
  network: Network,
  optimizer: OptimizerSpec,
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  const prefixes: readonly string[] = slots[optimizer.kind];
  return prefixes.flatMap((prefix) =>
    network.params
      .filter(isTrained)
      .map(({ name, shape }) => ({ name: `${prefix}/${name}`, shape })),
  );
}

type Moved = { readonly params: Named; readonly optimizer: Named };

/** One update of all trained parameters. */
export function update(
  tf: TF,
  network: Network,
  options: TrainOptions,
  at: StepPosition,
  before: Moved & { readonly grads: Named },
): Moved {
  const trained = network.params.filter(isTrained);
  const decoupled = options.optimizer.kind === 'adamw';
  const decay = (role: string): number => (role === 'kernel' ? options.weightDecay : 0);
  const decayed = trained.map((param) => {
    const gradient = before.grads[param.name]!;
    const factor = decoupled ? 0 : decay(param.role);
    return tf.add(gradient, tf.mul(before.params[param.name]!, factor));
  });
  const clip = clipFactor(tf, decayed, options.clipNorm);
  const params: Record<string, Tensor> = {};
  const optimizer: Record<string, Tensor> = {};
  trained.forEach((param, i) => {
    const slot = (prefix: string): Tensor => before.optimizer[`${prefix}/${param.name}`]!;
    const rule = move(tf, options.optimizer, tf.mul(decayed[i]!, clip), slot, at.step);
    const w = before.params[param.name]!;
    const shrink = decoupled ? at.learningRate * decay(param.role) : 0;
    params[param.name] = tf.sub(tf.mul(w, 1 - shrink), tf.mul(rule.direction, at.learningRate));
    for (const [prefix, value] of Object.entries(rule.slots))
      optimizer[`${prefix}/${param.name}`] = value;
  });
  return { params, optimizer };
}

/** min(1, limit / ‖g‖), ‖g‖ over all gradients together. */
function clipFactor(tf: TF, grads: readonly Tensor[], limit: number | null): Scalar {
  if (limit === null) return tf.scalar(1);
  const squares = grads.map((gradient) => tf.sum(tf.square(gradient)));
  return tf.minimum(1, tf.div(limit, tf.sqrt(tf.addN(squares))));
}

type Rule = { readonly direction: Tensor; readonly slots: Readonly<Record<string, Tensor>> };

/** The direction to subtract, times the learning rate, and the optimizer's new memory. */
function move(
  tf: TF,
  spec: OptimizerSpec,
  g: Tensor,
  slot: (prefix: string) => Tensor,
  step: number,
): Rule {
  switch (spec.kind) {
    case 'gradient-descent':
    case 'sgd':
      return { direction: g, slots: {} };
    case 'momentum':
    case 'nesterov': {
      const velocity = tf.add(tf.mul(slot('velocity'), spec.momentum), g);
      const ahead = tf.add(g, tf.mul(velocity, spec.momentum));
      return { direction: spec.kind === 'nesterov' ? ahead : velocity, slots: { velocity } };
    }
    case 'rmsprop': {
      const square = blend(tf, slot('square'), tf.square(g), spec.decay);
      return { direction: tf.div(g, tf.add(tf.sqrt(square), spec.epsilon)), slots: { square } };
    }
    case 'adam':
    case 'adamw': {
      const m = blend(tf, slot('m'), g, spec.beta1);
      const v = blend(tf, slot('v'), tf.square(g), spec.beta2);
      const mean = tf.div(m, 1 - spec.beta1 ** step);
      const spread = tf.sqrt(tf.div(v, 1 - spec.beta2 ** step));
      return { direction: tf.div(mean, tf.add(spread, spec.epsilon)), slots: { m, v } };
    }
    default:
      return spec satisfies never;
  }
}

/** keep·old + (1 − keep)·value, an exponential moving average. */
export function blend(tf: TF, old: Tensor, value: Tensor, keep: number): Tensor {
  return tf.add(tf.mul(old, keep), tf.mul(value, 1 - keep));
}
