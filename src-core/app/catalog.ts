/** @file What can be chosen, with the words that explain it: the program's tables as pages read them. */
import type { Catalog } from '../contract/training.ts';
import { activationCurves, type ActivationCurve } from '../engine/curves.ts';
import {
  activationNames,
  activations,
  constantOf,
  constantValue,
  defaultActivation,
} from '../model/activations.ts';
import { augmentations, layerKinds, losses, optimizers, schedules } from '../model/choices.ts';
import { parseActivation } from '../model/plan.ts';
import { presets } from '../model/presets.ts';
import {
  AugmentationSpec,
  LayerSpec,
  OptimizerSpec,
  ScheduleSpec,
  type ActivationSpec,
} from '../model/spec.ts';

/** Where curves are drawn, and at how many places. */
const reach = 5;
const places = Float32Array.from({ length: 101 }, (_, i) => (i / 50 - 1) * reach);

export async function readCatalog(): Promise<Catalog> {
  const specs = activationNames.map(defaultActivation);
  const curves = await activationCurves(specs, places);
  return {
    presets: Object.entries(presets).map(([name, { title, purpose }]) => ({
      name,
      title,
      purpose,
    })),
    activations: specs.map((spec, i) => activationRow(spec, curves[i]!)),
    layers: rows(layerKinds, ({ usual }) => ({ usual: LayerSpec.parse(usual) })),
    optimizers: rows(optimizers, ({ learningRate }, kind) => ({
      learningRate,
      usual: OptimizerSpec.parse({ kind }),
    })),
    schedules: rows(schedules, ({ usual }) => ({ usual: ScheduleSpec.parse(usual) })),
    losses: rows(losses, () => ({})),
    augmentations: Object.entries(augmentations).map(([name, { title, sentence, usual }]) => ({
      ...{ name, title, sentence },
      usual: usual === null ? null : AugmentationSpec.parse(usual),
    })),
  };
}

/** The curves of activations as labels name them. @throws InklingError `activation-unknown`, `setting-invalid` */
export async function readCurves(labels: readonly string[]) {
  const curves = await activationCurves(labels.map(parseActivation), places);
  return labels.map((activation, i) => ({ activation, ...drawn(curves[i]!) }));
}

/** Float32 as plain numbers, beside their places. */
function drawn({ f, slope }: ActivationCurve) {
  const x = [...places];
  return { f: { x, y: [...f] }, slope: { x, y: [...slope] } };
}

type Words = { readonly title: string; readonly sentence: string };

/** A table as a list, each row with its kind. */
function rows<Row extends Words, More extends object>(
  table: Readonly<Record<string, Row>>,
  more: (row: Row, kind: string) => More,
) {
  return Object.entries(table).map(([kind, row]) => {
    const { title, sentence } = row;
    return { kind, title, sentence, ...more(row, kind) };
  });
}

function activationRow(
  spec: ActivationSpec,
  curve: ActivationCurve,
): Catalog['activations'][number] {
  const { name } = spec;
  const { title, sentence, use } = activations[name];
  const constant = constantOf(name);
  const usual = constantValue(spec);
  return {
    ...{ name, title, sentence, use },
    constant: constant && usual !== null ? { ...constant, usual } : null,
    ...drawn(curve),
  };
}
