/** @file Measured figures as pages are told them: JSON has no NaN and no infinity, and both must be seen. */
import type { Measured, Summary } from '../contract/training.ts';
import type { Summary as Figures } from '../inspect/statistics.ts';
import type { Score } from '../training/metrics.ts';

export function measured(value: number): Measured {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

export const measuredOrNull = (value: number | null): Measured | null =>
  value === null ? null : measured(value);

export const measuredScore = ({ loss, accuracy }: Score) => ({
  loss: measured(loss),
  accuracy: measured(accuracy),
});

export const measuredSummary = ({ n, mean, sd, min, max }: Figures): Summary => ({
  n,
  mean: measured(mean),
  sd: measuredOrNull(sd),
  min: measured(min),
  max: measured(max),
});
