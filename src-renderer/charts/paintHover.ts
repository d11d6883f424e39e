/** @file Draws what follows the pointer, above the lines of a chart: they are not drawn again for it. */
import { themeColors, type ChartLine, type Theme } from './chartLine.ts';
import type { ChartLayout } from './chartSvg.ts';
import { nearest } from './curve.ts';
import { canvasPen, columnsOf, paintCurve, place, strokeOf, type Axes, type Pen } from './paint.ts';

export type Pointed = {
  /** The lines that the pointer is on, or their row; null: none. */
  readonly key: string | null;
  /** Where the rule stands; null: nowhere. */
  readonly x: number | null;
  /** From and to, in pixels, while a range is dragged over. */
  readonly dragged: readonly [number, number] | null;
};

type Area = ChartLayout['area'];
type Drawn = { readonly lines: readonly ChartLine[]; readonly axes: Axes; readonly theme: Theme };

/** Lines whose point at the rule is marked: of more, none could be told from another. */
const dottedMost = 80;
/** A line is read as far beyond its ends. */
const reachPixels = 12;

export function paintHover(
  context: CanvasRenderingContext2D,
  drawn: Drawn,
  area: Area,
  { key, x, dragged }: Pointed,
): void {
  const pen = canvasPen(context);
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 1, area.right - area.left, area.bottom - area.top + 2);
  context.clip();
  // In wide strokes of ragged lines, other joins take most of the time.
  context.lineJoin = 'bevel';
  if (key !== null) paintMarked(pen, drawn, key);
  if (x !== null && drawn.lines.length > 0) paintRule(pen, drawn, area, x);
  context.restore();
  if (dragged) {
    const [from, to] = dragged;
    const { accent } = themeColors(drawn.theme);
    pen.area([from, area.top, to, area.top, to, area.bottom, from, area.bottom], accent, 0.18);
  }
}

function paintMarked(pen: Pen, { lines, axes, theme }: Drawn, key: string): void {
  const { background } = themeColors(theme);
  // As below, so that one covers the other.
  const columns = columnsOf(lines, axes);
  for (const line of lines.filter((each) => each.key === key)) {
    const halo = { color: background, dash: [], width: line.width + 4, opacity: 0.8 };
    const stroke = { ...strokeOf(line, theme), width: line.width + 1, opacity: 1 };
    paintCurve(pen, line.curve, axes, halo, columns);
    paintCurve(pen, line.curve, axes, stroke, columns);
  }
}

function paintRule(pen: Pen, { lines, axes, theme }: Drawn, area: Area, x: number): void {
  const { text } = themeColors(theme);
  const at = place(axes.x, x);
  pen.line([at, area.top, at, area.bottom], { color: text, dash: [], width: 1, opacity: 0.6 });
  for (const line of lines.length > dottedMost ? [] : lines) {
    const index = nearest(line.curve, x, Math.abs(reachPixels / axes.x.slope));
    const value = index < 0 ? NaN : line.curve.y[index]!;
    if (!Number.isFinite(value) || (axes.y.isLog && value <= 0)) continue;
    const stroke = { ...strokeOf(line, theme), dash: [], opacity: 1 };
    pen.dot(place(axes.x, line.curve.x[index]!), place(axes.y, value), 3, stroke);
  }
}
