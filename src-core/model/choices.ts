/**
 * @file What else can be chosen in a network and its training, for people: a name and a sentence for each kind of
 * layer, optimizer, schedule, loss and augmentation, and where it is usually set. A kind that the schemas know and
 * these tables do not is a type error.
 */
import type {
  AugmentationSpec,
  LayerKind,
  LayerSpec,
  LossSpec,
  OptimizerSpec,
  ScheduleSpec,
} from './spec.ts';

type Words = { readonly title: string; readonly sentence: string };

const relu = { name: 'relu' } as const;

/** `usual` is what a layer begins as when it is added. */
export const layerKinds = {
  dense: {
    title: 'Dense',
    sentence: 'Every unit sees every value before it; images have to be flattened first.',
    usual: { kind: 'dense', units: 64, activation: relu },
  },
  conv2d: {
    title: 'Convolution',
    sentence: 'Looks for small patterns everywhere in the image, one map for each filter.',
    usual: {
      kind: 'conv2d',
      filters: 16,
      kernel: 3,
      stride: 1,
      padding: 'same',
      activation: relu,
    },
  },
  maxPool: {
    title: 'Max pooling',
    sentence: 'Keeps the largest value of every small window, which makes maps smaller.',
    usual: { kind: 'maxPool', size: 2, padding: 'valid' },
  },
  avgPool: {
    title: 'Average pooling',
    sentence: 'Keeps the mean of every small window, which makes maps smaller.',
    usual: { kind: 'avgPool', size: 2, padding: 'valid' },
  },
  globalAvgPool: {
    title: 'Global average pooling',
    sentence: 'Turns every map into its mean: few parameters, and any image size fits.',
    usual: { kind: 'globalAvgPool' },
  },
  flatten: {
    title: 'Flatten',
    sentence: 'Lays maps out as one list of values, as dense layers need them.',
    usual: { kind: 'flatten' },
  },
  dropout: {
    title: 'Dropout',
    sentence: 'Sets a share of the values to zero while training, against learning by heart.',
    usual: { kind: 'dropout', rate: 0.2 },
  },
  batchNorm: {
    title: 'Batch normalization',
    sentence: 'Brings values to mean 0 and variance 1 over the batch, then scales and shifts them.',
    usual: { kind: 'batchNorm', momentum: 0.9, epsilon: 1e-3 },
  },
  activation: {
    title: 'Activation',
    sentence: 'An activation as a layer of its own, for example behind batch normalization.',
    usual: { kind: 'activation', activation: relu },
  },
  residual: {
    title: 'Residual block',
    sentence:
      'Adds what its layers compute to what they were given, so that deep networks still learn.',
    usual: {
      kind: 'residual',
      layers: [
        { kind: 'conv2d', filters: 16, kernel: 3, stride: 1, padding: 'same', activation: relu },
        {
          kind: 'conv2d',
          filters: 16,
          kernel: 3,
          stride: 1,
          padding: 'same',
          activation: { name: 'linear' },
        },
      ],
      activation: relu,
    },
  },
} as const satisfies {
  readonly [K in LayerKind]: Words & { readonly usual: Extract<LayerSpec, { kind: K }> };
};

/** `learningRate` is where each usually works on networks of this size. */
export const optimizers = {
  'gradient-descent': {
    title: 'Gradient descent',
    sentence: 'Every step looks at all training images: exact, and slow on many of them.',
    learningRate: 0.5,
  },
  sgd: {
    title: 'SGD',
    sentence: 'Gradient descent by batches: the plainest rule, which needs a well chosen rate.',
    learningRate: 0.1,
  },
  momentum: {
    title: 'Momentum',
    sentence: 'SGD that keeps rolling in the direction of its last steps.',
    learningRate: 0.05,
  },
  nesterov: {
    title: 'Nesterov',
    sentence: 'Momentum that looks ahead before it turns.',
    learningRate: 0.05,
  },
  rmsprop: {
    title: 'RMSProp',
    sentence: 'Divides every step by the usual size of its gradient.',
    learningRate: 1e-3,
  },
  adam: {
    title: 'Adam',
    sentence: 'Momentum and RMSProp in one: works with its usual settings almost everywhere.',
    learningRate: 1e-3,
  },
  adamw: {
    title: 'AdamW',
    sentence:
      'Adam with weight decay apart from the gradient; the one to choose with weight decay.',
    learningRate: 1e-3,
  },
} as const satisfies Record<OptimizerSpec['kind'], Words & { readonly learningRate: number }>;

export const schedules = {
  constant: {
    title: 'Constant',
    sentence: 'The same learning rate from the first step to the last.',
    usual: { kind: 'constant' },
  },
  step: {
    title: 'Steps',
    sentence: 'Multiplies the rate by a factor every few epochs.',
    usual: { kind: 'step', everyEpochs: 2, factor: 0.5 },
  },
  cosine: {
    title: 'Cosine',
    sentence: 'Falls along half a cosine wave, to zero unless it has a floor.',
    usual: { kind: 'cosine', floor: 0 },
  },
  'one-cycle': {
    title: 'One cycle',
    sentence: 'Rises to the rate, then falls far below where it began.',
    usual: { kind: 'one-cycle', peakAt: 0.3, startFactor: 0.04, endFactor: 0.0004 },
  },
} as const satisfies {
  readonly [K in ScheduleSpec['kind']]: Words & {
    readonly usual: Extract<ScheduleSpec, { kind: K }>;
  };
};

export const losses = {
  crossEntropy: {
    title: 'Cross-entropy',
    sentence: 'Asks for a high probability of the right class: the usual loss for classes.',
  },
  meanSquaredError: {
    title: 'Mean squared error',
    sentence: 'The squared distance from the right answer; learns more slowly from clear mistakes.',
  },
} as const satisfies Record<LossSpec['kind'], Words>;

/** By name; `usual` null changes nothing. */
export const augmentations = {
  none: {
    title: 'None',
    sentence: 'Images as they are.',
    usual: null,
  },
  digits: {
    title: 'Digits',
    sentence: 'Shifts, turns, scales and slants a little: as if another hand had written it.',
    usual: { shiftPixels: 2, rotateDegrees: 10, scale: 0.1, shearDegrees: 5 },
  },
  elastic: {
    title: 'Elastic',
    sentence: 'Moves, turns and scales, and bends strokes as handwriting does; takes longer.',
    usual: { shiftPixels: 2, rotateDegrees: 10, scale: 0.1, elasticPixels: 2, elasticSigma: 4 },
  },
} as const satisfies Record<string, Words & { readonly usual: Partial<AugmentationSpec> | null }>;
