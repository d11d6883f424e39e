/**
 * @file The options of the command line as tables: how each is written, what it means, and the schema that turns its
 * word into a value. Names are those the core uses, so that what was asked for is handed on as it is. A word that
 * does not fit is wrong usage: exit 2.
 */
import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';

type OptionRow = {
  readonly flags: string;
  readonly text: string;
  readonly schema: z.ZodType;
  /** What stands in when the option is absent; without it the option stays absent. */
  readonly otherwise?: unknown;
  readonly isRequired?: true;
};

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** Values by name: required ones and those with a default are there, others may be absent. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends { isRequired: true } | { otherwise: unknown }
    ? z.output<T[K]['schema']>
    : z.output<T[K]['schema']> | undefined;
};

const text = z.string().min(1, 'It is empty.');
const number = z
  .string()
  .refine((word) => word.trim() !== '' && Number.isFinite(Number(word)), 'It is not a number.')
  .transform(Number);
const whole = number.refine(Number.isInteger, 'It is not a whole number.');
const positive = whole.refine((n) => n >= 1, 'It is less than one.');
const notNegative = whole.refine((n) => n >= 0, 'It is less than zero.');
const names = z
  .string()
  .transform((word) => word.split(',').map((name) => name.trim()))
  .refine((parts) => parts.every((name) => name !== ''), 'A name is missing between the commas.')
  // The same run twice would count as two that agree.
  .refine((parts) => new Set(parts).size === parts.length, 'One of them is there twice.');
const wholes = names
  .pipe(z.array(whole))
  .refine((parts) => new Set(parts).size === parts.length, 'One of them is there twice.');
const share = number.refine((x) => x >= 0 && x <= 1, 'It is not between 0 and 1.');
const flag = z.boolean();
const imageSize = z
  .string()
  .regex(/^\d+x\d+x[13]$/, 'Write height x width x channels, for example 28x28x1.')
  .transform((word) => {
    const [height, width, channels] = word.split('x').map(Number);
    return {
      height: height!,
      width: width!,
      channels: channels === 3 ? (3 as const) : (1 as const),
    };
  });

const dataset = { flags: '--dataset <name>', schema: text };

export const commonOptions = {
  workspace: {
    flags: '--workspace <dir>',
    text: "the workspace folder (default: Inkling's own in your data folder)",
    schema: text,
  },
  json: {
    flags: '--json',
    text: 'print the result as one line of JSON, last on stdout',
    schema: flag,
    otherwise: false,
  },
} as const satisfies OptionTable;

export const importOptions = {
  dataset: { ...dataset, text: 'new or existing', isRequired: true },
} as const satisfies OptionTable;

export const sampleOptions = {
  dataset: { ...dataset, text: 'new or existing', otherwise: 'sample digits' },
  count: { flags: '--count <n>', text: 'how many', schema: whole, otherwise: 5000 },
  seed: {
    flags: '--seed <n>',
    text: 'the same seed makes the same digits',
    schema: whole,
    otherwise: 1,
  },
} as const satisfies OptionTable;

/** What a run can be asked for, on `train` and `compare`. */
const runOptions = {
  dataset: { ...dataset, text: 'what to train on', isRequired: true },
  preset: {
    flags: '--preset <name>',
    text: 'the network: softmax, mlp-16-16, mlp-128-64, lenet, cnn-32-64, best-digits',
    schema: text,
    otherwise: 'mlp-128-64',
  },
  epochs: { flags: '--epochs <n>', text: 'times through the training images', schema: whole },
  batchSize: { flags: '--batch <n>', text: 'images per step', schema: whole },
  learningRate: { flags: '--lr <x>', text: 'learning rate', schema: number },
  optimizer: {
    flags: '--optimizer <name>',
    text: 'adam, adamw, sgd, momentum, nesterov, rmsprop, gradient-descent',
    schema: text,
  },
  loss: {
    flags: '--loss <name>',
    text: 'ce (cross-entropy) or mse (mean squared error)',
    schema: text,
  },
  labelSmoothing: {
    flags: '--label-smoothing <x>',
    text: 'share of the target spread over all classes',
    schema: number,
  },
  output: { flags: '--output <name>', text: 'softmax or sigmoid', schema: text },
  initializer: { flags: '--initializer <name>', text: 'auto, he, glorot, lecun', schema: text },
  schedule: { flags: '--schedule <name>', text: 'constant, step, cosine, one-cycle', schema: text },
  warmUpEpochs: {
    flags: '--warm-up <epochs>',
    text: 'epochs over which the learning rate rises',
    schema: number,
  },
  weightDecay: { flags: '--weight-decay <x>', text: 'pull of the weights to zero', schema: number },
  clipNorm: { flags: '--clip <x>', text: 'largest norm of the gradient', schema: number },
  earlyStoppingPatience: {
    flags: '--early-stopping <epochs>',
    text: 'stop when validation has not improved for so long',
    schema: whole,
  },
  averagingDecay: {
    flags: '--averaging <decay>',
    text: 'use a moving average of the weights',
    schema: number,
  },
  augmentation: { flags: '--augment <name>', text: 'none, digits, elastic', schema: text },
  limit: { flags: '--limit <n>', text: 'use at most so many training images', schema: positive },
  input: {
    flags: '--input <size>',
    text: "the network's input, for example 28x28x1",
    schema: imageSize,
  },
  engine: { flags: '--engine <name>', text: 'onnx or tfjs', schema: text },
  device: {
    flags: '--device <name>',
    text: 'cpu, webgpu, cuda, …; "inkling doctor" lists them',
    schema: text,
  },
  threads: {
    flags: '--threads <n>',
    text: 'threads of the engine; results are the same only for the same number',
    schema: whole,
  },
} as const satisfies OptionTable;

export const trainOptions = {
  ...runOptions,
  activation: {
    flags: '--activation <name>',
    text: 'relu, leaky-relu, prelu, swish, …; a constant may follow, as in elu:0.5',
    schema: text,
  },
  seed: { flags: '--seed <n>', text: 'where all randomness comes from', schema: whole },
} as const satisfies OptionTable;

export const compareOptions = {
  ...runOptions,
  activations: {
    flags: '--activations <names>',
    text: 'separated by commas',
    schema: names,
    isRequired: true,
  },
  seeds: {
    flags: '--seeds <numbers>',
    text: 'separated by commas',
    schema: wholes,
    otherwise: [1, 2, 3],
  },
  target: {
    flags: '--target <x>',
    text: 'accuracy whose epochs and seconds are counted',
    schema: share,
    otherwise: 0.97,
  },
} as const satisfies OptionTable;

export const resumeOptions = {
  epochs: { flags: '--epochs <n>', text: 'epochs more', schema: notNegative, otherwise: 0 },
} as const satisfies OptionTable;

export const inspectOptions = {
  split: {
    flags: '--split <name>',
    text: 'train, validation or test',
    schema: z.enum(['train', 'validation', 'test'], 'It is none of train, validation, test.'),
    otherwise: 'test',
  },
} as const satisfies OptionTable;

export const exportOptions = {
  format: {
    flags: '--format <name>',
    text: 'onnx, onnx-int8, onnx-pruned, web, tfjs, keras, pytorch, c or c-int8; report or capsule',
    schema: text,
    otherwise: 'onnx',
  },
  out: { flags: '--out <dir>', text: 'folder to write into', schema: text, isRequired: true },
  temperature: {
    flags: '--calibrate',
    text: 'divide the logits by the temperature that fits the validation images best',
    schema: flag,
    otherwise: false,
  },
  unsureBelow: {
    flags: '--unsure-below <x>',
    text: 'answers whose largest probability is below are called unsure',
    schema: share,
  },
  images: {
    flags: '--with-images',
    text: 'a capsule holds the images themselves, not only their hashes',
    schema: flag,
    otherwise: false,
  },
  sparsity: {
    flags: '--sparsity <x>',
    text: 'onnx-pruned: the share of weights set to zero (0.8 unless given)',
    schema: number.refine((x) => x >= 0.1 && x <= 0.99, 'It is not between 0.1 and 0.99.'),
  },
  fineTuneEpochs: {
    flags: '--fine-tune <epochs>',
    text: 'onnx-pruned: epochs of training after that (1 unless given)',
    schema: whole.refine((n) => n >= 0 && n <= 10, 'It is not between 0 and 10.'),
  },
  overwrite: {
    flags: '--overwrite',
    text: 'replace files of the same name',
    schema: flag,
    otherwise: false,
  },
} as const satisfies OptionTable;

export const serveOptions = {
  port: {
    flags: '--port <n>',
    text: 'where it listens; any free one unless given',
    schema: notNegative.refine((n) => n <= 65_535, 'There are no ports above 65535.'),
    otherwise: 0,
  },
} as const satisfies OptionTable;

/** The rows as commander takes them. */
export function commandOptions(options: OptionTable): Option[] {
  return Object.values(options).map((row) => {
    const option = new Option(row.flags, row.text);
    if (option.required) option.argParser((word) => parsed(row.schema, word));
    // A flag that is not given is off; help need not say so.
    const shown = row.otherwise === false ? undefined : String(row.otherwise);
    if (row.otherwise !== undefined) option.default(row.otherwise, shown);
    return option.makeOptionMandatory(row.isRequired ?? false);
  });
}

function parsed(schema: z.ZodType, word: string): unknown {
  const result = schema.safeParse(word);
  if (!result.success) throw new InvalidArgumentError(result.error.issues[0]!.message);
  return result.data;
}

/** Commander's values under the names of the table. */
export function optionValues<T extends OptionTable>(
  options: T,
  given: Readonly<Record<string, unknown>>,
): OptionValues<T> {
  const entries = Object.entries(options).map(
    ([name, { flags }]) => [name, given[new Option(flags).attributeName()]] as const,
  );
  // Each value has come through its row's schema.
  return Object.fromEntries(entries) as OptionValues<T>;
}
