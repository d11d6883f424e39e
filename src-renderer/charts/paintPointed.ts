/** @file Draws what follows the pointer, on canvases above the lines of a chart. */
import { themeColors, type ChartLine, type Theme } from './chartLine.ts';
import type { ChartLayout } from './chartSvg.ts';
import { nearest } from './curve.ts';
import { canvasPen, columnsOf, paintCurve, place, strokeOf, type Axes, type Pen } from './paint.ts';

type Drawn = {
  readonly lines: readonly ChartLine[];
  readonly axes: Axes;
  readonly area: ChartLayout['area'];
  readonly theme: Theme;
};

/** Lines whose point at the rule is marked: of more, none could be told from another. */
const dottedMost = 80;
/** A line is read as far beyond its ends. */
const reachPixels = 12;

/** The lines of a key again, so that they stand out. */
export function paintMarked(context: CanvasRenderingContext2D, drawn: Drawn, key: string): void {
  const { lines, axes, area, theme } = drawn;
  const { background } = themeColors(theme);
  // As below, so that one covers the other.
  const columns = columnsOf(lines, axes);
  within(context, area, (pen) => {
    for (const line of lines.filter((each) => each.key === key)) {
      const halo = { color: background, dash: [], width: line.width + 4, opacity: 0.8 };
      const stroke = { ...strokeOf(line, theme), width: line.width + 1, opacity: 1 };
      paintCurve(pen, line.curve, axes, halo, columns);
      paintCurve(pen, line.curve, axes, stroke, columns);
    }
  });
}

/** A vertical line at x, and a dot on every line there. */
export function paintRule(context: CanvasRenderingContext2D, drawn: Drawn, x: number): void {
  const { lines, axes, area, theme } = drawn;
  if (lines.length === 0) return;
  const { text } = themeColors(theme);
  const at = place(axes.x, x);
  within(context, area, (pen) => {
    pen.line([at, area.top, at, area.bottom], { color: text, dash: [], width: 1, opacity: 0.6 });
    for (const line of lines.length > dottedMost ? [] : lines) {
      const index = nearest(line.curve, x, Math.abs(reachPixels / axes.x.slope));
      const value = index < 0 ? NaN : line.curve.y[index]!;
      if (!Number.isFinite(value) || (axes.y.isLog && value <= 0)) continue;
      const stroke = { ...strokeOf(line, theme), dash: [], opacity: 1 };
      pen.dot(place(axes.x, line.curve.x[index]!), place(axes.y, value), 3, stroke);
    }
  });
}

function within(
  context: CanvasRenderingContext2D,
  area: Drawn['area'],
  draw: (pen: Pen) => void,
): void {
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 1, area.right - area.left, area.bottom - area.top + 2);
  context.clip();
  // In wide strokes of ragged lines, other joins take most of the time.
  context.lineJoin = 'bevel';
  draw(canvasPen(context));
  context.restore();
}
