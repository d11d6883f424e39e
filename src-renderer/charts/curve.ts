/** @file A curve as charts hold it: packed, x ascending; and finding places in it. */
import type { Measured } from '../../src-core/contract/training.ts';

export type Curve = {
  /** Ascending; as long as `y`. */
  readonly x: Float64Array;
  /** NaN and infinity are kept: they are gaps, and are marked. */
  readonly y: Float32Array;
};

export type Range = { readonly low: number; readonly high: number };

export const emptyCurve: Curve = { x: new Float64Array(0), y: new Float32Array(0) };

/** A figure of the contract as a number: NaN and infinity travel as words. */
export const numberOf = (value: Measured): number => Number(value);

export function curveOf(points: readonly (readonly [x: number, y: number])[]): Curve {
  const curve = { x: new Float64Array(points.length), y: new Float32Array(points.length) };
  points.forEach(([x, y], i) => {
    curve.x[i] = x;
    curve.y[i] = y;
  });
  return curve;
}

/** Index of the first x that is not below `value`, from `from` on; `to` where there is none before it. */
export function firstFrom(x: Float64Array, value: number, from = 0, to = x.length): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the point closest to `value` in x; −1 beyond the curve's ends by more than `reach`, or without points. */
export function nearest({ x }: Curve, value: number, reach: number): number {
  const after = firstFrom(x, value);
  const before = after - 1;
  const isAfter = after < x.length && (before < 0 || x[after]! - value < value - x[before]!);
  const at = isAfter ? after : before;
  if (at < 0) return -1;
  const isInside = value >= x[0]! && value <= x[x.length - 1]!;
  return isInside || Math.abs(x[at]! - value) <= reach ? at : -1;
}

/**
 * Smallest and largest finite y between two x, the neighbors on both sides included, which the line leads to; null
 * where there is none, as of a curve that ends before or begins behind. `isPositive`: of those above zero only, for logarithmic axes.
 */
export function extentOf({ x, y }: Curve, window: Range, isPositive = false): Range | null {
  const isOutside = !(x[x.length - 1]! >= window.low && x[0]! <= window.high);
  if (isOutside) return null;
  const from = Math.max(0, firstFrom(x, window.low) - 1);
  const to = Math.min(x.length, firstFrom(x, window.high) + 1);
  let [low, high] = [Infinity, -Infinity];
  for (let i = from; i < to; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value) || (isPositive && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

export function union(a: Range | null, b: Range | null): Range | null {
  if (a === null || b === null) return a ?? b;
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

export type Gap = {
  readonly x: number;
  /** The last value before it that can be drawn; NaN: there is none. */
  readonly y: number;
};

/**
 * Where values stop being finite: the places to be marked, one for each gap.
 *
 * @param n  how many values each is the mean of; where there are none, there is nothing to be marked.
 */
export function gapsOf({ x, y }: Curve, n?: Uint16Array): Gap[] {
  const gaps: Gap[] = [];
  if (isFinite(y)) return gaps;
  let last = NaN;
  let isGap = false;
  for (let i = 0; i < y.length; i++) {
    if (n?.[i] === 0) continue;
    const isValue = Number.isFinite(y[i]);
    if (!isValue && !isGap) gaps.push({ x: x[i]!, y: last });
    if (isValue) last = y[i]!;
    isGap = !isValue;
  }
  return gaps;
}

/** v − v is 0 for every number, and NaN for what is none. One sum is faster than asking for each. */
function isFinite(y: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += y[i]! - y[i]!;
  return sum === 0;
}
