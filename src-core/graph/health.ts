/**
 * @file What is worth knowing of each layer while it trains, as one graph: how large its gradient is, how many of
 * its units are dead, how many outputs sit on a flat end, where its activations lie.
 */
import type { Network } from '../model/layers.ts';
import type { TrainOptions } from '../model/spec.ts';
import {
  cast,
  concat,
  greater,
  maximum,
  mul,
  neg,
  reduceMax,
  reduceMean,
  reshape,
  scaled,
  sqrt,
  sub,
  sumAll,
} from './build.ts';
import { gradients } from './gradients.ts';
import { lossOf } from './loss.ts';
import { forward, type Trace } from './network.ts';
import type { Packing } from './packing.ts';
import { paramValues } from './step.ts';
import { input, scalar, type Value } from './value.ts';

/** A unit is dead when |f′| stays below this for the whole batch: its weights cannot move. */
const DEAD_BELOW = 1e-3;
/** A single output is saturated when |f′| is below this: it passes on less than a hundredth of its gradient. */
const SATURATED_BELOW = 0.01;

export const healthFigures = [
  'gradientNorm',
  'deadShare',
  'saturatedShare',
  'activationMean',
  'activationSd',
] as const;

export type HealthGraph = {
  /** Layers in the order of the rows. */
  readonly layers: readonly { readonly layer: string; readonly activation: string }[];
  /** `health`: float32 [layers · figures], row by row. */
  readonly outputs: Readonly<Record<string, Value>>;
};

/** Without dropout and with running statistics, on `batchSize` samples; the state vectors are inputs. */
export function healthGraph(
  network: Network,
  packing: Packing,
  options: TrainOptions,
  batchSize: number,
): HealthGraph {
  const packs = [...packing.trained, ...packing.statistics];
  const params = paramValues(
    new Map(packs.map((pack) => [pack, input(pack.name, 'float32', [pack.size])])),
  );
  const param = (each: Parameters<typeof params.get>[0]) => params.get(each)!;
  const pass = forward(network, { batchSize, param, training: false, traced: true });
  const labels = input('labels', 'int32', [batchSize]);
  const loss = lossOf(options.loss, network.spec.output, pass, labels);
  const kernels = pass.traces.map((trace) => kernelOf(trace));
  const grads = gradients(
    loss,
    kernels.map((kernel) => (kernel ? param(kernel) : scalar(0))),
  );
  const rows = pass.traces.flatMap((trace, i) => {
    const grad = grads[i];
    const norm = kernels[i] && grad ? sqrt(sumAll(mul(grad, grad))) : scalar(0);
    return [norm, ...flatness(trace), ...spread(trace.after)].map((x) => reshape(x, [1]));
  });
  return {
    layers: pass.traces.map(({ layer, activation }) => ({
      layer: layer.name,
      activation: activation.name,
    })),
    outputs: { health: concat(rows, 0) },
  };
}

function kernelOf({ layer }: Trace) {
  return 'params' in layer ? layer.params.find((param) => param.role === 'kernel') : undefined;
}

/** Dead and saturated share, from the slope of the activation at every value it saw. */
function flatness({ before, after, activation }: Trace): [Value, Value] {
  // Of maxout's pieces one always passes its gradient on: it is never flat.
  if (activation.name === 'maxout') return [scalar(0), scalar(0)];
  const [slope] = gradients(sumAll(after), [before]);
  if (!slope) return [scalar(1), scalar(1)];
  const steepness = maximum(slope, neg(slope));
  const others = before.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const share = (value: Value, limit: number) =>
    mean(cast(greater(scalar(limit), value), 'float32'));
  return [
    share(reduceMax(steepness, others, false), DEAD_BELOW),
    share(steepness, SATURATED_BELOW),
  ];
}

/** Mean and standard deviation over everything. */
function spread(x: Value): [Value, Value] {
  const center = mean(x);
  const distance = sub(x, center);
  return [center, sqrt(mean(mul(distance, distance)))];
}

function mean(x: Value): Value {
  const all = x.shape.map((_, axis) => axis);
  return x.shape.length === 0 ? scaled(x, 1) : reduceMean(x, all, false);
}
