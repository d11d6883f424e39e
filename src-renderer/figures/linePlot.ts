/**
 * @file Values over epochs as small lines. What is not finite is no point of a line: it leaves a gap, and a sign at
 * the top that says so.
 */
import { significant } from '../ui/figures.ts';
import { textWidth, type Figure, type Ink, type Mark } from './figure.ts';
import { linearScale, logScale, rangeOf, tickText, type Scale } from './scale.ts';

export type PlotLine = {
  readonly title: string;
  readonly ink: Ink;
  readonly dash: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
};

type Options = {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly isLog: boolean;
  /** Kept on the axis: 0 and 1 of a share. */
  readonly within?: readonly number[];
};

/** More points than pixels cannot be seen: neighbors are drawn as their mean. Of a plot of no width, so many. */
const pointsMin = 100;
/** Values beside the axis may need more to the left. */
const margin = { left: 44, right: 10, top: 8, bottom: 22 };

export type LinePlot = { readonly figure: Figure; readonly x: Scale | null };

export function linePlot(lines: readonly PlotLine[], options: Options): LinePlot {
  const { width, height, title, isLog } = options;
  const isShown = (value: number): boolean => Number.isFinite(value) && (!isLog || value > 0);
  const xRange = rangeOf(lines.flatMap((line) => line.x));
  const yRange = rangeOf([
    ...lines.flatMap((line) => line.y.filter(isShown)),
    ...(options.within ?? []),
  ]);
  const label = `${title}. ${lines.map(lastText).join('; ')}.`;
  if (xRange === null || yRange === null) {
    return { figure: { width, height, label: `${title}: nothing measured.`, marks: [] }, x: null };
  }
  const [bottom, top] = [height - margin.bottom, margin.top];
  const y = (isLog ? logScale : linearScale)(yRange, bottom, top, Math.floor(height / 40));
  const left = Math.max(margin.left, ...y.ticks.map((tick) => textWidth(tickText(y, tick)) + 12));
  const x = xScale(xRange, left, width - margin.right);
  const drawn = lines.map((line) => thinned(line, Math.max(pointsMin, Math.round(width))));
  const marks = [
    ...axes(x, y, left, options),
    ...drawn.flatMap((line) => lineMarks(line, x, y, isShown)),
  ];
  return { figure: { width, height, label, marks }, x };
}

/** From the first epoch to the last, without room around: ticks at whole epochs. */
function xScale({ low, high }: { low: number; high: number }, from: number, to: number): Scale {
  if (high === low) {
    const at = (): number => (from + to) / 2;
    return { at, ticks: [low], low, high, isLog: false };
  }
  const at = (value: number): number => from + ((value - low) / (high - low)) * (to - from);
  const round = linearScale({ low, high }, from, to, 4).ticks;
  const inside = round.filter((tick) => Number.isInteger(tick) && tick >= low && tick <= high);
  return { at, ticks: inside.length > 0 ? inside : [low, high], low, high, isLog: false };
}

function axes(x: Scale, y: Scale, left: number, { width, height }: Options): Mark[] {
  const bottom = height - margin.bottom;
  return [
    ...y.ticks.flatMap((tick): Mark[] => [
      {
        kind: 'line',
        x1: left,
        x2: width - margin.right,
        y1: y.at(tick),
        y2: y.at(tick),
        ink: 'grid',
        width: 1,
      },
      {
        kind: 'text',
        x: left - 6,
        y: y.at(tick) + 4,
        text: tickText(y, tick),
        anchor: 'end',
        ink: 'secondary',
      },
    ]),
    ...x.ticks.map((tick): Mark => ({
      kind: 'text',
      x: x.at(tick),
      y: bottom + 16,
      text: String(tick),
      anchor: 'middle',
      ink: 'secondary',
    })),
  ];
}

function lineMarks(
  line: PlotLine,
  x: Scale,
  y: Scale,
  isShown: (value: number) => boolean,
): Mark[] {
  const marks: Mark[] = [];
  let stretch: string[] = [];
  const end = (at: number): void => {
    if (stretch.length === 1) marks.push(dotAt(line, at, x, y));
    if (stretch.length > 1)
      marks.push({
        kind: 'path',
        d: stretch.join(''),
        ink: line.ink,
        width: 1.75,
        dash: line.dash,
      });
    stretch = [];
  };
  line.y.forEach((value, i) => {
    if (isShown(value)) {
      const command = stretch.length === 0 ? 'M' : 'L';
      stretch.push(`${command}${x.at(line.x[i] ?? 0).toFixed(1)} ${y.at(value).toFixed(1)}`);
      return;
    }
    end(i - 1);
    // On a logarithmic axis zero has no place, and that is nothing to be warned of.
    if (!Number.isFinite(value)) marks.push(signOf(line, i, x));
  });
  end(line.y.length - 1);
  return marks;
}

const dotAt = (line: PlotLine, i: number, x: Scale, y: Scale): Mark => ({
  kind: 'point',
  x: x.at(line.x[i] ?? 0),
  y: y.at(line.y[i] ?? 0),
  radius: 2.5,
  ink: line.ink,
  title: `${line.title}, epoch ${line.x[i]}: ${significant(line.y[i] ?? NaN)}`,
});

const signOf = (line: PlotLine, i: number, x: Scale): Mark => ({
  kind: 'text',
  x: x.at(line.x[i] ?? 0),
  y: margin.top + 4,
  text: '×',
  anchor: 'middle',
  ink: line.ink,
  isStrong: true,
  title: `${line.title}, epoch ${line.x[i]}: ${significant(line.y[i] ?? NaN)}`,
});

/** Neighbors as their mean, at the place of the last of them, so that the end of the line stays the end. */
export function thinned(line: PlotLine, pointsMax: number): PlotLine {
  const stride = Math.ceil(line.x.length / pointsMax);
  if (stride <= 1) return line;
  const [x, y]: [number[], number[]] = [[], []];
  for (let start = 0; start < line.x.length; start += stride) {
    const values = line.y.slice(start, start + stride);
    x.push(line.x[start + values.length - 1] ?? 0);
    y.push(values.reduce((sum, value) => sum + value, 0) / values.length);
  }
  return { ...line, x, y };
}

const lastText = ({ title, x, y }: PlotLine): string =>
  `${title} ${significant(y.at(-1) ?? NaN)} at epoch ${x.at(-1) ?? 0}`;
