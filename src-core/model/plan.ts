/**
 * @file From what a user asks for, a preset and a few settings, to a complete network and training options. What is
 * not asked for comes from the preset, then from the optimizer, then from the schema.
 */
import type { z } from 'zod';
import { failure } from '../errors.ts';
import { activations, constantOf, defaultActivation, isActivationName } from './activations.ts';
import { augmentations, optimizers } from './choices.ts';
import { isPresetName, presetRow, presets, presetSpec } from './presets.ts';
import {
  ActivationSpec,
  AugmentationSpec,
  ModelSpec,
  OptimizerSpec,
  ScheduleSpec,
  TrainOptions,
  type ImageShape,
} from './spec.ts';

/** Everything a run can be asked for by name; absent means the usual. */
export type RunRequest = {
  readonly preset: string;
  readonly activation?: string | undefined;
  readonly output?: string | undefined;
  readonly initializer?: string | undefined;
  readonly optimizer?: string | undefined;
  readonly schedule?: string | undefined;
  readonly loss?: string | undefined;
  readonly labelSmoothing?: number | undefined;
  readonly augmentation?: string | undefined;
  readonly earlyStoppingPatience?: number | undefined;
  readonly averagingDecay?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly warmUpEpochs?: number | undefined;
  readonly clipNorm?: number | undefined;
  readonly weightDecay?: number | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
};

/** Losses by their short names. */
const lossNames: Record<string, string> = { ce: 'crossEntropy', mse: 'meanSquaredError' };

/**
 * @throws InklingError `preset-unknown`, `activation-unknown`, `setting-invalid`
 */
export function planSpec(request: RunRequest, input: ImageShape, classes: number): ModelSpec {
  if (!isPresetName(request.preset))
    throw failure('preset-unknown', {
      preset: request.preset,
      known: Object.keys(presets).join(', '),
    });
  const spec = presetSpec(request.preset, input, classes, parseActivation(request.activation));
  return checked(ModelSpec, {
    ...spec,
    output: request.output ?? spec.output,
    initializer: request.initializer ?? spec.initializer,
  });
}

/** @throws InklingError `setting-invalid` */
export function planOptions(request: RunRequest): TrainOptions {
  const preset = isPresetName(request.preset) ? (presetRow(request.preset).training ?? {}) : {};
  const ownOptimizer = preset.optimizer?.kind ?? 'adam';
  const kind = request.optimizer ?? ownOptimizer;
  const optimizer = checked(OptimizerSpec, { kind }, 'optimizer');
  const loss = lossNames[request.loss ?? 'ce'] ?? request.loss;
  return checked(TrainOptions, {
    ...preset,
    optimizer,
    // A preset's rate is meant for its own optimizer.
    learningRate:
      (optimizer.kind === ownOptimizer ? preset.learningRate : null) ??
      optimizers[optimizer.kind].learningRate,
    loss: { kind: loss, ...given({ labelSmoothing: request.labelSmoothing }) },
    ...given({
      schedule: request.schedule && planSchedule(request.schedule, request.epochs ?? 5),
      augmentation: planAugmentation(request.augmentation),
      earlyStopping: field('patience', request.earlyStoppingPatience),
      averaging: field('decay', request.averagingDecay),
      epochs: request.epochs,
      batchSize: request.batchSize,
      learningRate: request.learningRate,
      warmUpEpochs: request.warmUpEpochs,
      clipNorm: request.clipNorm,
      weightDecay: request.weightDecay,
      seed: request.seed,
      threads: request.threads,
    }),
  });
}

/**
 * `name` or `name:constant`, for example `leaky-relu:0.2`. ReLU where nothing is asked for.
 *
 * @throws InklingError `activation-unknown`, `setting-invalid`
 */
export function parseActivation(text = 'relu'): ActivationSpec {
  const [name = '', constant, ...rest] = text.split(':');
  if (!isActivationName(name))
    throw failure('activation-unknown', {
      activation: name,
      known: Object.keys(activations).join(', '),
    });
  if (constant === undefined) return defaultActivation(name);
  if (constant.trim() === '' || rest.length > 0)
    throw failure('setting-invalid', {
      setting: 'activation',
      problem: `${text} is not a name and one constant, such as elu:0.5`,
    });
  const known = constantOf(name);
  const parsed = ActivationSpec.safeParse({ name, [known?.field ?? 'constant']: Number(constant) });
  if (parsed.success) return parsed.data;
  const { title } = activations[name];
  const problem = known
    ? `the constant of ${title} (${known.title}) is ${known.min} … ${known.max}, not ${constant}`
    : `${title} takes no constant`;
  throw failure('setting-invalid', { setting: 'activation', problem });
}

/** The step schedule halves three times in a run; the others have their own shape. */
function planSchedule(kind: string, epochs: number): ScheduleSpec {
  const step = kind === 'step' ? { everyEpochs: Math.max(1, Math.ceil(epochs / 4)) } : {};
  return checked(ScheduleSpec, { kind, ...step }, 'schedule');
}

function planAugmentation(name: string | undefined): AugmentationSpec | null | undefined {
  if (name === undefined) return undefined;
  const row = Object.entries(augmentations).find(([each]) => each === name);
  if (!row)
    throw failure('setting-invalid', {
      setting: 'augmentation',
      problem: `${name} is none of ${Object.keys(augmentations).join(', ')}`,
    });
  const { usual } = row[1];
  return usual === null ? null : AugmentationSpec.parse(usual);
}

/** An object of one field, where it has a value. */
const field = (name: string, value: number | undefined) =>
  value === undefined ? undefined : { [name]: value };

/** The entries that have a value. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Parses, and names the first offending field, which belongs to `setting` where that is given. */
function checked<S extends z.ZodType>(schema: S, value: unknown, setting?: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw failure('setting-invalid', {
    setting:
      [setting ?? [], issue.path]
        .flat()
        .join('.')
        .replace(/\.kind$/, '') || 'settings',
    problem: issue.message.replace(/^Invalid (input: |discriminator value\. )/, ''),
  });
}
