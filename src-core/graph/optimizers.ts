/**
 * @file Optimizers as graph updates: one row each, with the state it keeps per parameter, the numbers it needs per
 * step and the formula of one update. w, g and the state are vectors of equal length.
 */
import type { OptimizerSpec } from '../model/spec.ts';
import { add, div, mul, scaled, sqrt, sub } from './build.ts';
import type { Value } from './value.ts';

type Kind = OptimizerSpec['kind'];
type Spec<K extends Kind> = Extract<OptimizerSpec, { kind: K }>;

/** Per step, by name; `rate` multiplies the update. */
export type Scalars = { readonly rate: number; readonly epsilon: number };

type Row<K extends Kind> = {
  /** Names of the vectors kept from step to step; all start at zero. */
  readonly slots: readonly string[];
  /** `step` counts from 1. */
  readonly scalars: (spec: Spec<K>, learningRate: number, step: number) => Scalars;
  /** New state, and the direction: w ← w − rate·direction. */
  readonly update: (
    spec: Spec<K>,
    g: Value,
    slots: readonly Value[],
    epsilon: Value,
  ) => { readonly slots: readonly Value[]; readonly direction: Value };
};

type Table = { readonly [K in Kind]: Row<K> };

const plainRate = (_: OptimizerSpec, learningRate: number): Scalars => ({
  rate: learningRate,
  epsilon: 0,
});

const descent = {
  slots: [],
  scalars: plainRate,
  update: (_: OptimizerSpec, g: Value) => ({ slots: [], direction: g }),
};

/**
 * Adam (Kingma & Ba, 2015) with its moments kept unscaled, which saves two passes over all parameters:
 * M = m/(1 − β₁) = β₁M + g and V = v/(1 − β₂) = β₂V + g². Then m̂/(√v̂ + ε) = (a/b)·M/(√V + ε/b) with
 * a = (1 − β₁)/(1 − β₁ᵗ) and b = √((1 − β₂)/(1 − β₂ᵗ)).
 */
const adam = {
  slots: ['m', 'v'],
  scalars: (spec: Spec<'adam'> | Spec<'adamw'>, learningRate: number, step: number): Scalars => {
    const a = (1 - spec.beta1) / (1 - spec.beta1 ** step);
    const b = Math.sqrt((1 - spec.beta2) / (1 - spec.beta2 ** step));
    return { rate: (learningRate * a) / b, epsilon: spec.epsilon / b };
  },
  update: (
    spec: Spec<'adam'> | Spec<'adamw'>,
    g: Value,
    slots: readonly Value[],
    epsilon: Value,
  ) => {
    const m = add(scaled(slots[0]!, spec.beta1), g);
    const v = add(scaled(slots[1]!, spec.beta2), mul(g, g));
    return { slots: [m, v], direction: div(m, add(sqrt(v), epsilon)) };
  },
};

const optimizers: Table = {
  'gradient-descent': descent,
  sgd: descent,
  // v ← μv + g
  momentum: {
    slots: ['velocity'],
    scalars: plainRate,
    update: (spec, g, [velocity]) => {
      const v = add(scaled(velocity!, spec.momentum), g);
      return { slots: [v], direction: v };
    },
  },
  // v ← μv + g, direction g + μv
  nesterov: {
    slots: ['velocity'],
    scalars: plainRate,
    update: (spec, g, [velocity]) => {
      const v = add(scaled(velocity!, spec.momentum), g);
      return { slots: [v], direction: add(g, scaled(v, spec.momentum)) };
    },
  },
  // s ← ρs + (1 − ρ)g², direction g/(√s + ε)
  rmsprop: {
    slots: ['square'],
    scalars: (spec, learningRate) => ({ rate: learningRate, epsilon: spec.epsilon }),
    update: (spec, g, [square], epsilon) => {
      const s = add(scaled(square!, spec.decay), scaled(mul(g, g), 1 - spec.decay));
      return { slots: [s], direction: div(g, add(sqrt(s), epsilon)) };
    },
  },
  adam,
  adamw: adam,
};

/** The row of an optimizer, bound to its spec. */
export function optimizer(spec: OptimizerSpec) {
  // The row of a kind takes the spec of that kind; TypeScript cannot follow that through the index.
  const row = optimizers[spec.kind] as Row<Kind>;
  return {
    slots: row.slots,
    scalars: (learningRate: number, step: number) => row.scalars(spec, learningRate, step),
    update: (g: Value, slots: readonly Value[], epsilon: Value) =>
      row.update(spec, g, slots, epsilon),
  };
}

/** w − rate·direction */
export function descend(w: Value, rate: Value, direction: Value): Value {
  return sub(w, mul(direction, rate));
}
