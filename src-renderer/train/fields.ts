/**
 * @file The fields of the forms by path, in tables: what they are called, what they mean, and how far they go. Forms
 * are drawn from these, and what is wrong with a field is shown beside it because its path is the same.
 */
export type NumberRow = {
  readonly field: string;
  readonly label: string;
  readonly help: string;
  readonly min?: number;
  readonly max?: number;
  /** Arrow keys go this far; absent: a tenth of the value's size. */
  readonly step?: number;
  readonly unit?: string;
  /** What an empty field means, in words and in the plan, where it may be left empty. */
  readonly empty?: { readonly text: string; readonly value: null | undefined };
};
/** A number that can be off. */
export type OptionalRow = {
  /** What is null while it is off, and what it is when it is switched on. */
  readonly field: string;
  readonly label: string;
  readonly usual: unknown;
  readonly number: NumberRow;
};

export const basicRows = [
  {
    field: 'options.epochs',
    label: 'Epochs',
    help: 'How often every training image is looked at.',
    ...{ min: 1, max: 100_000, step: 1 },
  },
  {
    field: 'options.batchSize',
    label: 'Batch size',
    help: 'How many images each step learns from at once.',
    ...{ min: 1, max: 65_536, step: 1 },
  },
  {
    field: 'options.learningRate',
    label: 'Learning rate',
    help: 'How far each step moves the parameters: too small is slow, too large never settles.',
    ...{ min: 0, max: 100 },
  },
] as const satisfies readonly NumberRow[];

export const learningRows = [
  {
    field: 'options.weightDecay',
    label: 'Weight decay',
    help: 'Pulls the weights toward zero, which helps against learning images by heart. 0: off.',
    ...{ min: 0, max: 10 },
  },
] as const satisfies readonly NumberRow[];

export const scheduleRows = [
  {
    field: 'options.warmUpEpochs',
    label: 'Warm-up',
    help: 'Epochs over which the learning rate rises from zero before its schedule begins.',
    ...{ min: 0, max: 1000, step: 0.5, unit: 'epochs' },
  },
] as const satisfies readonly NumberRow[];

export const optionalRows = [
  {
    field: 'options.earlyStopping',
    label: 'Early stopping',
    usual: { patience: 5 },
    number: {
      field: 'options.earlyStopping.patience',
      label: 'Patience',
      help: 'Stops after so many epochs without a better validation loss, and keeps the best epoch.',
      ...{ min: 1, max: 1000, step: 1, unit: 'epochs' },
    },
  },
  {
    field: 'options.clipNorm',
    label: 'Gradient clipping',
    usual: 1,
    number: {
      field: 'options.clipNorm',
      label: 'Largest norm',
      help: 'Longer gradients are shortened to this length, so that no step goes too far.',
      ...{ min: 0, max: 1e6 },
    },
  },
  {
    field: 'options.averaging',
    label: 'Weight averaging',
    usual: { decay: 0.999 },
    number: {
      field: 'options.averaging.decay',
      label: 'Decay',
      help: 'Predicts with a running mean of the parameters; closer to 1 averages over more steps.',
      ...{ min: 0, max: 0.99999, step: 0.001 },
    },
  },
] as const satisfies readonly OptionalRow[];

export const lossRows = [
  {
    field: 'options.loss.labelSmoothing',
    label: 'Label smoothing',
    help: 'Takes this share of certainty from every label, against overconfident answers. 0: off.',
    ...{ min: 0, max: 0.5, step: 0.05 },
  },
] as const satisfies readonly NumberRow[];

/** Constants of optimizers and schedules, by the name they have in the options. */
const constantRows: Readonly<Record<string, Omit<NumberRow, 'field'>>> = {
  momentum: {
    label: 'Momentum',
    help: 'How much of the direction of earlier steps is kept.',
    ...{ min: 0, max: 0.99999, step: 0.01 },
  },
  decay: {
    label: 'Decay',
    help: 'How long the size of earlier gradients is remembered.',
    ...{ min: 0, max: 0.99999, step: 0.01 },
  },
  beta1: {
    label: 'Beta 1',
    help: 'How long the direction of earlier gradients is remembered.',
    ...{ min: 0, max: 0.99999, step: 0.01 },
  },
  beta2: {
    label: 'Beta 2',
    help: 'How long the size of earlier gradients is remembered.',
    ...{ min: 0, max: 0.99999, step: 0.001 },
  },
  epsilon: {
    label: 'Epsilon',
    help: 'A small number that keeps the step finite where gradients vanish.',
    ...{ min: 0, max: 1 },
  },
  everyEpochs: {
    label: 'Every',
    help: 'Epochs after which the learning rate falls once more.',
    ...{ min: 1, max: 100_000, step: 1, unit: 'epochs' },
  },
  factor: {
    label: 'Factor',
    help: 'What the learning rate is multiplied by each time.',
    ...{ min: 0, max: 1, step: 0.1 },
  },
  floor: {
    label: 'Floor',
    help: 'The share of the learning rate that is left at the end.',
    ...{ min: 0, max: 1, step: 0.05 },
  },
  peakAt: {
    label: 'Peak at',
    help: 'The share of the run after which the learning rate is highest.',
    ...{ min: 0, max: 1, step: 0.05 },
  },
  startFactor: {
    label: 'Start factor',
    help: 'The share of the learning rate that the run begins with.',
    ...{ min: 0, max: 1, step: 0.01 },
  },
  endFactor: {
    label: 'End factor',
    help: 'The share of the learning rate that the run ends with.',
    ...{ min: 0, max: 1, step: 0.0001 },
  },
};

/** What stands in the plan for what was typed. */
export function enteredValue(row: NumberRow, value: number | null): number | null | undefined {
  if (value !== null) return value;
  return row.empty ? row.empty.value : NaN;
}

/** The constants that an object such as `options.optimizer` has now. */
export function constantsOf(path: string, value: object): readonly NumberRow[] {
  return Object.keys(value).flatMap((name) => {
    const row = constantRows[name];
    return row ? [{ ...row, field: `${path}.${name}` }] : [];
  });
}

export const threadsRow = {
  field: 'options.threads',
  label: 'Threads',
  help: 'How many processor cores compute at once.',
  ...{ min: 1, max: 256, step: 1 },
} as const satisfies NumberRow;

export const limitRow = {
  field: 'limit',
  label: 'Images at most',
  help: 'Trains with this many of the training images: to try something quickly.',
  ...{ min: 1, step: 1, empty: { text: 'all', value: null } },
} as const satisfies NumberRow;

export const augmentationRows = [
  {
    field: 'options.augmentation.shiftPixels',
    label: 'Shift',
    help: 'Moves the picture by at most this much in each direction.',
    ...{ min: 0, max: 64, step: 1, unit: 'pixels' },
  },
  {
    field: 'options.augmentation.rotateDegrees',
    label: 'Rotation',
    help: 'Turns the picture by at most this much, either way.',
    ...{ min: 0, max: 180, step: 5, unit: 'degrees' },
  },
  {
    field: 'options.augmentation.scale',
    label: 'Scale',
    help: '0.1 makes the picture up to a tenth smaller or larger.',
    ...{ min: 0, max: 0.9, step: 0.05 },
  },
  {
    field: 'options.augmentation.shearDegrees',
    label: 'Shear',
    help: 'Slants the picture by at most this much, either way.',
    ...{ min: 0, max: 60, step: 5, unit: 'degrees' },
  },
  {
    field: 'options.augmentation.elasticPixels',
    label: 'Elastic',
    help: 'Bends the picture as a trembling hand would, by at most this much.',
    ...{ min: 0, max: 64, step: 1, unit: 'pixels' },
  },
  {
    field: 'options.augmentation.elasticSigma',
    label: 'Elastic width',
    help: 'How smooth the bending is: larger moves whole strokes, smaller makes them wavy.',
    ...{ min: 1, max: 32, step: 1, unit: 'pixels' },
  },
  {
    field: 'options.augmentation.noise',
    label: 'Noise',
    help: 'Standard deviation of random gray levels added to every pixel, of 255.',
    ...{ min: 0, max: 128, step: 5 },
  },
  {
    field: 'options.augmentation.invert',
    label: 'Invert',
    help: 'How often black and white are swapped: 0 never, 1 always.',
    ...{ min: 0, max: 1, step: 0.1 },
  },
] as const satisfies readonly NumberRow[];
