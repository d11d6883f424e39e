/** @file What lines say at one x: for the box beside the pointer. */
import type { ChartLine, LineColor } from './chartLine.ts';
import { nearest } from './curve.ts';
import { place, type Axes } from './paint.ts';

/** More cannot be read at a glance. */
export const readoutMost = 10;

type Values = Readonly<Record<ChartLine['part'], number | null>>;

export type ReadoutRow = {
  readonly key: string;
  readonly label: string;
  readonly color: LineColor;
  /** As drawn, by part; null: no value near that x. */
  readonly values: Values;
  /** Before smoothing; null: what is drawn is not smoothed. */
  readonly measured: Values;
  /** Runs behind a mean there; null: the line is one run. */
  readonly n: number | null;
  /** Pixels from the pointer to the closest of its lines. */
  readonly distance: number;
};

const none: Values = { train: null, validation: null };

/** A line is read as far beyond its ends. */
const reachPixels = 12;
const reachOf = ({ x }: Axes): number => Math.abs(reachPixels / x.slope);

/** All lines at x, those closest to the pointer first. @param y  pixel of the pointer */
export function readoutAt(
  lines: readonly ChartLine[],
  axes: Axes,
  x: number,
  y: number,
): ReadoutRow[] {
  const reach = reachOf(axes);
  const rows = new Map<string, ReadoutRow>();
  for (const { key, label, color, part, curve, raw, mean } of lines) {
    const at = nearest(curve, x, reach);
    if (at < 0) continue;
    const before = rows.get(key);
    const value = curve.y[at]!;
    rows.set(key, {
      ...{ key, label, color },
      values: { ...(before?.values ?? none), [part]: value },
      measured: { ...(before?.measured ?? none), [part]: raw && raw.y[at]! },
      n: mean ? mean.n[at]! : (before?.n ?? null),
      distance: Math.min(before?.distance ?? Infinity, away(axes, value, y)),
    });
  }
  return [...rows.values()].sort((a, b) => a.distance - b.distance || 0);
}

/** The first of them, found for each movement of the pointer; null: none is near. */
export function closestTo(
  lines: readonly ChartLine[],
  axes: Axes,
  x: number,
  y: number,
): { readonly key: string; readonly distance: number } | null {
  const reach = reachOf(axes);
  let [key, least]: [string | null, number] = [null, Infinity];
  for (const line of lines) {
    const at = nearest(line.curve, x, reach);
    const distance = at < 0 ? Infinity : away(axes, line.curve.y[at]!, y);
    if (distance < least) [key, least] = [line.key, distance];
  }
  return key === null ? null : { key, distance: least };
}

/** From the pointer to a value, in pixels. */
function away({ y: axis }: Axes, value: number, y: number): number {
  const pixels = Math.abs(place(axis, value) - y);
  return Number.isNaN(pixels) ? Infinity : pixels;
}
