/** @file The moving average of parameters, as every engine computes it. */

/**
 * How much of the average stays at a step, which counts from 1: min(decay, (1 + step)/(10 + step)). The average begins
 * at the random initial values; until it has seen a few hundred steps a smaller decay lets it forget them (the rule of
 * TensorFlow's ExponentialMovingAverage with `num_updates`).
 */
export function averagingDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}
