/** @file Scales of figures: from a value to a place, and round values to write beside the axis. */

export type Scale = {
  /** The place of a value in pixels; not limited to the range. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly isLog: boolean;
};

type Range = { readonly low: number; readonly high: number };

/** Smallest and largest of the finite values; null without any. */
export function rangeOf(values: Iterable<number>): Range | null {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? { low, high } : null;
}

/** Widens to round ends, about `count` steps apart. @param from, to  pixels; `to` may be the smaller one */
export function linearScale(range: Range, from: number, to: number, count: number): Scale {
  const { low, high } = widened(range);
  const step = roundAbove((high - low) / Math.max(1, count));
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => rounded((first + i) * step));
  const [start, end] = [first * step, last * step];
  const at = (value: number): number => from + ((value - start) / (end - start)) * (to - from);
  return { at, ticks, low: start, high: end, isLog: false };
}

/** From 1, 2 or 5 times a power of ten to another, around positive values; at most about `count` are written. */
export function logScale(range: Range, from: number, to: number, count: number): Scale {
  const low = roundBelow(range.low);
  const above = roundAbove(range.high);
  const high = above > low ? above : low * 10;
  const [start, length] = [Math.log10(low), Math.log10(high / low)];
  const at = (value: number): number => from + ((Math.log10(value) - start) / length) * (to - from);
  return { at, ticks: logTicks(low, high, count), low, high, isLog: true };
}

/** Powers of ten where there are two at least, else 1, 2 and 5. */
function logTicks(low: number, high: number, count: number): readonly number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  if (last - first < 1) return roundBetween(low, high);
  const stride = Math.ceil((last - first) / Math.max(1, count));
  const ticks: number[] = [];
  for (let power = first; power <= last; power += stride) ticks.push(10 ** power);
  return ticks;
}

const factors = [1, 2, 5, 10] as const;

function roundBetween(low: number, high: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10(low) + 1e-9);
  return [...factors.map((each) => each * power), 20 * power, 50 * power].filter(
    (tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9),
  );
}

function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  return (factors.findLast((each) => each * power <= value * (1 + 1e-9)) ?? 1) * power;
}

/** 1, 2 or 5 times a power of ten, at least the value. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return (factors.find((each) => each * power >= value * (1 - 1e-9)) ?? 10) * power;
}

/** One value gets room around it. */
function widened({ low, high }: Range): Range {
  if (high > low) return { low, high };
  const room = Math.abs(low) * 0.1 || 1;
  return { low: low - room, high: high + room };
}

/** Without the last digits that binary fractions leave: 0.30000000000000004. */
const rounded = (value: number): number => Number(value.toPrecision(12));

/** Whether a value lies on the axis, but for rounding: 100 · 0.005 is a little more than 0.5. */
export function covers({ low, high }: Scale, value: number): boolean {
  const slack = (high - low) * 1e-6;
  return value >= low - slack && value <= high + slack;
}

/** As many decimals as tell the ticks apart; powers of ten as such. */
export function tickText(scale: Scale, value: number): string {
  if (scale.isLog) return powerText(value);
  const step = (scale.ticks[1] ?? value) - (scale.ticks[0] ?? 0);
  const decimals = step > 0 ? Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
  return decimals > 6 ? value.toExponential(1) : value.toFixed(decimals).replace('-', '−');
}

/** 0.01, 1, 200; beyond that 1e-5. */
const powerText = (value: number): string =>
  value >= 1e-3 && value < 1e4
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(0).replace('+', '').replace('-', '−');
