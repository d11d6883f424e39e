/** @file The mean of several curves, and the band around it. */
import { emptyCurve, type Curve } from './curve.ts';

export const bands = ['ci95', 'sd', 'range', 'none'] as const;
export type Band = (typeof bands)[number];

export type MeanCurve = Curve & {
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Curves that have a value there. */
  readonly n: Uint16Array;
};

/** Points of a mean over curves whose x differ. */
const gridPoints = 1000;

/**
 * Where the curves have their x in common, point by point; else on an even grid, between each curve's points by
 * straight lines. A curve counts only as far as it goes; a value that is not finite makes the mean a gap.
 */
export function meanOf(curves: readonly Curve[], band: Band): MeanCurve {
  const used = curves.filter(({ x }) => x.length > 0);
  const longest = used.reduce((a, b) => (b.x.length > a.x.length ? b : a), emptyCurve);
  const isShared = used.every(({ x }) => isPrefix(x, longest.x));
  const x = isShared ? longest.x : gridOver(used);
  const rows = isShared ? used.map(({ y }) => y) : used.map((curve) => onGrid(curve, x));
  return { x, ...spread(rows, x.length, band) };
}

/**
 * Row after row, as they lie in memory: hundreds of rows of ten thousand values are a matter of milliseconds so.
 *
 * @param rows  shorter where curves end early; `absent` where a grid has no value
 */
function spread(rows: readonly Float32Array[], length: number, band: Band): Omit<MeanCurve, 'x'> {
  const n = new Uint16Array(length);
  const mean = new Float64Array(length);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i]!;
      if (value === absent) continue;
      mean[i]! += value;
      n[i]!++;
    }
  }
  // Of no values 0 ÷ 0, which is a gap.
  for (let i = 0; i < length; i++) mean[i]! /= n[i]!;
  const ends = {
    low: new Float32Array(length).fill(NaN),
    high: new Float32Array(length).fill(NaN),
  };
  if (band === 'range') range(rows, ends);
  else if (band !== 'none') around(mean, halfWidths(rows, mean, n, band), ends);
  // One value has no spread: its band is none.
  for (let i = 0; i < length; i++)
    if (n[i]! < 2 || !Number.isFinite(mean[i])) ends.low[i] = ends.high[i] = NaN;
  return { y: new Float32Array(mean), n, ...ends };
}

type Ends = Pick<MeanCurve, 'low' | 'high'>;

function range(rows: readonly Float32Array[], { low, high }: Ends): void {
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i]!;
      if (value === absent) continue;
      if (!(low[i]! <= value)) low[i] = value;
      if (!(high[i]! >= value)) high[i] = value;
    }
  }
}

function around(mean: Float64Array, half: Float64Array, { low, high }: Ends): void {
  for (let i = 0; i < mean.length; i++) {
    low[i] = mean[i]! - half[i]!;
    high[i] = mean[i]! + half[i]!;
  }
}

/** Half the width of the band, at each point. */
function halfWidths(
  rows: readonly Float32Array[],
  mean: Float64Array,
  n: Uint16Array,
  band: 'sd' | 'ci95',
): Float64Array {
  const half = new Float64Array(mean.length);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i]!;
      if (value !== absent) half[i]! += (value - mean[i]!) ** 2;
    }
  }
  let [count, factor] = [0, 0];
  for (let i = 0; i < half.length; i++) {
    if (n[i] !== count) {
      count = n[i]!;
      factor = band === 'sd' ? 1 : t95(count - 1) / Math.sqrt(count);
    }
    half[i] = factor * Math.sqrt(half[i]! / (count - 1));
  }
  return half;
}

/** Two-sided 95 % of Student's t for 1 … 30 degrees of freedom. */
const t95Table = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788,
  2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639,
  2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
];

/** Beyond the table: Cornish and Fisher's series around the normal quantile z, exact to four decimals there. */
export function t95(degrees: number): number {
  const z = 1.959964;
  return (
    t95Table[degrees - 1] ??
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
  );
}

function isPrefix(x: Float64Array, of: Float64Array): boolean {
  if (x.buffer === of.buffer && x.byteOffset === of.byteOffset) return true;
  for (let i = 0; i < x.length; i++) if (x[i] !== of[i]) return false;
  return true;
}

function gridOver(curves: readonly Curve[]): Float64Array {
  let [low, high] = [Infinity, -Infinity];
  for (const { x } of curves) {
    low = Math.min(low, x[0]!);
    high = Math.max(high, x[x.length - 1]!);
  }
  const step = (high - low) / (gridPoints - 1);
  return Float64Array.from({ length: gridPoints }, (_, i) =>
    i === gridPoints - 1 ? high : low + i * step,
  );
}

/** No value at all, which is something else than NaN, a value that was measured. No metric is as small. */
const absent = -3.4028234663852886e38;

function onGrid({ x, y }: Curve, grid: Float64Array): Float32Array {
  const values = new Float32Array(grid.length).fill(absent);
  let at = 0;
  for (let i = 0; i < grid.length; i++) {
    const place = grid[i]!;
    if (place < x[0]! || place > x[x.length - 1]!) continue;
    while (at < x.length - 1 && x[at + 1]! <= place) at++;
    const next = Math.min(at + 1, x.length - 1);
    const width = x[next]! - x[at]!;
    const share = width > 0 ? (place - x[at]!) / width : 0;
    values[i] = share === 0 ? y[at]! : y[at]! + share * (y[next]! - y[at]!);
  }
  return values;
}
