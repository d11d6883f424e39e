/**
 * @file How far axes reach beyond what is drawn. They go in steps, and so stand still for a while as lines grow: to
 * look at, and because axes that are laid out again take longer to draw than the lines.
 */
import type { Range } from './curve.ts';

/** Left empty at least, above and below, as a share of what is drawn. */
const shareLeast = 0.04;
/** Steps that a range is divided into at least. */
const yStepsLeast = 20;
/** As far as x goes while a run is on, from one step of its end to the next. */
const xGrowth = 1.2;

export function yRoom({ low, high }: Range, isLog: boolean, limits?: Range): Range {
  if (isLog) return { low: tenthOf(Math.floor, low / 1.1), high: tenthOf(Math.ceil, high * 1.1) };
  const span = high - low || Math.abs(high) * 0.1 || 1;
  const step = stepFor(span / yStepsLeast);
  return {
    low: Math.max(Math.floor((low - span * shareLeast) / step) * step, limits?.low ?? -Infinity),
    high: Math.min(Math.ceil((high + span * shareLeast) / step) * step, limits?.high ?? Infinity),
  };
}

/** The end of x while a run is on. @param high > 0 */
export const xRoom = (high: number): number =>
  xGrowth ** Math.ceil(Math.log(high) / Math.log(xGrowth) - 1e-9);

/** The largest of 1, 2, 5, 10, … that is no larger. */
function stepFor(most: number): number {
  const ten = 10 ** Math.floor(Math.log10(most));
  return ten * (most >= 5 * ten ? 5 : most >= 2 * ten ? 2 : 1);
}

/** To a tenth of a power of ten. */
const tenthOf = (round: (value: number) => number, value: number): number =>
  10 ** (round(Math.log10(value) * 10) / 10);
