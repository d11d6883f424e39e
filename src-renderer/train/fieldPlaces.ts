/** @file Where each field of a plan is on screen: said by its path, for the plan as it is. */
import type { LayerSpec, TrainPlan } from '../../src-core/contract/training.ts';
import {
  augmentationRows,
  basicRows,
  constantsOf,
  learningRows,
  lossRows,
  optionalRows,
  scheduleRows,
  type NumberRow,
} from './fields.ts';
import { layerRows } from './layerFields.ts';

/** Always on screen. */
const basicFields = new Set<string>([
  ...basicRows.map(({ field }) => field),
  ...['dataset', 'preset', 'activations', 'seeds'],
]);
/** On screen while "More" is open, whatever the plan; `layers` and what has constants come on top. */
const moreFields = new Set<string>([
  ...[...learningRows, ...scheduleRows].map(({ field }) => field),
  ...optionalRows.map(({ field }) => field),
  ...['options.loss', 'options.optimizer', 'options.schedule', 'options.augmentation'],
  ...['layers', 'output', 'initializer', 'engine', 'device', 'options.threads', 'limit'],
]);

/** Where a field can be changed in this plan: always on screen, under "More", or nowhere. */
export function placeOf(plan: TrainPlan, field: string): 'basic' | 'more' | null {
  if (basicFields.has(field)) return 'basic';
  if (moreFields.has(field) || layerFields(plan).has(field) || constantFields(plan).has(field))
    return 'more';
  return null;
}

function constantFields(plan: TrainPlan): ReadonlySet<string> {
  const { loss, optimizer, schedule, augmentation, earlyStopping, averaging } = plan.options;
  const rows: readonly NumberRow[] = [
    ...(loss.kind === 'crossEntropy' ? lossRows : []),
    ...constantsOf('options.optimizer', optimizer),
    ...constantsOf('options.schedule', schedule),
    ...(augmentation === null ? [] : augmentationRows),
  ];
  const fields = rows.map(({ field }) => field);
  if (earlyStopping) fields.push('options.earlyStopping.patience');
  if (averaging) fields.push('options.averaging.decay');
  return new Set(fields);
}

function layerFields(plan: TrainPlan): ReadonlySet<string> {
  const fields = (layer: LayerSpec, path: string): string[] => [
    path,
    ...Object.keys(layerRows[layer.kind]).map((key) => `${path}.${key}`),
    ...('padding' in layer ? [`${path}.padding`] : []),
    ...('activation' in layer ? [`${path}.activation`] : []),
    ...(layer.kind === 'residual'
      ? layer.layers.flatMap((inner, at) => fields(inner, `${path}.layers.${at}`))
      : []),
  ];
  return new Set(plan.layers.flatMap((layer, at) => fields(layer, `layers.${at}`)));
}
