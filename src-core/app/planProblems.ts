/**
 * @file What is wrong with a plan: a table of rules over the same facts. Each rule names the field it is about, as a
 * path into the plan, and says why in a sentence.
 */
import { runsMax, type TrainPlan } from '../contract/training.ts';
import type { Forecast } from '../data/forecast.ts';
import { engineDevices, type Device } from '../engine/engine.ts';
import { failure, InklingError } from '../errors.ts';
import { optimizer } from '../graph/optimizers.ts';
import { activationLabel, activationTitle } from '../model/activations.ts';
import { hiddenActivations, resolveNetwork, type Network } from '../model/layers.ts';
import { parseActivation } from '../model/plan.ts';
import { isPresetName, presets } from '../model/presets.ts';
import type { ImageShape, ModelSpec } from '../model/spec.ts';
import { batchSizeFor, checkBatch, stepBytesMax } from '../training/batches.ts';
import { requireStorable } from '../training/checkpoints.ts';

export type Note = { readonly field: string; readonly message: string };
/** `error` is what starting such a plan throws. */
export type PlanProblem = Note & { readonly error: InklingError };

/** One of the networks a plan compares. `network` is null where its layers do not fit or its label says nothing. */
export type Variant = {
  /** As the plan has it; null: the layers' own activations. */
  readonly label: string | null;
  readonly spec: ModelSpec | null;
  readonly network: Network | null;
  readonly error: InklingError | null;
};

/** What the rules look at. */
export type Facts = {
  readonly plan: TrainPlan;
  readonly dataset: string;
  readonly forecast: Forecast;
  readonly input: ImageShape;
  /** Training images after the limit. */
  readonly train: number;
  readonly variants: readonly Variant[];
  /** Those of this computer; null: not looked at. */
  readonly devices: readonly Device[] | null;
};

type ProblemRule = (facts: Facts) => readonly PlanProblem[];

export const problemsOf = (facts: Facts): PlanProblem[] => problems.flatMap((rule) => rule(facts));

const problems: readonly ProblemRule[] = [
  untrainable,
  unknownPreset,
  unknownActivations,
  unfitLayers,
  equalActivations,
  nothingToCompare,
  equalSeeds,
  tooManyRuns,
  tooLarge,
  unknownPlace,
  absentDevice,
];

const said = (field: string, message: string): PlanProblem => ({
  field,
  message,
  error: failure('setting-invalid', { setting: field, problem: message.replace(/\.$/, '') }),
});
const told = (field: string, error: InklingError): PlanProblem => ({
  field,
  message: error.message,
  error,
});

/** Of the data, the first thing that is missing: the rest follows from it. */
function untrainable({ dataset, forecast, train }: Facts): PlanProblem[] {
  const { classes, unlabeled, images, trainByClass } = forecast;
  const labeled = images.train + images.validation + images.test;
  const because = (problem: string): PlanProblem[] => [
    told('dataset', failure('dataset-untrainable', { name: dataset, problem })),
  ];
  if (labeled + unlabeled === 0) return because('it has no images yet');
  if (labeled === 0) return because('none of its images has a label');
  if (classes.length < 2) return because('it has fewer than two classes');
  if (train === 0) return because('it has no labeled images for training');
  const present = trainByClass.flatMap((count, i) => (count > 0 ? [classes[i]!] : []));
  return present.length === 1
    ? because(`all of its training images are of the class ${present[0]}`)
    : [];
}

function unknownPreset({ plan: { preset } }: Facts): PlanProblem[] {
  if (preset === null || isPresetName(preset)) return [];
  return [
    told('preset', failure('preset-unknown', { preset, known: Object.keys(presets).join(', ') })),
  ];
}

function unknownActivations({ plan, variants }: Facts): PlanProblem[] {
  return variants.flatMap(({ spec, error }, i) =>
    spec === null && error && plan.activations.length > 0 ? [told(`activations.${i}`, error)] : [],
  );
}

/** Layers that fit with no activation are told once, at the layer; else at the activation they do not fit with. */
function unfitLayers({ plan, input, forecast, variants }: Facts): PlanProblem[] {
  const unfit = variants.flatMap(({ spec, network, error }, i) =>
    spec && !network && error ? [{ i, spec, error }] : [],
  );
  const [first] = unfit;
  if (!first) return [];
  const own = { ...first.spec, layers: plan.layers, input, classes: classCount(forecast) };
  const { error } = resolved(own);
  if (error) return [told(misfitField(own), error)];
  return unfit.map(({ i, error }) => told(`activations.${i}`, error));
}

/** The first layer that does not follow the ones before it, and what of it: `layers.2.kernel`. */
function misfitField(spec: ModelSpec): string {
  const upTo = (count: number) =>
    resolved({ ...spec, layers: spec.layers.slice(0, count) }).network;
  const index = spec.layers.findIndex((_, i) => upTo(i + 1) === null);
  const before = upTo(index)?.layers.at(index - 1)?.output;
  const isImage = index === 0 || before?.length === 3;
  const layer = spec.layers[index];
  const window = { conv2d: 'kernel', maxPool: 'size', avgPool: 'size' };
  const cause = Object.entries(window).find(([kind]) => kind === layer?.kind)?.[1];
  return cause && isImage ? `layers.${index}.${cause}` : `layers.${index}`;
}

function equalActivations({ plan }: Facts): PlanProblem[] {
  const labels = plan.activations.map(normalLabel);
  return labels.flatMap((label, i) =>
    labels.indexOf(label) < i
      ? [said(`activations.${i}`, `${activationTitle(label)} is chosen twice.`)]
      : [],
  );
}

function nothingToCompare({ plan }: Facts): PlanProblem[] {
  if (plan.activations.length < 2 || hiddenActivations(plan).length > 0) return [];
  const message =
    'No hidden layer of this network has an activation, so all of these runs would be the same.';
  return [said('activations', message)];
}

function equalSeeds({ plan: { seeds } }: Facts): PlanProblem[] {
  return seeds.flatMap((seed, i) =>
    seeds.indexOf(seed) < i
      ? [said(`seeds.${i}`, `The seed ${seed} is there twice; its runs would be the same.`)]
      : [],
  );
}

function tooManyRuns({ plan }: Facts): PlanProblem[] {
  const count = Math.max(1, plan.activations.length) * plan.seeds.length;
  if (count <= runsMax) return [];
  return [said('seeds', `These are ${count} runs; ${runsMax} can be started at once.`)];
}

/** Memory of a step, and the size of a checkpoint. */
function tooLarge({ plan: { options }, train, variants }: Facts): PlanProblem[] {
  const batchSize = batchSizeFor(options, train);
  const field =
    options.optimizer.kind === 'gradient-descent' ? 'options.optimizer' : 'options.batchSize';
  const copies = 1 + optimizer(options.optimizer).slots.length + (options.averaging ? 1 : 0);
  for (const { network } of variants) {
    if (!network) continue;
    const step = refusal(() => checkBatch(network, batchSize, stepBytesMax));
    if (step) return [told(field, step)];
    const floatBytes = 4;
    const state = refusal(() => requireStorable(network.parameterCount * copies * floatBytes));
    if (state) return [told('layers', state)];
  }
  return [];
}

function unknownPlace({ plan: { engine, device } }: Facts): PlanProblem[] {
  const known = Object.entries(engineDevices).find(([name]) => name === engine)?.[1];
  if (!known) {
    const names = Object.keys(engineDevices).join(', ');
    return [told('engine', failure('engine-unknown', { engine, known: names }))];
  }
  if (known.some((each) => each === device)) return [];
  const reason = `the engine ${engine} has no device of this name`;
  const hint = `Choose one of ${known.join(', ')}.`;
  return [told('device', failure('device-unavailable', { device, reason, hint }))];
}

function absentDevice({ plan: { engine, device }, devices }: Facts): PlanProblem[] {
  const found = devices?.find((each) => each.engine === engine && each.id === device);
  const reason = found ? absence(found) : null;
  if (!found || reason === null) return [];
  const hint = found.available ? 'Choose another device to train on.' : found.hint;
  const error = failure('device-unavailable', { device, reason, hint });
  return [{ field: 'device', message: `${error.message} ${hint}`, error }];
}

/** Why a device cannot train; null: it can. */
export function absence(device: Device): string | null {
  if (!device.available) return device.reason;
  return device.training ? null : 'it can predict, but not train';
}

/** Equal for labels that mean the same: `swish:1` is `swish`. */
function normalLabel(label: string): string {
  try {
    return activationLabel(parseActivation(label));
  } catch (error) {
    if (error instanceof InklingError) return label;
    throw error;
  }
}

/** What `work` refuses with, if it does. */
function refusal(work: () => void): InklingError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof InklingError) return error;
    throw error;
  }
}

/** The network of a spec, or why there is none. */
export function resolved(spec: ModelSpec): Pick<Variant, 'network' | 'error'> {
  let network: Network | null = null;
  const error = refusal(() => (network = resolveNetwork(spec)));
  return { network, error };
}

/** At least two, so that a network can be shown before there are classes. */
export function classCount({ classes }: Pick<Forecast, 'classes'>): number {
  return Math.max(2, classes.length);
}
