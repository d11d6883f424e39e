/**
 * @file Paired differences as a forest plot: a point and its 95 % interval per pair, against the line of no
 * difference. Differences are shares; they are drawn in percentage points.
 */
import { axisHeight, bottomAxis, closeRange, nameMark, nameWidth, rowHeight } from './axis.ts';
import { fontSize, textWidth, type Figure, type Mark } from './figure.ts';
import { covers, linearScale, rangeOf, type Scale } from './scale.ts';

export type ForestRow = {
  /** `Swish − ReLU` */
  readonly name: string;
  /** Whose color the point has. */
  readonly activation: string;
  readonly difference: number;
  readonly ci95: readonly [low: number, high: number] | null;
  readonly seeds: number;
  /** The sentence of the pair. */
  readonly text: string;
};

type Options = {
  readonly width: number;
  /** Leaves far values out, and marks at the edge that they are there. */
  readonly isClose: boolean;
};

/** Whether leaving far values out would change anything. */
export const hasFarRows = (rows: readonly ForestRow[]): boolean => closeRows(rows) !== null;

/** Those that lie together; null when none lies far off. */
function closeRows(rows: readonly ForestRow[]): readonly ForestRow[] | null {
  const near = closeRange(rows.flatMap(endsOf));
  if (near === null) return null;
  const close = rows.filter(({ difference }) => difference >= near.low && difference <= near.high);
  return close.length < rows.length ? close : null;
}

const endsOf = ({ difference, ci95 }: ForestRow): number[] => [difference, ...(ci95 ?? [])];

/** @param rows  at least one */
export function forestPlot(rows: readonly ForestRow[], { width, isClose }: Options): Figure {
  const left = nameWidth(
    rows.map(({ name }) => name),
    width,
  );
  const right = Math.max(...rows.map((row) => textWidth(figureText(row)))) + 16;
  const bottom = rows.length * rowHeight + 8;
  const scale = scaleOf(rows, isClose, left + 8, width - right - 8);
  const zero = scale.at(0);
  return {
    width,
    height: bottom + axisHeight,
    label: `Differences in test accuracy in points, with 95 % intervals. ${rows.map((row) => `${row.name}: ${figureText(row)}`).join('; ')}.`,
    marks: [
      ...bottomAxis(scale, 4, bottom, 'difference in test accuracy, points'),
      { kind: 'line', x1: zero, x2: zero, y1: 4, y2: bottom, ink: 'border', width: 1.5 },
      ...rows.flatMap((row, i) => rowMarks(row, 4 + (i + 0.5) * rowHeight, scale, left, width)),
    ],
  };
}

/** Zero is always on the axis: without it no difference can be judged. */
function scaleOf(rows: readonly ForestRow[], isClose: boolean, from: number, to: number): Scale {
  const kept = (isClose ? closeRows(rows) : null) ?? rows;
  const range = rangeOf([0, ...kept.flatMap(endsOf).map((end) => 100 * end)]);
  return linearScale(range ?? { low: -1, high: 1 }, from, to, Math.floor((to - from) / 80));
}

function rowMarks(row: ForestRow, y: number, scale: Scale, left: number, width: number): Mark[] {
  const ink = { activation: row.activation };
  const text: Mark = {
    kind: 'text',
    x: width - 4,
    y: y + fontSize * 0.35,
    text: figureText(row),
    anchor: 'end',
    ink: 'secondary',
  };
  const name = nameMark(row.name, left, y);
  const middle = 100 * row.difference;
  if (!covers(scale, middle)) return [name, outsideMark(middle > scale.high, scale, y), text];
  const interval = row.ci95 === null ? [] : intervalMarks(row.ci95, scale, y, ink);
  const point: Mark = { kind: 'point', x: scale.at(middle), y, radius: 4.5, ink, title: row.text };
  return [name, ...interval, point, text];
}

function intervalMarks(
  ci95: readonly [number, number],
  scale: Scale,
  y: number,
  ink: { activation: string },
): Mark[] {
  const ends = ci95.map((end) => 100 * end);
  const [x1 = 0, x2 = 0] = ends.map((end) =>
    scale.at(Math.min(scale.high, Math.max(scale.low, end))),
  );
  const bar: Mark = { kind: 'line', x1, x2, y1: y, y2: y, ink, width: 2 };
  // An end that lies outside has no cap: the interval goes on.
  const caps = ends
    .filter((end) => covers(scale, end))
    .map((end): Mark => ({
      kind: 'line',
      x1: scale.at(end),
      x2: scale.at(end),
      y1: y - 4,
      y2: y + 4,
      ink,
      width: 2,
    }));
  return [bar, ...caps];
}

export function outsideMark(isRight: boolean, scale: Scale, y: number): Mark {
  return {
    kind: 'text',
    x: scale.at(isRight ? scale.high : scale.low),
    y: y + fontSize * 0.35,
    text: isRight ? '▸ outside' : '◂ outside',
    anchor: isRight ? 'end' : 'start',
    ink: 'secondary',
  };
}

/** `+0.12 ± 0.05 (n = 5)`, in points. */
function figureText({ difference, ci95, seeds }: ForestRow): string {
  const half = ci95 === null ? null : (ci95[1] - ci95[0]) / 2;
  const spread = half === null ? '' : ` ± ${(100 * half).toFixed(2)}`;
  return `${signedPoints(difference)}${spread} (n = ${seeds})`;
}

/** A share as points with their sign: `+0.12`, `−1.40`, `0.00`. */
export function signedPoints(share: number): string {
  const text = Math.abs(100 * share).toFixed(2);
  if (Number(text) === 0) return text;
  return `${share > 0 ? '+' : '−'}${text}`;
}
