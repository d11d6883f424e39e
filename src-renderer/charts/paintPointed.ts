/** @file Draws what follows the pointer, on canvases above the lines of a chart. */
import { themeColors, type ChartLine, type Theme } from './chartLine.ts';
import type { ChartLayout } from './chartSvg.ts';
import { nearest } from './curve.ts';
import {
  canvasPen,
  columnsOf,
  isShown,
  paintCurve,
  place,
  strokeOf,
  type Axes,
  type Pen,
} from './paint.ts';
import { reachOf } from './readout.ts';

type Drawn = {
  readonly lines: readonly ChartLine[];
  readonly axes: Axes;
  readonly area: ChartLayout['area'];
  readonly theme: Theme;
};

/** Lines whose point at the rule is marked: of more, none could be told from another. */
const dottedMost = 80;

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

export type Dot = { readonly x: number; readonly y: number; readonly color: string };

/** Where each line is read at x, in pixels; none where lines are many. */
export function dotsAt({ lines, axes, theme }: Drawn, x: number): Dot[] {
  if (lines.length > dottedMost) return [];
  const reach = reachOf(axes);
  return lines.flatMap(({ curve, color }) => {
    const at = nearest(curve, x, reach);
    const value = at < 0 ? NaN : curve.y[at]!;
    if (!isShown(axes.y, value)) return [];
    return [{ x: place(axes.x, curve.x[at]!), y: place(axes.y, value), color: color[theme] }];
  });
}

export function paintDots(
  context: CanvasRenderingContext2D,
  { area }: Pick<Drawn, 'area'>,
  dots: readonly Dot[],
): void {
  within(context, area, (pen) => {
    for (const { x, y, color } of dots) pen.dot(x, y, 3, { color, dash: [], width: 1, opacity: 1 });
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
