/**
 * @file The whole training step as one graph: forward, loss, gradients, optimizer. State goes in and comes out as
 * a few long vectors (`packing.ts`), so that an engine can keep it on its device.
 */
import type { Network, Param } from '../model/layers.ts';
import type { TrainOptions } from '../model/spec.ts';
import {
  add,
  concat,
  div,
  labeled,
  maximum,
  mul,
  reshape,
  slice,
  sqrt,
  sub,
  sumAll,
} from './build.ts';
import { gradients } from './gradients.ts';
import { countCorrect, lossOf } from './loss.ts';
import { forward } from './network.ts';
import { descend, optimizer } from './optimizers.ts';
import { packParams, type Pack, type Packing } from './packing.ts';
import { constant, input, scalar, type Value } from './value.ts';

export type StepGraph = {
  readonly packing: Packing;
  /** All parameters, in the network's order. */
  readonly paramNames: readonly string[];
  /** Name and length of every state vector, in and out under the same name, `…'` marking the output. */
  readonly state: readonly { readonly name: string; readonly size: number }[];
  readonly noiseBytes: number;
  /** `loss`, `correct` and the new state. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Of the loss, before decay and clipping, by the name of the trained vector. Engines that only train leave them out. */
  readonly gradients: Readonly<Record<string, Value>>;
};

/** Name of the output that replaces state `name`. */
export const next = (name: string): string => `${name}'`;
/** State vector that holds optimizer slot `slot` of a pack. */
export const slotName = (pack: Pack, slot: string): string => `${slot}/${pack.name}`;
export const averageName = (pack: Pack): string => `average/${pack.name}`;

type Updated = Record<string, Value>;

export type StepMode = {
  /** False: no dropout and running statistics, which stay as they are: what one image alone would change. */
  readonly training: boolean;
  /** 0 or 1 for each value of the parameters named: what every step ends with is multiplied by it. */
  readonly masks?: Masks;
};

type Masks = Readonly<Record<string, { readonly data: Float32Array }>>;

/**
 * Builds the step for a fixed batch size. Inputs: `pixels`, `labels`, `noise` (with dropout), `rate`, `decayRate`
 * (AdamW), `epsilon`, `averageRate` (with averaging; float32 [1] each) and the state vectors.
 */
export function trainingStep(
  network: Network,
  options: TrainOptions,
  batchSize: number,
  { training, masks = {} }: StepMode = { training: true },
): StepGraph {
  const packing = packParams(network);
  const vectors = new Map<Pack, Value>();
  for (const pack of [...packing.trained, ...packing.statistics])
    vectors.set(pack, input(pack.name, 'float32', [pack.size]));
  const params = paramValues(vectors);
  const pass = forward(network, {
    batchSize,
    param: (param) => params.get(param)!,
    training,
  });
  const labels = input('labels', 'int32', [batchSize]);
  const loss = labeled('loss', () => lossOf(options.loss, network.spec.output, pass, labels));
  const correct = labeled('loss', () => countCorrect(pass.logits, labels));
  const grads = packedGradients(packing, params, loss);
  const updated = labeled('update', () => updates(packing, options, vectors, grads, masks));
  for (const pack of training ? packing.statistics : [])
    updated[pack.name] = concat(
      pack.places.map(({ param }) => pass.statistics.get(param.name)!),
      0,
    );
  const state = Object.entries(updated).map(([name, value]) => ({ name, size: value.shape[0]! }));
  const outputs: Updated = { loss: reshape(loss, [1]), correct: reshape(correct, [1]) };
  for (const [name, value] of Object.entries(updated)) outputs[next(name)] = value;
  const paramNames = network.params.map(({ name }) => name);
  const noiseBytes = training ? network.noiseBytesPerSample * batchSize : 0;
  const gradientOf = Object.fromEntries([...grads].map(([pack, grad]) => [pack.name, grad]));
  return { packing, paramNames, state, noiseBytes, outputs, gradients: gradientOf };
}

/** Each parameter as its part of a vector, in its own shape. */
export function paramValues(vectors: ReadonlyMap<Pack, Value>): Map<Param, Value> {
  const values = new Map<Param, Value>();
  for (const [pack, vector] of vectors)
    for (const { param, offset, size } of pack.places)
      values.set(param, reshape(slice(vector, 0, offset, offset + size), param.shape));
  return values;
}

/** dloss/dvector for each trained pack; zeros where no gradient reaches (below a step function). */
function packedGradients(
  packing: Packing,
  params: ReadonlyMap<Param, Value>,
  loss: Value,
): Map<Pack, Value> {
  const places = packing.trained.flatMap((pack) => pack.places);
  const grads = gradients(
    loss,
    places.map(({ param }) => params.get(param)!),
  );
  const byParam = new Map(places.map(({ param }, i) => [param, grads[i] ?? null]));
  const flat = ({ param, size }: Pack['places'][number]): Value => {
    const grad = byParam.get(param);
    return grad ? reshape(grad, [size]) : constant([size], new Float32Array(size));
  };
  return new Map(packing.trained.map((pack) => [pack, concat(pack.places.map(flat), 0)]));
}

/** New state by name, from the gradients: decay, clipping, the optimizer's update, the average. */
function updates(
  packing: Packing,
  options: TrainOptions,
  vectors: ReadonlyMap<Pack, Value>,
  grads: ReadonlyMap<Pack, Value>,
  masks: Masks,
): Updated {
  const rule = optimizer(options.optimizer);
  const rate = input('rate', 'float32', [1]);
  const epsilon = input('epsilon', 'float32', [1]);
  const decoupled = options.optimizer.kind === 'adamw';
  const decayed = packing.trained.map((pack) =>
    decoupled ? grads.get(pack)! : withDecay(pack, vectors.get(pack)!, grads.get(pack)!, options),
  );
  const clipped = clip(decayed, options.clipNorm);
  const updated: Updated = {};
  packing.trained.forEach((pack, i) => {
    const w = vectors.get(pack)!;
    const slots = rule.slots.map((slot) => input(slotName(pack, slot), 'float32', [pack.size]));
    const { slots: newSlots, direction } = rule.update(clipped[i]!, slots, epsilon);
    const start = decoupled ? decoupledDecay(pack, w, options) : w;
    updated[pack.name] = masked(pack, descend(start, rate, direction), masks);
    rule.slots.forEach((slot, k) => (updated[slotName(pack, slot)] = newSlots[k]!));
    if (options.averaging) updated[averageName(pack)] = averaged(pack, updated[pack.name]!);
  });
  return updated;
}

/** What is zero under its mask and as it was elsewhere: whatever an optimizer remembers moves no masked value. */
function masked(pack: Pack, w: Value, masks: Masks): Value {
  const factors = new Float32Array(pack.size).fill(1);
  for (const { param, offset } of pack.places) {
    const mask = masks[param.name];
    if (mask) factors.set(mask.data, offset);
  }
  return factors.every((factor) => factor === 1) ? w : mul(w, constant([pack.size], factors));
}

/** g + λw on kernels: the gradient of the L2 penalty λ/2·‖w‖². */
function withDecay(pack: Pack, w: Value, g: Value, { weightDecay }: TrainOptions): Value {
  return weightDecay === 0 ? g : add(g, mul(w, kernelMask(pack, weightDecay)));
}

/** w − lr·λ·w on kernels (Loshchilov & Hutter, 2019). */
function decoupledDecay(pack: Pack, w: Value, { weightDecay }: TrainOptions): Value {
  if (weightDecay === 0) return w;
  return descend(w, input('decayRate', 'float32', [1]), mul(w, kernelMask(pack, weightDecay)));
}

/** `value` for the kernels of a pack, zero for the rest. */
function kernelMask(pack: Pack, value: number): Value {
  const isKernel = pack.places.map(({ param }) => param.role === 'kernel');
  if (isKernel.every(Boolean)) return scalar(value);
  const mask = new Float32Array(pack.size);
  pack.places.forEach(({ offset, size }, i) => {
    if (isKernel[i]) mask.fill(value, offset, offset + size);
  });
  return constant([pack.size], mask);
}

/** g · limit/max(limit, ‖g‖), the norm taken over all parameters together. */
function clip(grads: readonly Value[], limit: number | null): readonly Value[] {
  if (limit === null) return grads;
  const norm = sqrt(grads.map((g) => sumAll(mul(g, g))).reduce(add));
  const factor = div(scalar(limit), maximum(norm, scalar(limit)));
  return grads.map((g) => mul(g, factor));
}

/** average ← average + (1 − decay)·(w − average), the decay that of the step */
function averaged(pack: Pack, w: Value): Value {
  const before = input(averageName(pack), 'float32', [pack.size]);
  return add(before, mul(sub(w, before), input('averageRate', 'float32', [1])));
}
