/** @file The test accuracy of every run: one row per activation, one point per run, and the mean as an upright line. */
import { axisHeight, bottomAxis, closeRange, nameMark, nameWidth, rowHeight } from './axis.ts';
import type { Figure, Mark } from './figure.ts';
import { outsideMark } from './forestPlot.ts';
import { covers, linearScale, rangeOf, type Scale } from './scale.ts';

export type DotRun = {
  readonly run: string;
  readonly name: string;
  readonly seed: number;
  /** 0 … 1 */
  readonly accuracy: number;
  readonly href: string;
};

export type DotRow = {
  readonly title: string;
  readonly activation: string;
  readonly runs: readonly DotRun[];
};

type Options = { readonly width: number; readonly isClose: boolean };
const radius = 4;

const valuesOf = (rows: readonly DotRow[]): number[] =>
  rows.flatMap(({ runs }) => runs.map(({ accuracy }) => accuracy));

/** Whether leaving far values out would change anything. */
export const hasFarDots = (rows: readonly DotRow[]): boolean => closeRange(valuesOf(rows)) !== null;

/** The best mean on top. @param given  at least one row, each with its finite values */
export function dotPlot(given: readonly DotRow[], { width, isClose }: Options): Figure {
  const rows = given.toSorted((a, b) => meanOf(b) - meanOf(a));
  const left = nameWidth(
    rows.map(({ title }) => title),
    width,
  );
  const bottom = rows.length * rowHeight + 8;
  const near = isClose ? closeRange(valuesOf(rows)) : null;
  const range = near ?? rangeOf(valuesOf(rows)) ?? { low: 0, high: 1 };
  const inPercent = { low: 100 * range.low, high: 100 * range.high };
  const plotWidth = width - left - 28;
  const scale = linearScale(inPercent, left + 8, width - 20, Math.floor(plotWidth / 80));
  return {
    width,
    height: bottom + axisHeight,
    label: `Test accuracy of every run. ${rows.map(rowText).join('; ')}.`,
    marks: [
      ...bottomAxis(scale, 4, bottom, 'test accuracy, %'),
      ...rows.flatMap((row, i) => rowMarks(row, 4 + (i + 0.5) * rowHeight, scale, left)),
    ],
  };
}

function rowMarks(row: DotRow, y: number, scale: Scale, left: number): Mark[] {
  const ink = { activation: row.activation };
  const isIn = (percent: number): boolean => covers(scale, percent);
  const inside = row.runs.filter(({ accuracy }) => isIn(100 * accuracy));
  const mean = meanOf(row);
  const places = spread(inside.map(({ accuracy }) => scale.at(100 * accuracy)));
  const far = row.runs.filter(({ accuracy }) => !isIn(100 * accuracy));
  const outside = [false, true]
    .filter((isRight) => far.some(({ accuracy }) => 100 * accuracy > scale.high === isRight))
    .map((isRight) => outsideMark(isRight, scale, y));
  const x = scale.at(mean);
  return [
    nameMark(row.title, left, y),
    ...outside,
    ...(isIn(mean)
      ? [{ kind: 'line', x1: x, x2: x, y1: y - 12, y2: y + 12, ink: 'text', width: 2 } as const]
      : []),
    ...inside.map((run, i): Mark => ({
      kind: 'point',
      x: scale.at(100 * run.accuracy),
      y: y + (places[i] ?? 0),
      radius,
      ink,
      title: `${(100 * run.accuracy).toFixed(2)} %, seed ${run.seed}: ${run.name} (${run.run})`,
      href: run.href,
    })),
  ];
}

/** How far each point moves up or down, so that points of nearly one value stay apart: 0, then −, +, twice −, … */
export function spread(xs: readonly number[]): readonly number[] {
  const placed: { x: number; y: number }[] = [];
  return xs.map((x) => {
    const free = offsets.find(
      (y) => !placed.some((other) => Math.hypot(other.x - x, other.y - y) < 1.5 * radius),
    );
    // More than there is room for: they cover each other, as their values do.
    const y = free ?? 0;
    placed.push({ x, y });
    return y;
  });
}

const offsets = [0, -6, 6, -10, 10];

/** In percent. */
const meanOf = ({ runs }: DotRow): number =>
  (100 * runs.reduce((sum, { accuracy }) => sum + accuracy, 0)) / runs.length;

const rowText = (row: DotRow): string =>
  `${row.title}: mean ${meanOf(row).toFixed(2)} % of ${row.runs.length}`;
