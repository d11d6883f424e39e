/**
 * @file The networks that come with the program. Each row says in a sentence what it is for and builds its
 * layers for a given activation; adding a preset is adding a row.
 */
import type { ActivationSpec, ImageShape, LayerSpec, ModelSpec, TrainOptions } from './spec.ts';

type Preset = {
  readonly title: string;
  readonly purpose: string;
  readonly layers: (activation: ActivationSpec) => readonly LayerSpec[];
  readonly output?: ModelSpec['output'];
  /** What differs from the general defaults when this preset trains. */
  readonly training?: Partial<TrainOptions>;
};

const conv = (
  filters: number,
  kernel: number,
  activation: ActivationSpec,
  padding: 'same' | 'valid' = 'valid',
): LayerSpec => ({ kind: 'conv2d', filters, kernel, stride: 1, padding, activation });
const normalized = (
  filters: number,
  kernel: number,
  activation: ActivationSpec,
  stride = 1,
): readonly LayerSpec[] => [
  { kind: 'conv2d', filters, kernel, stride, padding: 'same', activation: { name: 'linear' } },
  { kind: 'batchNorm', momentum: 0.9, epsilon: 1e-3 },
  { kind: 'activation', activation },
];
const dense = (units: number, activation: ActivationSpec): LayerSpec => ({
  kind: 'dense',
  units,
  activation,
});
/** A rate that falls to zero over the run: half a point better on digits than a constant one. */
const falling: Partial<TrainOptions> = {
  learningRate: 2e-3,
  schedule: { kind: 'cosine', floor: 0 },
};
const halve: LayerSpec = { kind: 'maxPool', size: 2, padding: 'valid' };
const flatten: LayerSpec = { kind: 'flatten' };

export const presets = {
  softmax: {
    title: 'Softmax regression',
    purpose: 'No hidden layer: the baseline every other network has to beat.',
    layers: () => [flatten],
    training: falling,
  },
  'mlp-16-16': {
    title: 'Two hidden layers of 16',
    purpose: 'Small enough to draw every weight: for learning how a network works.',
    layers: (activation) => [flatten, dense(16, activation), dense(16, activation)],
    // So few weights take larger steps well.
    training: { ...falling, learningRate: 5e-3 },
  },
  'mlp-128-64': {
    title: 'Dense 128-64',
    purpose: 'Trains in seconds and reads digits well: for comparing activations.',
    layers: (activation) => [flatten, dense(128, activation), dense(64, activation)],
    training: falling,
  },
  lenet: {
    title: 'LeNet',
    purpose: 'The classic convolutional network for digits, with 61 706 parameters.',
    layers: (activation) => [
      conv(6, 5, activation, 'same'),
      halve,
      conv(16, 5, activation),
      halve,
      flatten,
      dense(120, activation),
      dense(84, activation),
    ],
    training: falling,
  },
  'cnn-32-64': {
    title: 'CNN 32-64',
    purpose: 'Two convolutions and a dense layer: near 99 % on digits within a minute or two.',
    layers: (activation) => [
      conv(32, 3, activation),
      halve,
      conv(64, 3, activation),
      halve,
      flatten,
      dense(128, activation),
    ],
    training: falling,
  },
  'best-digits': {
    title: 'Best digits',
    purpose: 'Batch normalization, dropout and augmentation: for the last tenths of a percent.',
    layers: (activation) => [
      ...normalized(24, 3, activation),
      ...normalized(32, 3, activation, 2),
      { kind: 'dropout', rate: 0.2 },
      ...normalized(48, 3, activation),
      ...normalized(64, 3, activation, 2),
      { kind: 'dropout', rate: 0.2 },
      flatten,
      dense(128, activation),
      { kind: 'dropout', rate: 0.4 },
    ],
    training: {
      learningRate: 3e-3,
      schedule: { kind: 'one-cycle', peakAt: 0.3, startFactor: 0.04, endFactor: 0.0004 },
      augmentation: {
        shiftPixels: 2,
        rotateDegrees: 10,
        scale: 0.1,
        shearDegrees: 5,
        elasticPixels: 0,
        elasticSigma: 4,
        noise: 0,
        invert: 0,
      },
    },
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

/** The preset's row with its optional fields visible. */
export function presetRow(name: PresetName): Preset {
  return presets[name];
}

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

/** A preset as a complete spec for images of this shape. */
export function presetSpec(
  name: PresetName,
  input: ImageShape,
  classes: number,
  activation: ActivationSpec,
): ModelSpec {
  const preset = presetRow(name);
  return {
    input,
    layers: [...preset.layers(activation)],
    classes,
    output: preset.output ?? 'softmax',
    initializer: 'auto',
  };
}
