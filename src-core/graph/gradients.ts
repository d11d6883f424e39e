/** @file Reverse-mode differentiation: a walk over the graph from the loss back, applying the op table. */
import { add } from './build.ts';
import { rules, type Rule } from './rules.ts';
import { inputsOf, scalar, topological, type OpValue, type Value } from './value.ts';

/**
 * dloss/dtarget for each target, as values of the same graph; null where the loss does not depend on a target
 * by any differentiable way. Only values between a target and the loss get a gradient.
 *
 * @param seed  dloss/dloss, 1 unless the walk starts in the middle of a larger computation.
 */
export function gradients(
  loss: Value,
  targets: readonly Value[],
  seed: Value = scalar(1),
): (Value | null)[] {
  const order = topological([loss]);
  const wanted = dependents(order, new Set(targets));
  const gradOf = new Map<Value, Value>([[loss, seed]]);
  for (const y of order.toReversed()) {
    const dy = gradOf.get(y);
    if (!dy || y.kind !== 'op') continue;
    // A rule names as many inputs as its op takes; the rest do not exist.
    const grads = rules[y.op]?.(dy, y, ...(y.inputs as unknown as Inputs)) ?? [];
    grads.forEach((dx, i) => {
      const x = y.inputs[i]!;
      if (dx === null || !wanted.has(x)) return;
      const sum = gradOf.get(x);
      gradOf.set(x, sum ? add(sum, dx) : dx); // x used twice: contributions add up
    });
  }
  return targets.map((target) => gradOf.get(target) ?? null);
}

type Inputs = Parameters<Rule> extends [Value, OpValue, ...infer Rest] ? Rest : never;

/** The values that depend on one of `sources`, the sources included. */
function dependents(order: readonly Value[], sources: ReadonlySet<Value>): Set<Value> {
  const found = new Set<Value>(sources);
  for (const value of order) if (inputsOf(value).some((x) => found.has(x))) found.add(value);
  return found;
}
