/**
 * @file Draws lines, bands and marks into a chart's area. Canvas and SVG are both drawn through `Pen`, so that a
 * file shows what the page shows.
 */
import { bandOpacity, rawOpacity, type ChartLine, type Theme } from './chartLine.ts';
import { toColumns } from './columns.ts';
import { firstFrom, gapsOf, type Curve, type Range } from './curve.ts';
import type { MeanCurve } from './mean.ts';

/** From a value to its pixel: start + slope · (log₁₀) value. */
export type Axis = Range & {
  readonly start: number;
  readonly slope: number;
  readonly isLog: boolean;
};
export type Axes = { readonly x: Axis; readonly y: Axis };

export type Stroke = Pick<ChartLine, 'dash' | 'width' | 'opacity'> & { readonly color: string };

/** What is drawn with. Points come as flat lists x, y, x, y, … in pixels. */
export type Pen = {
  /** The width of the thinnest line. */
  readonly hairline: number;
  readonly line: (points: readonly number[], stroke: Stroke) => void;
  readonly area: (points: readonly number[], color: string, opacity: number) => void;
  readonly dot: (x: number, y: number, radius: number, stroke: Stroke) => void;
  /** Where values stop being finite. */
  readonly cross: (x: number, y: number, color: string) => void;
};

/** Points of all lines of one chart together: as many as are drawn in a few hundredths of a second. */
const pointsMost = 80_000;
/** Curves of fewer points are drawn whole, and cost nothing to speak of. */
const fewPoints = 400;
const columnsLeast = 50;
/**
 * In more lines neither dash nor width can be seen. They are as thin as can be, and solid: without a graphics card a
 * line of one pixel of the screen is painted twenty times as fast as one of 1¼. A few means stand out among them.
 */
const crowdMost = 60;

export const place = ({ start, slope, isLog }: Axis, value: number): number =>
  start + slope * (isLog ? Math.log10(value) : value);

export const valueAt = ({ start, slope, isLog }: Axis, pixel: number): number => {
  const value = (pixel - start) / slope;
  return isLog ? 10 ** value : value;
};

/** A gap is nowhere, and below zero there is no logarithm. */
export const isShown = (axis: Axis, value: number): boolean =>
  Number.isFinite(value) && (!axis.isLog || value > 0);

/** Bands lie under raw lines, and those under the lines. */
export function paintLines(pen: Pen, lines: readonly ChartLine[], axes: Axes, theme: Theme): void {
  const columns = columnsOf(lines, axes);
  for (const { mean, color, part } of lines) {
    if (mean) paintBand(pen, mean, axes, color[theme], bandOpacity[part]);
  }
  const means = lines.filter(({ mean }) => mean !== null).length;
  const thinned = ({ mean }: ChartLine, stroke: Stroke): Stroke =>
    (mean ? means : lines.length) > crowdMost
      ? { ...stroke, dash: [], width: pen.hairline }
      : stroke;
  for (const line of lines) {
    const stroke = thinned(line, rawStroke(line, theme));
    if (line.raw) paintCurve(pen, line.raw, axes, stroke, columns);
  }
  for (const line of lines)
    paintCurve(pen, line.curve, axes, thinned(line, strokeOf(line, theme)), columns);
  for (const line of lines) paintGaps(pen, line, axes, line.color[theme]);
}

/** Columns that each line is thinned to: those of the pixels, or fewer where lines are many. */
export function columnsOf(lines: readonly ChartLine[], { x }: Axes): number {
  const width = Math.abs(place(x, x.high) - place(x, x.low));
  const long = lines.flatMap(({ raw, curve }) => [raw, curve]);
  const count = long.filter((each) => each && each.x.length > fewPoints).length;
  return Math.round(Math.min(width, Math.max(columnsLeast, pointsMost / 2 / Math.max(1, count))));
}

export const strokeOf = (line: ChartLine, theme: Theme): Stroke => ({
  ...line,
  color: line.color[theme],
});

const rawStroke = ({ color, opacity }: ChartLine, theme: Theme): Stroke => ({
  ...{ color: color[theme], dash: [], width: 1 },
  opacity: opacity * rawOpacity,
});

export function paintCurve(
  pen: Pen,
  curve: Curve,
  axes: Axes,
  stroke: Stroke,
  columns: number,
): void {
  const { x, y } = toColumns(curve, axes.x, columns);
  let points: number[] = [];
  const end = (): void => {
    // A point without neighbors would be no line.
    if (points.length === 2) pen.dot(points[0]!, points[1]!, stroke.width + 0.5, stroke);
    else if (points.length > 2) pen.line(points, stroke);
    points = [];
  };
  for (let i = 0; i < x.length; i++) {
    if (isShown(axes.y, y[i]!)) points.push(place(axes.x, x[i]!), place(axes.y, y[i]!));
    else if (points.length > 0) end();
  }
  end();
}

/** Of each column of pixels the lowest lower and the highest upper end. */
function paintBand(
  pen: Pen,
  { x, low, high }: MeanCurve,
  axes: Axes,
  color: string,
  opacity: number,
): void {
  const from = Math.max(0, firstFrom(x, axes.x.low) - 1);
  const to = Math.min(x.length, firstFrom(x, axes.x.high) + 1);
  const bottom = place(axes.y, axes.y.low);
  let [upper, lower]: [number[], number[]] = [[], []];
  const end = (): void => {
    if (upper.length > 2) pen.area([...upper, ...turned(lower)], color, opacity);
    [upper, lower] = [[], []];
  };
  for (let i = from; i < to;) {
    const pixel = place(axes.x, x[i]!);
    let [least, most] = [low[i]!, high[i]!];
    for (i++; i < to && place(axes.x, x[i]!) - pixel < 1; i++) {
      least = Math.min(least, low[i]!);
      most = Math.max(most, high[i]!);
    }
    if (!isShown(axes.y, most)) end();
    else {
      upper.push(pixel, place(axes.y, most));
      // Below zero there is no logarithm: the band goes down to the edge.
      lower.push(pixel, isShown(axes.y, least) ? place(axes.y, least) : bottom);
    }
  }
  end();
}

function turned(points: readonly number[]): number[] {
  const back: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) back.push(points[i]!, points[i + 1]!);
  return back;
}

function paintGaps(pen: Pen, { curve, mean }: ChartLine, axes: Axes, color: string): void {
  for (const { x, y } of gapsOf(curve, mean?.n)) {
    if (x < axes.x.low || x > axes.x.high) continue;
    const at = isShown(axes.y, y) ? place(axes.y, y) : place(axes.y, axes.y.low) - crossSide;
    pen.cross(place(axes.x, x), at, color);
  }
}

/** Half the side of the mark of a gap. */
export const crossSide = 4;

/** Draws on a canvas. */
export function canvasPen(context: CanvasRenderingContext2D): Pen {
  const begin = ({ color, dash, width, opacity }: Stroke): void => {
    context.strokeStyle = color;
    context.fillStyle = color;
    context.lineWidth = width;
    context.globalAlpha = opacity;
    context.setLineDash([...dash]);
    context.beginPath();
  };
  const trace = (points: readonly number[]): void => {
    context.moveTo(points[0]!, points[1]!);
    for (let i = 2; i < points.length; i += 2) context.lineTo(points[i]!, points[i + 1]!);
  };
  return {
    hairline: 1 / window.devicePixelRatio,
    line(points, stroke) {
      begin(stroke);
      trace(points);
      context.stroke();
    },
    area(points, color, opacity) {
      begin({ color, dash: [], width: 1, opacity });
      trace(points);
      context.fill();
    },
    dot(x, y, radius, stroke) {
      begin(stroke);
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    },
    cross(x, y, color) {
      begin({ color, dash: [], width: 2, opacity: 1 });
      trace([x - crossSide, y - crossSide, x + crossSide, y + crossSide]);
      trace([x - crossSide, y + crossSide, x + crossSide, y - crossSide]);
      context.stroke();
    },
  };
}
