/**
 * @file What a run measures, as it is sent and stored: series of values per step, a record per epoch, and the
 * result. NaN and infinity are values like any other here: whoever reads a curve must see them.
 */
import { z } from 'zod';

/** z.number() refuses NaN and infinity. */
const measured = z.custom<number>((value) => typeof value === 'number', 'not a number');

/** Mean loss over samples, before weight decay; accuracy 0 … 1. */
export const Score = z.strictObject({ loss: measured, accuracy: measured });
export type Score = z.infer<typeof Score>;

const Slopes = z.strictObject({ mean: measured, min: measured, max: measured });

/** `LayerHealth` of the engine, as data from outside. */
const LayerHealth = z.strictObject({
  layer: z.string(),
  activation: z.string(),
  gradientNorm: measured,
  deadShare: measured,
  saturatedShare: measured,
  activationMean: measured,
  activationSd: measured,
  slopes: Slopes.nullable(),
});

/** Seconds of a stretch of training: all of it, the steps in it, and the engine's part of the steps. */
export const Timing = z.strictObject({
  seconds: measured,
  stepSeconds: measured,
  engineSeconds: measured,
});
export type Timing = z.infer<typeof Timing>;

export const EpochMetrics = z.strictObject({
  /** From 1. */
  epoch: z.int().min(1),
  /** The last step of the epoch. */
  step: z.int().min(1),
  learningRate: measured,
  /** Means over the epoch's steps: with dropout and augmentation, and while the network was changing. */
  train: Score,
  /** At the end of the epoch, of the averaged parameters if averaging is on. Null: no validation images. */
  validation: Score.nullable(),
  timing: Timing,
  samplesPerSecond: measured,
  /** The split the layers were probed on: validation, or train where that has too few images for a batch. */
  probed: z.enum(['validation', 'train']),
  layers: z.array(LayerHealth),
});
export type EpochMetrics = z.infer<typeof EpochMetrics>;

export const Warning = z.strictObject({ code: z.string(), message: z.string() });
export type Warning = z.infer<typeof Warning>;

/** What came of a run. `train` and `validation` are those of the epoch whose parameters were kept. */
export const RunResult = z.strictObject({
  parameters: z.int(),
  /** Trained in all; the kept parameters are those after `keptEpoch`. */
  epochs: z.int(),
  steps: z.int(),
  kept: z.enum(['last', 'best']),
  keptEpoch: z.int(),
  /** True when the kept parameters' moving average was evaluated, and is what predicts and is exported. */
  averaged: z.boolean(),
  stoppedEarly: z.boolean(),
  ...Timing.shape,
  samplesPerSecond: measured,
  train: Score,
  validation: Score.nullable(),
  test: Score.nullable(),
  /** SHA-256 of the kept parameters, before averaging. */
  parametersHash: z.string(),
  warnings: z.array(Warning),
});
export type RunResult = z.infer<typeof RunResult>;

/** The series of a step, in the order they are stored. Accuracy is that of the step's batch. */
export const stepSeries = ['loss', 'accuracy', 'learningRate', 'samplesPerSecond'] as const;
export type StepSeries = (typeof stepSeries)[number];

/** Consecutive steps from `firstStep`; all series have the same length. */
export type StepMetrics = {
  readonly firstStep: number;
  readonly series: Readonly<Record<StepSeries, Float32Array>>;
};

/**
 * At most five messages a second: each costs a row in the store and a redrawing of the charts, on the processor that
 * trains. What is measured still reaches the charts within a third of a second.
 */
export const flushIntervalMs = 200;
/** No engine does more steps than this in one interval; should one, it is flushed early. */
const bufferSteps = 4096;

/** Holds the metrics of steps until they are sent; nothing is allocated before that. */
export function createStepBuffer() {
  const columns = stepSeries.map(() => new Float32Array(bufferSteps));
  const [losses, accuracies, learningRates, rates] = columns as [
    // As many columns as there are series, which `map` does not tell.
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  let firstStep = 0;
  let count = 0;
  return {
    add(step: number, loss: number, accuracy: number, learningRate: number, rate: number): void {
      if (count === 0) firstStep = step;
      losses[count] = loss;
      accuracies[count] = accuracy;
      learningRates[count] = learningRate;
      rates[count] = rate;
      count++;
    },
    isFull: (): boolean => count === bufferSteps,
    /** Everything since the last call, copied out; null when there is nothing. */
    take(): StepMetrics | null {
      if (count === 0) return null;
      const taken = count;
      count = 0;
      return {
        firstStep,
        series: {
          loss: losses.slice(0, taken),
          accuracy: accuracies.slice(0, taken),
          learningRate: learningRates.slice(0, taken),
          samplesPerSecond: rates.slice(0, taken),
        },
      };
    },
  };
}
