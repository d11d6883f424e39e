/**
 * @file Thins a curve to what can be seen: of all points that share a column of pixels, the lowest and the highest,
 * in their order. The drawn line covers the same pixels as the whole one.
 */
import { firstFrom, type Curve, type Range } from './curve.ts';

/**
 * The curve between two x, with one neighbor on each side, which the line leads to. NaN stands where it is
 * interrupted. Few points are left as they are.
 */
export function toColumns(curve: Curve, window: Range, columns: number): Curve {
  const from = Math.max(0, firstFrom(curve.x, window.low) - 1);
  const to = Math.min(curve.x.length, firstFrom(curve.x, window.high) + 1);
  if (to - from <= columns * 2 || !(window.high > window.low)) {
    return { x: curve.x.subarray(from, to), y: curve.y.subarray(from, to) };
  }
  return keptOf(curve, from, to, columns / (window.high - window.low));
}

type Kept = {
  readonly from: number;
  readonly to: number;
  readonly perX: number;
  readonly thin: Curve;
};
/** As each curve was thinned last: of many lines on a page few change at a time. */
const kept = new WeakMap<Curve, Kept>();

function keptOf(curve: Curve, from: number, to: number, perX: number): Curve {
  const known = kept.get(curve);
  if (known?.from === from && known.to === to && known.perX === perX) return known.thin;
  const thin = thinned(curve, from, to, perX);
  kept.set(curve, { from, to, perX, thin });
  return thin;
}

/** Of one column at most: its lowest, its highest, and a gap. */
const keptMost = 3;

/** @param perX  columns for each 1 of x */
function thinned({ x, y }: Curve, from: number, to: number, perX: number): Curve {
  const columns = columnOf(x[to - 1]!, perX) - columnOf(x[from]!, perX) + 1;
  const room = Math.min(to - from, keptMost * columns);
  const [outX, outY] = [new Float64Array(room), new Float32Array(room)];
  let count = 0;
  const keep = (at: number): void => {
    outX[count] = x[at]!;
    outY[count++] = y[at]!;
  };
  for (let i = from; i < to;) {
    // Where a column ends is searched for, so that for most points nothing but y is looked at.
    const end = firstFrom(x, (columnOf(x[i]!, perX) + 1) / perX, i + 1, to);
    let lowAt = -1;
    let highAt = -1;
    let gapAt = -1;
    let low = Infinity;
    let high = -Infinity;
    for (; i < end; i++) {
      const value = y[i]!;
      if (!Number.isFinite(value)) gapAt = i;
      else {
        if (value < low) {
          low = value;
          lowAt = i;
        }
        if (value > high) {
          high = value;
          highAt = i;
        }
      }
    }
    // In the order of x, the gap before, between or after the two.
    const [first, second] = lowAt < highAt ? [lowAt, highAt] : [highAt, lowAt];
    if (gapAt >= 0 && gapAt < first) keep(gapAt);
    if (first >= 0) keep(first);
    if (gapAt > first && gapAt < second) keep(gapAt);
    if (second > first) keep(second);
    if (gapAt > second) keep(gapAt);
  }
  return { x: outX.subarray(0, count), y: outY.subarray(0, count) };
}

/** The column that begins at or before x, and ends behind it. */
function columnOf(x: number, perX: number): number {
  const column = Math.floor(x * perX);
  return x < (column + 1) / perX ? column : column + 1;
}
