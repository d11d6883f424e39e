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
  return thinned(curve, from, to, columns / (window.high - window.low));
}

/** @param perX  columns for each 1 of x */
function thinned({ x, y }: Curve, from: number, to: number, perX: number): Curve {
  const outX = new Float64Array(to - from);
  const outY = new Float32Array(to - from);
  let count = 0;
  const keep = (at: number): void => {
    outX[count] = x[at]!;
    outY[count++] = y[at]!;
  };
  let i = from;
  while (i < to) {
    const column = Math.floor(x[i]! * perX);
    let [lowAt, highAt, gapAt] = [-1, -1, -1];
    for (; i < to && Math.floor(x[i]! * perX) === column; i++) {
      const value = y[i]!;
      if (!Number.isFinite(value)) gapAt = i;
      else {
        if (lowAt < 0 || value < y[lowAt]!) lowAt = i;
        if (highAt < 0 || value > y[highAt]!) highAt = i;
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
