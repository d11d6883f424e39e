/**
 * @file How far a run is, as the list of runs shows it: the last epoch and the best, stored with the run so that
 * no list has to read metrics.
 */
import { z } from 'zod';
import { Score, type EpochMetrics } from './metrics.ts';

const measured = z.custom<number>((value) => typeof value === 'number', 'not a number');

export const RunProgress = z.strictObject({
  parameters: z.int(),
  batchSize: z.int().min(1),
  stepsPerEpoch: z.int().min(1),
  /** The last finished epoch and its last step; 0: none. */
  epoch: z.int().min(0),
  step: z.int().min(0),
  /** From the start of the run to the end of that epoch, pauses excluded. */
  seconds: measured,
  samplesPerSecond: measured.nullable(),
  train: Score.nullable(),
  validation: Score.nullable(),
  /** The highest accuracy on validation images, and when it was first reached. */
  best: z.strictObject({ epoch: z.int(), accuracy: measured }).nullable(),
});
export type RunProgress = z.infer<typeof RunProgress>;

export type RunFacts = Pick<RunProgress, 'parameters' | 'batchSize' | 'stepsPerEpoch'>;

export function noProgress({ parameters, batchSize, stepsPerEpoch }: RunFacts): RunProgress {
  const nothing = { samplesPerSecond: null, train: null, validation: null, best: null };
  return { parameters, batchSize, stepsPerEpoch, epoch: 0, step: 0, seconds: 0, ...nothing };
}

/** The progress after one more epoch. */
export function afterEpoch(before: RunProgress, metrics: EpochMetrics): RunProgress {
  const { epoch, step, timing, samplesPerSecond, train, validation } = metrics;
  const accuracy = validation?.accuracy ?? null;
  const isBest = accuracy !== null && !(accuracy <= (before.best?.accuracy ?? -1));
  return {
    ...before,
    epoch,
    step,
    seconds: before.seconds + timing.seconds,
    samplesPerSecond,
    train,
    validation,
    best: isBest ? { epoch, accuracy } : before.best,
  };
}
