/** @file What lines say at one x: for the box beside the pointer. */
import type { ChartLine, LineColor } from './chartLine.ts';
import { nearest } from './curve.ts';
import { place, type Axes } from './paint.ts';

/** More cannot be read at a glance. */
const readoutMost = 10;

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
export const reachOf = ({ x }: Axes): number => Math.abs(reachPixels / x.slope);

/** What is at x: the lines closest to the pointer, those first, and how many more there are. */
export type Readout = { readonly rows: readonly ReadoutRow[]; readonly more: number };

/** The lines of one key, and where each is read. */
type Found = { distance: number; readonly lines: (readonly [line: ChartLine, at: number])[] };

/** @param y  pixel of the pointer */
export function readoutAt(lines: readonly ChartLine[], axes: Axes, x: number, y: number): Readout {
  const reach = reachOf(axes);
  const found = new Map<string, Found>();
  for (const line of lines) {
    const at = nearest(line.curve, x, reach);
    if (at < 0) continue;
    const distance = away(axes, line.curve.y[at]!, y);
    const known = found.get(line.key);
    if (known) {
      known.lines.push([line, at]);
      known.distance = Math.min(known.distance, distance);
    } else found.set(line.key, { distance, lines: [[line, at]] });
  }
  const sorted = [...found.values()].sort((a, b) => a.distance - b.distance || 0);
  const rows = sorted.slice(0, readoutMost).map(rowOf);
  return { rows, more: sorted.length - rows.length };
}

function rowOf({ distance, lines }: Found): ReadoutRow {
  const [{ key, label, color }] = lines[0]!;
  const values = { ...none };
  const measured = { ...none };
  let n: number | null = null;
  for (const [{ part, curve, raw, mean }, at] of lines) {
    values[part] = curve.y[at]!;
    measured[part] = raw && raw.y[at]!;
    if (mean) n = mean.n[at]!;
  }
  return { key, label, color, values, measured, n, distance };
}

/** The first of its rows, found for each movement of the pointer; null: none is near. */
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
