/** @file Losses over a batch, from scores before the output function, and the number of right answers. */
import type { LossSpec, ModelSpec } from '../model/spec.ts';
import {
  add,
  argMax,
  cast,
  crossEntropy,
  equal,
  mul,
  reshape,
  scaled,
  softplus,
  sub,
  sumAll,
} from './build.ts';
import type { Forward } from './network.ts';
import { intConstant, scalar, type Value } from './value.ts';

/** labels int32 [N] as float32 [N, K], one 1 per row. */
function oneHot(labels: Value, classes: number): Value {
  const N = labels.shape[0]!;
  const numbers = intConstant(
    [1, classes],
    Array.from({ length: classes }, (_, k) => k),
  );
  return cast(equal(reshape(labels, [N, 1]), numbers), 'float32');
}

/** Mean loss over the batch, a scalar. */
export function lossOf(
  spec: LossSpec,
  output: ModelSpec['output'],
  { logits, probabilities }: Forward,
  labels: Value,
): Value {
  const [N, K] = [logits.shape[0]!, logits.shape[1]!];
  const exact = oneHot(labels, K);
  switch (spec.kind) {
    case 'meanSquaredError': {
      const difference = sub(probabilities, exact);
      return scaled(sumAll(mul(difference, difference)), 1 / (N * K));
    }
    case 'crossEntropy': {
      const target = smoothed(exact, spec.labelSmoothing, K);
      if (output === 'softmax') return crossEntropy(logits, target);
      // Each class on its own: log(1 + eˣ) − target·x
      return scaled(sumAll(sub(softplus(logits), mul(target, logits))), 1 / N);
    }
    default:
      return spec satisfies never;
  }
}

function smoothed(target: Value, smoothing: number, classes: number): Value {
  if (smoothing === 0) return target;
  return add(scaled(target, 1 - smoothing), scalar(smoothing / classes));
}

/** How many samples have their largest score at their label; float32 scalar. */
export function countCorrect(logits: Value, labels: Value): Value {
  return sumAll(cast(equal(cast(argMax(logits, 1), 'int32'), labels), 'float32'));
}
