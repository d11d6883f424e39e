/**
 * @file An activation as a curve: the formula and the gradient rules that training uses, over one input that is a
 * list of places instead of a layer's outputs.
 */
import type { ActivationSpec } from '../model/spec.ts';
import { activate } from './activations.ts';
import { concat, expand, identity, reshape, scaled } from './build.ts';
import { gradients } from './gradients.ts';
import { constant, scalar, type Value } from './value.ts';

/** f(x) and f′(x), both [N]. */
export type Curves = { readonly f: Value; readonly slope: Value };

/**
 * @param x float32 [N]. PReLU is taken at its first slope. Maxout chooses among lines through zero that training has
 *   yet to find; drawn are x, −x/4, x/9, −x/16, …, of which two or more make a bend.
 */
export function curvesOf(spec: ActivationSpec, x: Value): Curves {
  const [count] = x.shape;
  const column = reshape(x, [count!, 1]);
  const slopes = spec.name === 'prelu' ? constant([1], [spec.initial]) : null;
  const before = spec.name === 'maxout' ? concat(lines(column, spec.pieces), 1) : column;
  const y = reshape(activate(before, spec, slopes), [count!]);
  // Every place is on its own, so the slopes are what a gradient of ones brings back.
  const [gradient] = gradients(y, [x], expand(scalar(1), [count!]));
  // No gradient at all is a slope of zero everywhere: that of the binary step.
  return { f: identity(y), slope: identity(gradient ?? scaled(x, 0)) };
}

function lines(x: Value, pieces: number): Value[] {
  return Array.from({ length: pieces }, (_, k) => scaled(x, (-1) ** k / (k + 1) ** 2));
}
