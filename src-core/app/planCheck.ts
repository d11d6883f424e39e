/** @file Judges a plan: what it amounts to, whether it can be started, and which runs it then is. */
import type { PlanLayer, PlanReport, TrainPlan } from '../contract/training.ts';
import type { Forecast } from '../data/forecast.ts';
import type { Device } from '../engine/engine.ts';
import { isTrained, layerParams, size, type Layer, type Network } from '../model/layers.ts';
import { layerTitle } from '../model/titles.ts';
import type { ImageShape, LayerSpec, ModelSpec } from '../model/spec.ts';
import { batchSizeFor } from '../training/batches.ts';
import { learningRateAt } from '../training/schedules.ts';
import { InklingError } from '../errors.ts';
import { labelsOf, specOf } from './planning.ts';
import { classCount, problemsOf, resolved, type Facts, type Variant } from './planProblems.ts';
import { warningsOf } from './planWarnings.ts';

/** What a network is shown for while the dataset has no images. */
const emptyShape: ImageShape = { channels: 1, height: 28, width: 28 };

export type PlanData = {
  /** The dataset's name. */
  readonly dataset: string;
  readonly forecast: Forecast;
  readonly devices: readonly Device[] | null;
};

export function factsOf(plan: TrainPlan, { dataset, forecast, devices }: PlanData): Facts {
  const input = plan.input ?? forecast.shape ?? emptyShape;
  const data = { input, classes: classCount(forecast) };
  const variants = labelsOf(plan).map((label): Variant => {
    const spec = specOrError(plan, label, data);
    return spec instanceof InklingError
      ? { label, spec: null, network: null, error: spec }
      : { label, spec, ...resolved(spec) };
  });
  const train = Math.min(forecast.images.train, plan.limit ?? Infinity);
  return { plan, dataset, forecast, input, train, variants, devices };
}

/** @param secondsOf the time all runs take, where it can be told. */
export function reportOf(facts: Facts, secondsOf: (facts: Facts) => number | null): PlanReport {
  const { plan, forecast, input, train, variants } = facts;
  const { images, unlabeled } = forecast;
  const shown = variants.find(({ network }) => network !== null);
  const stepsPerEpoch = stepsPerEpochOf(facts);
  const stepsPerRun = plan.options.epochs * stepsPerEpoch;
  return {
    problems: problemsOf(facts).map(({ field, message }) => ({ field, message })),
    warnings: warningsOf(facts),
    images: { train, validation: images.validation, test: images.test, unlabeled },
    input: { ...input },
    network: shown?.network && shown.spec ? networkOf(shown.network, shown.spec) : null,
    runs: Math.max(1, plan.activations.length) * plan.seeds.length,
    stepsPerRun,
    schedule: scheduleOf(plan, stepsPerEpoch),
    seconds: secondsOf(facts),
  };
}

/** Zero without training images. */
export function stepsPerEpochOf({ plan, train }: Facts): number {
  return train === 0 ? 0 : Math.floor(train / batchSizeFor(plan.options, train));
}

function specOrError(
  plan: TrainPlan,
  label: string | null,
  data: Parameters<typeof specOf>[2],
): ModelSpec | InklingError {
  try {
    return specOf(plan, label, data);
  } catch (error) {
    if (error instanceof InklingError) return error;
    throw error;
  }
}

/** Lists the layers of the spec, then what stands between them and the scores. */
function networkOf({ layers, parameterCount }: Network, spec: ModelSpec): PlanReport['network'] {
  return {
    parameters: parameterCount,
    layers: layers.map((layer, i) => {
      const own = spec.layers[i];
      const title = own ? layerTitle(own) : addedTitle(layer.kind, spec);
      return { ...planLayer(layer, own ? i : null, title), inner: innerLayers(layer, own) };
    }),
  };
}

function planLayer(layer: Layer, index: number | null, title: string): PlanLayer {
  const { name, kind, output } = layer;
  const trained = layerParams(layer).filter(isTrained);
  const parameters = trained.reduce((sum, { shape }) => sum + size(shape), 0);
  return { name, index, kind, title, output: [...output], parameters };
}

function innerLayers(layer: Layer, spec: LayerSpec | undefined): PlanLayer[] {
  if (layer.kind !== 'residual' || spec?.kind !== 'residual') return [];
  const { layers, shortcut } = layer;
  const inside = layers.map((inner, i) => planLayer(inner, i, layerTitle(spec.layers[i]!)));
  return shortcut ? [...inside, planLayer(shortcut, null, shortcutTitle(shortcut))] : inside;
}

function shortcutTitle({ kernel, stride, output }: NonNullable<Shortcut>): string {
  const activation = { name: 'linear' } as const;
  const filters = output[0]!;
  return layerTitle({ kind: 'conv2d', filters, kernel, stride, padding: 'valid', activation });
}
type Shortcut = Extract<Layer, { kind: 'residual' }>['shortcut'];

function addedTitle(kind: string, { classes, output }: ModelSpec): string {
  if (kind === 'flatten') return layerTitle({ kind: 'flatten' });
  return `Classes ${classes}, ${output}`;
}

/** As many as a curve a few hundred pixels wide can show. */
const schedulePoints = 240;

function scheduleOf({ options }: TrainPlan, stepsPerEpoch: number): PlanReport['schedule'] {
  const steps = options.epochs * stepsPerEpoch;
  const count = Math.min(steps, schedulePoints);
  const at = Array.from({ length: count }, (_, i) =>
    count === 1 ? 1 : 1 + Math.round((i * (steps - 1)) / (count - 1)),
  );
  return {
    x: at.map((step) => step / stepsPerEpoch),
    y: at.map((step) => learningRateAt(step, options, stepsPerEpoch)),
  };
}
