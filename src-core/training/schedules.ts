/**
 * @file The learning rate at a step. One table of factors on `options.learningRate`; warm-up comes before any
 * of them, so that a schedule spreads over the steps that remain.
 */
import type { ScheduleSpec, TrainOptions } from '../model/spec.ts';

type Kind = ScheduleSpec['kind'];
/** Written so that TypeScript sees a row of the table and its spec as belonging together. */
type Of<K extends Kind> = { [P in K]: Extract<ScheduleSpec, { kind: P }> }[K];

/** Where a step is among the steps after warm-up: `index` from 0, `progress` 0 at the first and 1 at the last. */
type Place = { readonly index: number; readonly progress: number; readonly stepsPerEpoch: number };

/** Each row gives the factor, 0 … 1, on the learning rate. */
const factors: { readonly [K in Kind]: (spec: Of<K>, at: Place) => number } = {
  constant: () => 1,
  step: ({ everyEpochs, factor }, { index, stepsPerEpoch }) =>
    factor ** Math.floor(index / (everyEpochs * stepsPerEpoch)),
  cosine: ({ floor }, { progress }) => cosineBetween(1, floor, progress),
  // Smith, 2018, with cosine slopes: up to the peak, then far down.
  'one-cycle': ({ peakAt, startFactor, endFactor }, { progress }) =>
    progress < peakAt
      ? cosineBetween(startFactor, 1, progress / peakAt)
      : cosineBetween(1, endFactor, peakAt === 1 ? 0 : (progress - peakAt) / (1 - peakAt)),
};

/** What of the options the learning rate depends on. */
export type RatePlan = Pick<TrainOptions, 'epochs' | 'learningRate' | 'schedule' | 'warmUpEpochs'>;

/**
 * @param step from 1. Warm-up reaches the full rate at its last step: learningRate · step / warmUpSteps.
 */
export function learningRateAt(step: number, plan: RatePlan, stepsPerEpoch: number): number {
  const total = plan.epochs * stepsPerEpoch;
  const warmUp = Math.min(total, Math.round(plan.warmUpEpochs * stepsPerEpoch));
  if (step <= warmUp) return (plan.learningRate * step) / warmUp;
  const index = step - warmUp - 1;
  const last = total - warmUp - 1;
  const progress = last === 0 ? 0 : index / last;
  return (
    plan.learningRate *
    factorAt(plan.schedule.kind, plan.schedule, { index, progress, stepsPerEpoch })
  );
}

function factorAt<K extends Kind>(kind: K, spec: Of<K>, at: Place): number {
  return factors[kind](spec, at);
}

/** Half a cosine wave; exactly `from` at t = 0 and exactly `to` at t = 1. */
function cosineBetween(from: number, to: number, t: number): number {
  const weight = (1 + Math.cos(Math.PI * t)) / 2;
  return from * weight + to * (1 - weight);
}
