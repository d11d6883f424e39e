/**
 * @file Changes to a plan, each a function from one plan to the next. A field is named by its path, `options.epochs` or
 * `layers.2.kernel`, as the core names it when it says what is wrong with it.
 */
import type { LayerSpec, TrainPlan } from '../../src-core/contract/training.ts';

/** As many as the contract lets pass. */
export const layersMax = 64;
/** Inside a residual block. */
export const innerLayersMax = 16;
export const activationsMax = 32;

/** A list of layers: those of the network, or those inside the residual block at an index. */
export type ListPath = 'layers' | `layers.${number}.layers`;

/** Null where the path leads nowhere: an option that is off has no constants. */
export function valueAt(plan: TrainPlan, field: string): unknown {
  return field.split('.').reduce<unknown>((at, key) => entryOf(at, key), plan);
}

const entryOf = (at: unknown, key: string): unknown =>
  at !== null && typeof at === 'object' ? ((at as Record<string, unknown>)[key] ?? null) : null;

/** The value may not fit the contract: that is found by parsing the whole, and said beside the field. */
export function withValue(plan: TrainPlan, field: string, value: unknown): TrainPlan {
  // Fields are those of the forms, each of which stands for a field of the plan.
  return placed(plan, field.split('.'), value) as TrainPlan;
}

function placed(at: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(at)) return at.with(Number(key), placed(at[Number(key)], rest, value));
  return { ...(at as object), [key]: placed(entryOf(at, key), rest, value) };
}

export function layersAt(plan: TrainPlan, list: ListPath): readonly LayerSpec[] {
  const found = valueAt(plan, list);
  return Array.isArray(found) ? (found as LayerSpec[]) : [];
}

export function layerAdded(plan: TrainPlan, list: ListPath, layer: LayerSpec): TrainPlan {
  return withValue(plan, list, [...layersAt(plan, list), layer]);
}

export function layerRemoved(plan: TrainPlan, list: ListPath, index: number): TrainPlan {
  return withValue(plan, list, layersAt(plan, list).toSpliced(index, 1));
}

/** From one position of its list to another; the same plan where there is no such position. */
export function layerMoved(plan: TrainPlan, list: ListPath, from: number, to: number): TrainPlan {
  const layers = layersAt(plan, list);
  const layer = layers[from];
  if (layer === undefined || to < 0 || to >= layers.length || to === from) return plan;
  return withValue(plan, list, layers.toSpliced(from, 1).toSpliced(to, 0, layer));
}

/** `leaky-relu:0.2` is the name and the constant it is given. */
export function labelParts(label: string): { name: string; constant: number | null } {
  const [name = '', constant] = label.split(':');
  return { name, constant: constant === undefined ? null : Number(constant) };
}

export const labelOf = (name: string, constant: number, usual: number): string =>
  constant === usual ? name : `${name}:${constant}`;

/** The plan with these labels for one activation, in the place it had among the others. */
export function withActivation(
  plan: TrainPlan,
  name: string,
  labels: readonly string[],
): TrainPlan {
  const isOther = (label: string): boolean => labelParts(label).name !== name;
  const at = plan.activations.findIndex((label) => !isOther(label));
  const others = plan.activations.filter(isOther);
  return {
    ...plan,
    activations: others.toSpliced(at < 0 ? others.length : at, 0, ...labels),
  };
}

/** How many runs a plan is: each activation with each seed. */
export const runsOf = (plan: TrainPlan): number =>
  Math.max(1, plan.activations.length) * plan.seeds.length;

/** What of another preset's plan is taken over, and what the person has chosen stays. */
export function withPreset(plan: TrainPlan, preset: TrainPlan): TrainPlan {
  const { activations, seeds, engine, device, limit } = plan;
  const { epochs, batchSize, threads } = plan.options;
  return {
    ...preset,
    ...{ seeds, engine, device, limit },
    activations: activations.length > 0 ? activations : preset.activations,
    options: { ...preset.options, epochs, batchSize, threads },
  };
}

/** Whether two plans, or parts of them, say different things. */
export const differs = <Part>(a: Part, b: Part): boolean => stable(a) !== stable(b);

/** Text that is equal for equal plans, whatever order their keys are in. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
