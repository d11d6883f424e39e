/**
 * @file From a plan to the runs it stands for: one network for each activation, trained with each seed, all on one
 * snapshot and, in a comparison, from the same initial values.
 */
import type { TrainPlan } from '../contract/training.ts';
import { parseActivation } from '../model/plan.ts';
import type { ActivationSpec, ImageShape, LayerSpec, ModelSpec } from '../model/spec.ts';

/** Suits the ReLU family, which most comparisons are about, and is not far off for the others. */
const comparisonInitializer = 'he';

/**
 * The network of a plan, with `label` in place of the activation of every hidden layer; null: as its layers say.
 *
 * @throws InklingError `activation-unknown`, `setting-invalid`
 */
export function specOf(
  plan: TrainPlan,
  label: string | null,
  data: { readonly input: ImageShape; readonly classes: number },
): ModelSpec {
  const { output, initializer } = plan;
  const isAuto = initializer === 'auto' && plan.activations.length > 1;
  return {
    ...data,
    layers: label === null ? plan.layers : withActivation(plan.layers, parseActivation(label)),
    output,
    // Where the activation chose it, the comparison would measure both.
    initializer: isAuto ? comparisonInitializer : initializer,
  };
}

/** The activations a plan compares, `[null]` where its layers keep their own. */
export function labelsOf({ activations }: TrainPlan): readonly (string | null)[] {
  return activations.length > 0 ? activations : [null];
}

/** Linear layers stay: most of them wait for batch normalization, and the activation comes after that. */
function withActivation(
  layers: readonly LayerSpec[],
  activation: ActivationSpec,
): ModelSpec['layers'] {
  return layers.map((layer) => {
    const own = replaced(layer, activation);
    if (own.kind !== 'residual') return own;
    return { ...own, layers: own.layers.map((inner) => replaced(inner, activation)) };
  });
}

function replaced<L extends LayerSpec>(layer: L, activation: ActivationSpec): L {
  const isBent = 'activation' in layer && layer.activation.name !== 'linear';
  return isBent ? { ...layer, activation } : layer;
}
