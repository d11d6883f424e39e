/** @file What a chart draws, as data: the page, files and those who cannot see it are given the same. */
import type { Curve } from './curve.ts';
import type { MeanCurve } from './mean.ts';

export type Theme = 'light' | 'dark';
export type LineColor = Readonly<Record<Theme, string>>;

export type ChartLine = {
  /** Of the run or the group: lines with the same key belong together. */
  readonly key: string;
  readonly label: string;
  readonly part: 'train' | 'validation';
  readonly color: LineColor;
  readonly dash: readonly number[];
  readonly width: number;
  /** 0 … 1 */
  readonly opacity: number;
  readonly curve: Curve;
  /** Before smoothing, drawn faintly under it; null: the curve is not smoothed. */
  readonly raw: Curve | null;
  /** The curve again, where it is the mean of several. */
  readonly mean: MeanCurve | null;
  /** Runs that have values: 1 where it is no mean. */
  readonly runs: number;
};

export type ChartColors = {
  readonly text: string;
  readonly grid: string;
  readonly accent: string;
  readonly background: string;
  readonly font: string;
};

const known = new Map<Theme, ChartColors>();

/** Of the theme in force, which is `theme`: read from the page once. */
export function themeColors(theme: Theme): ChartColors {
  const colors = known.get(theme) ?? colorsOfPage();
  known.set(theme, colors);
  return colors;
}

function colorsOfPage(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: of('--secondary'),
    grid: of('--border'),
    accent: of('--accent'),
    background: of('--background'),
    font: of('--font'),
  };
}

/** Of what was measured, under the smoothed line. */
export const rawOpacity = 0.25;
/** Those of training curves are many and ragged. */
export const bandOpacity: Readonly<Record<ChartLine['part'], number>> = {
  train: 0.08,
  validation: 0.18,
};
/** Of training curves, which are thin besides: the validation curve has its activation's own dash. */
export const trainDash: readonly number[] = [3, 3];
