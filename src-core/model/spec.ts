/**
 * @file What a network is and how it is trained, as plain data: the two schemas that a preset, the command
 * line, a stored run and an export all share. Shapes are checked by `layers.ts`, not here.
 */
import { z } from 'zod';

const positiveInt = (max: number) => z.int().min(1).max(max);
const fraction = z.number().min(0).max(1);

/** Activations by name, each with its constants. `prelu` learns its slopes; `maxout` takes the best of k pieces. */
export const ActivationSpec = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('linear') }),
  z.strictObject({ name: z.literal('step') }),
  z.strictObject({ name: z.literal('sigmoid') }),
  z.strictObject({ name: z.literal('tanh') }),
  z.strictObject({ name: z.literal('relu') }),
  z.strictObject({ name: z.literal('leaky-relu'), alpha: z.number().min(0).max(1).default(0.01) }),
  z.strictObject({ name: z.literal('prelu'), initial: z.number().min(0).max(1).default(0.25) }),
  z.strictObject({ name: z.literal('elu'), alpha: z.number().positive().max(10).default(1) }),
  z.strictObject({ name: z.literal('selu') }),
  z.strictObject({ name: z.literal('swish'), beta: z.number().positive().max(10).default(1) }),
  z.strictObject({ name: z.literal('gelu') }),
  z.strictObject({ name: z.literal('softplus') }),
  z.strictObject({ name: z.literal('maxout'), pieces: z.int().min(2).max(8).default(2) }),
]);
export type ActivationSpec = z.infer<typeof ActivationSpec>;
export type ActivationName = ActivationSpec['name'];

const linear: ActivationSpec = { name: 'linear' };
const padding = z.enum(['valid', 'same']).default('valid');

const SimpleLayer = [
  z.strictObject({
    kind: z.literal('dense'),
    units: positiveInt(8192),
    activation: ActivationSpec.default(linear),
  }),
  z.strictObject({
    kind: z.literal('conv2d'),
    filters: positiveInt(1024),
    kernel: positiveInt(15),
    stride: positiveInt(8).default(1),
    padding,
    activation: ActivationSpec.default(linear),
  }),
  z.strictObject({
    kind: z.literal('maxPool'),
    size: positiveInt(16),
    stride: positiveInt(16).optional(),
    padding,
  }),
  z.strictObject({
    kind: z.literal('avgPool'),
    size: positiveInt(16),
    stride: positiveInt(16).optional(),
    padding,
  }),
  z.strictObject({ kind: z.literal('globalAvgPool') }),
  z.strictObject({ kind: z.literal('flatten') }),
  z.strictObject({ kind: z.literal('dropout'), rate: z.number().min(0).max(0.95) }),
  z.strictObject({
    kind: z.literal('batchNorm'),
    momentum: fraction.default(0.9),
    epsilon: z.number().positive().max(1).default(1e-3),
  }),
  z.strictObject({ kind: z.literal('activation'), activation: ActivationSpec }),
] as const;

/** A layer inside a residual block: anything but another block. */
const InnerLayer = z.discriminatedUnion('kind', SimpleLayer);

/** A block whose output is added to its input; a 1×1 convolution adapts the input where the shapes differ. */
const Residual = z.strictObject({
  kind: z.literal('residual'),
  layers: z.array(InnerLayer).min(1).max(16),
  activation: ActivationSpec.default(linear),
});

export const LayerSpec = z.discriminatedUnion('kind', [...SimpleLayer, Residual]);
export type LayerSpec = z.infer<typeof LayerSpec>;
export type LayerKind = LayerSpec['kind'];

/** The size of the images a network reads: [channels, height, width]. */
export const ImageShape = z.strictObject({
  channels: z.union([z.literal(1), z.literal(3)]),
  height: z.int().min(1).max(512),
  width: z.int().min(1).max(512),
});
export type ImageShape = z.infer<typeof ImageShape>;

/**
 * A network: image in, one score per class out. The last dense layer (`classes` units) is part of the network
 * and not listed in `layers`; `output` is what is applied to its scores.
 */
export const ModelSpec = z.strictObject({
  input: ImageShape,
  layers: z.array(LayerSpec).max(64),
  classes: z.int().min(2).max(4096),
  output: z.enum(['softmax', 'sigmoid']).default('softmax'),
  /** `auto` picks by activation: He for the ReLU family, LeCun for SELU, Glorot for the rest. */
  initializer: z.enum(['auto', 'he', 'glorot', 'lecun']).default('auto'),
});
export type ModelSpec = z.infer<typeof ModelSpec>;

export const LossSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('crossEntropy'),
    labelSmoothing: z.number().min(0).max(0.5).default(0),
  }),
  z.strictObject({ kind: z.literal('meanSquaredError') }),
]);
export type LossSpec = z.infer<typeof LossSpec>;

const decay = z.number().min(0).max(0.99999);
const epsilon = z.number().positive().max(1).default(1e-7);

export const OptimizerSpec = z.discriminatedUnion('kind', [
  /** The whole training split in every step. */
  z.strictObject({ kind: z.literal('gradient-descent') }),
  z.strictObject({ kind: z.literal('sgd') }),
  z.strictObject({ kind: z.literal('momentum'), momentum: decay.default(0.9) }),
  z.strictObject({ kind: z.literal('nesterov'), momentum: decay.default(0.9) }),
  z.strictObject({ kind: z.literal('rmsprop'), decay: decay.default(0.9), epsilon }),
  z.strictObject({
    kind: z.literal('adam'),
    beta1: decay.default(0.9),
    beta2: decay.default(0.999),
    epsilon,
  }),
  z.strictObject({
    kind: z.literal('adamw'),
    beta1: decay.default(0.9),
    beta2: decay.default(0.999),
    epsilon,
  }),
]);
export type OptimizerSpec = z.infer<typeof OptimizerSpec>;

/** How the learning rate moves over a run, as a factor on `learningRate`; warm-up comes before any of them. */
export const ScheduleSpec = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('step'),
    everyEpochs: positiveInt(100_000),
    factor: fraction.default(0.5),
  }),
  z.strictObject({ kind: z.literal('cosine'), floor: fraction.default(0) }),
  z.strictObject({
    kind: z.literal('one-cycle'),
    peakAt: fraction.default(0.3),
    startFactor: fraction.default(0.04),
    endFactor: fraction.default(0.0004),
  }),
]);
export type ScheduleSpec = z.infer<typeof ScheduleSpec>;

/** Seeded changes to training images; each value is the largest change, drawn uniformly from −value … value. */
export const AugmentationSpec = z.strictObject({
  shiftPixels: z.number().min(0).max(64).default(0),
  rotateDegrees: z.number().min(0).max(180).default(0),
  /** 0.1 scales by 0.9 … 1.1. */
  scale: z.number().min(0).max(0.9).default(0),
  shearDegrees: z.number().min(0).max(60).default(0),
  /** Elastic distortion (Simard, 2003): displacement in pixels and the width of its smoothing in pixels. */
  elasticPixels: z.number().min(0).max(64).default(0),
  elasticSigma: z.number().min(1).max(32).default(4),
  /** Standard deviation of Gaussian noise in gray levels of 0 … 255. */
  noise: z.number().min(0).max(128).default(0),
  /** Probability of swapping black and white. */
  invert: fraction.default(0),
});
export type AugmentationSpec = z.infer<typeof AugmentationSpec>;

export const TrainOptions = z.strictObject({
  epochs: positiveInt(100_000).default(5),
  batchSize: positiveInt(65_536).default(128),
  learningRate: z.number().positive().max(100).default(1e-3),
  loss: LossSpec.default({ kind: 'crossEntropy', labelSmoothing: 0 }),
  optimizer: OptimizerSpec.default({ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }),
  schedule: ScheduleSpec.default({ kind: 'constant' }),
  /** Epochs over which the learning rate rises linearly from zero; may be a fraction of one. */
  warmUpEpochs: z.number().min(0).max(1000).default(0),
  /** Largest global norm of the gradient; larger ones are scaled down. Null: no clipping. */
  clipNorm: z.number().positive().max(1e6).nullable().default(null),
  /** Coupled (L2) for every optimizer but AdamW, where it is decoupled. Kernels only, never biases or slopes. */
  weightDecay: z.number().min(0).max(10).default(0),
  /** Stops when validation loss has not improved for `patience` epochs and keeps the best epoch. */
  earlyStopping: z
    .strictObject({ patience: positiveInt(1000) })
    .nullable()
    .default(null),
  /** Exponential moving average of the parameters, used for evaluation and export. */
  averaging: z
    .strictObject({ decay: decay.default(0.999) })
    .nullable()
    .default(null),
  augmentation: AugmentationSpec.nullable().default(null),
  seed: z.int().min(0).max(2_147_483_647).default(1),
  /** Threads of the engine; results are identical only for the same number. */
  threads: positiveInt(256).default(2),
});
export type TrainOptions = z.infer<typeof TrainOptions>;
