/** @file What lines say at one x: for the box beside the pointer. */
import type { ChartLine, LineColor } from './chartLine.ts';
import { nearest } from './curve.ts';
import { place, type Axes } from './paint.ts';

/** More cannot be read at a glance. */
export const readoutMost = 10;

export type ReadoutRow = {
  readonly key: string;
  readonly label: string;
  readonly color: LineColor;
  /** By part; null: no value near that x. */
  readonly values: Readonly<Record<ChartLine['part'], number | null>>;
  /** Runs behind a mean there; null: the line is one run. */
  readonly n: number | null;
  /** Pixels from the pointer to the closest of its lines. */
  readonly distance: number;
};

/** All lines at x, those closest to the pointer first. @param y  pixel; null: in order */
export function readoutAt(
  lines: readonly ChartLine[],
  axes: Axes,
  x: number,
  y: number | null,
): ReadoutRow[] {
  const reach = Math.abs(12 / axes.x.slope);
  const rows = new Map<string, ReadoutRow>();
  for (const { key, label, color, part, curve, mean } of lines) {
    const at = nearest(curve, x, reach);
    const before = rows.get(key);
    const value = at < 0 ? null : curve.y[at]!;
    const away = value === null || y === null ? Infinity : Math.abs(place(axes.y, value) - y);
    rows.set(key, {
      ...{ key, label, color },
      values: { train: null, validation: null, ...before?.values, [part]: value },
      n: mean && at >= 0 ? mean.n[at]! : (before?.n ?? null),
      distance: Math.min(before?.distance ?? Infinity, Number.isNaN(away) ? Infinity : away),
    });
  }
  const found = [...rows.values()].filter(
    ({ values }) => values.train !== null || values.validation !== null,
  );
  return found.sort((a, b) => a.distance - b.distance || 0);
}
