/** @file The axes, grid and layout of a chart, by chart.js; lines are drawn into its area by `paint.ts`. */
import {
  Chart,
  LinearScale,
  LineController,
  LogarithmicScale,
  type ScaleOptionsByType,
  type Scale,
} from 'chart.js';
import type { ChartColors } from './chartLine.ts';
import type { ChartLayout, Tick } from './chartSvg.ts';
import type { Range } from './curve.ts';
import type { Axes, Axis } from './paint.ts';

Chart.register(LineController, LinearScale, LogarithmicScale);

export type AxesOptions = {
  readonly x: Range & {
    readonly title: string;
    readonly isWhole: boolean;
    readonly text: (value: number) => string;
  };
  readonly y: Range & { readonly isLog: boolean; readonly text: (value: number) => string };
  readonly colors: ChartColors;
};

/** @param paint  called whenever the axes have been drawn. */
export function createChart(canvas: HTMLCanvasElement, paint: (chart: Chart) => void): Chart {
  return new Chart(canvas, {
    type: 'line',
    data: { datasets: [] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      layout: { padding: { top: 6, right: 10 } },
    },
    plugins: [{ id: 'lines', afterDraw: (chart) => paint(chart) }],
  });
}

const shown = new WeakMap<Chart, AxesOptions>();

/** Axes that are as they were are not laid out again. */
export function draw(chart: Chart, options: AxesOptions): void {
  const before = shown.get(chart);
  shown.set(chart, options);
  if (before && isSame(before, options)) return chart.render();
  setAxes(chart, options);
}

function isSame(a: AxesOptions, b: AxesOptions): boolean {
  const valuesOf = ({ x, y, colors }: AxesOptions): unknown[] => [
    ...[x.low, x.high, x.title, x.isWhole, x.text],
    ...[y.low, y.high, y.isLog, y.text, colors],
  ];
  const values = valuesOf(b);
  return valuesOf(a).every((value, i) => Object.is(value, values[i]));
}

function setAxes(chart: Chart, { x, y, colors }: AxesOptions): void {
  const font = { family: colors.font, size: 11 };
  const common = {
    grid: { color: colors.grid, tickLength: 4 },
    border: { color: colors.grid },
  };
  chart.options.scales = {
    x: {
      ...common,
      type: 'linear',
      min: x.low,
      max: x.high,
      title: { display: true, text: x.title, color: colors.text, font, padding: 2 },
      ticks: {
        ...{ color: colors.text, font, maxRotation: 0, autoSkipPadding: 16 },
        includeBounds: false,
        ...(x.isWhole ? { precision: 0 } : {}),
        callback: (value: string | number) => x.text(Number(value)),
      },
    },
    y: {
      ...common,
      type: y.isLog ? 'logarithmic' : 'linear',
      min: y.low,
      max: y.high,
      // So that the areas of charts under each other have the same left edge.
      afterFit: (scale: Scale) => (scale.width = Math.max(scale.width, 52)),
      ticks: {
        ...{ color: colors.text, font },
        includeBounds: false,
        callback: (value: string | number) =>
          isWritten(Number(value), y) ? y.text(Number(value)) : null,
      },
    },
  } satisfies Record<string, DeepPartial<ScaleOptionsByType<'linear' | 'logarithmic'>>>;
  chart.update('none');
}

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

/** On a logarithmic axis only some of the lines are written on. */
function isWritten(value: number, { isLog, low, high }: AxesOptions['y']): boolean {
  if (!isLog) return true;
  const leading = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  const isOneOf = (...signs: readonly number[]): boolean =>
    signs.some((each) => Math.abs(leading - each) < 1e-6);
  return high / low > 300 ? isOneOf(1) : high / low < 4 || isOneOf(1, 2, 5);
}

/** The axes as lines are placed by; null before the first layout. */
export function axesOf(chart: Chart): Axes | null {
  const { x, y } = chart.scales;
  if (!x || !y || !(x.right > x.left) || !(y.bottom > y.top)) return null;
  return { x: axisOf(x, x.left, x.right), y: axisOf(y, y.bottom, y.top) };
}

function axisOf({ min, max, type }: Scale, from: number, to: number): Axis {
  const isLog = type === 'logarithmic';
  const [low, high] = isLog ? [Math.log10(min), Math.log10(max)] : [min, max];
  const slope = (to - from) / (high - low);
  return { low: min, high: max, start: from - slope * low, slope, isLog };
}

/** As it is laid out now; null before the first time. */
export function layoutOf(chart: Chart): ChartLayout | null {
  const axes = axesOf(chart);
  const { x, y } = chart.scales;
  if (!axes || !x || !y) return null;
  const { width, height, chartArea: area } = chart;
  return { width, height, area, axes, xTicks: ticksOf(x), yTicks: ticksOf(y) };
}

const ticksOf = (scale: Scale): Tick[] =>
  scale.ticks.flatMap(({ value, label }) =>
    typeof label === 'string' && label !== ''
      ? [{ at: scale.getPixelForValue(value), text: label }]
      : [],
  );
