/** @file From what runs measured to the lines of the charts. What was computed once is kept while it holds. */
import type { EpochRow, RunInfo } from '../../src-core/contract/training.ts';
import { trainDash, type ChartLine, type LineColor } from '../charts/chartLine.ts';
import { curveOf, emptyCurve, numberOf, type Curve } from '../charts/curve.ts';
import { meanOf, type Band, type MeanCurve } from '../charts/mean.ts';
import { bySteps, over } from '../charts/packedSeries.ts';
import type { Measurements } from '../charts/runSeries.svelte.ts';
import { smooth } from '../charts/smoothing.ts';
import { runInk, type RunGroup } from './rows.ts';
import type { RunsViewOptions, XAxis } from './viewOptions.ts';

export const metrics = ['accuracy', 'loss'] as const;
export type Metric = (typeof metrics)[number];
type Part = ChartLine['part'];

type Shown = {
  readonly groups: readonly RunGroup[];
  readonly runs: readonly RunInfo[];
  readonly options: RunsViewOptions;
  /** What the person chose for a run. */
  readonly colorOf: (run: string) => LineColor | null;
};

type Mean = { readonly of: readonly Curve[]; readonly band: Band; readonly mean: MeanCurve };
type Computed = Map<string, { readonly version: number; readonly curve: Curve }>;

/** Each is kept with what it was computed of, and is gone with it. */
export class Curves {
  readonly #measured: (run: string) => Measurements | null;
  #curves = new WeakMap<Measurements, Computed>();
  #smoothed = new WeakMap<Curve, { readonly weight: number; readonly curve: Curve }>();
  /** By the first of the curves. */
  #means = new WeakMap<Curve, Mean>();

  constructor(measured: (run: string) => Measurements | null) {
    this.#measured = measured;
  }

  /** Groups before the runs in them; with fewer than two runs that have values, a group is its run. */
  lines(metric: Metric, { groups, runs, options, colorOf }: Shown): readonly ChartLine[] {
    const parts: readonly Part[] =
      options.parts === 'both' ? ['train', 'validation'] : [options.parts];
    const isShown = new Set(runs.map(({ run }) => run));
    return parts.flatMap((part) => {
      const of = (run: RunInfo, look: Partial<ChartLine>): ChartLine[] =>
        this.#runLine(run, metric, part, options, { ...chosen(colorOf(run.run)), ...look });
      if (groups.length === 0) return runs.flatMap((run) => of(run, {}));
      return groups.flatMap((group) => {
        const members = group.runs.filter(({ run }) => isShown.has(run));
        const { color, dash, label, key } = group;
        const [one, ...others] = members;
        if (one && others.length === 0) {
          return of(one, { key, label, color, ...(part === 'train' ? {} : { dash }) });
        }
        const single = options.showsRuns
          ? members.flatMap((run) => of(run, { raw: null, width: 1, opacity: 0.5 }))
          : [];
        return [...single, ...this.#meanLine(group, members, metric, part, options)];
      });
    });
  }

  #runLine(
    run: RunInfo,
    metric: Metric,
    part: Part,
    options: RunsViewOptions,
    look: Partial<ChartLine>,
  ): ChartLine[] {
    const raw = this.#curve(run.run, metric, part, options.xAxis);
    if (raw.x.length === 0) return [];
    const curve = this.#smooth(raw, weightOf(options, part));
    const { color, dash } = runInk(run);
    return [
      {
        ...{ key: run.run, label: run.name, part, color, mean: null, curve, runs: 1 },
        ...partLook(part, dash),
        raw: curve === raw ? null : raw,
        ...look,
      },
    ];
  }

  #meanLine(
    group: RunGroup,
    members: readonly RunInfo[],
    metric: Metric,
    part: Part,
    options: RunsViewOptions,
  ): ChartLine[] {
    const weight = weightOf(options, part);
    const measured = members
      .map(({ run }) => this.#curve(run, metric, part, options.xAxis))
      .filter(({ x }) => x.length > 0);
    const curves = measured.map((curve) => this.#smooth(curve, weight));
    if (curves.length === 0) return [];
    const mean = this.#mean(curves, options.band);
    const raw = weight === 0 ? null : this.#mean(measured, 'none');
    const { key, label, color, dash } = group;
    return [
      {
        ...{ key, label, part, color, curve: mean, mean, raw, runs: curves.length },
        ...partLook(part, dash),
      },
    ];
  }

  #curve(run: string, metric: Metric, part: Part, xAxis: XAxis): Curve {
    const measured = this.#measured(run);
    if (!measured) return emptyCurve;
    const curves: Computed = this.#curves.get(measured) ?? new Map();
    this.#curves.set(measured, curves);
    const key = `${metric} ${part} ${xAxis}`;
    const known = curves.get(key);
    if (known?.version === measured.version) return known.curve;
    const curve = computed(measured, metric, part, xAxis);
    curves.set(key, { version: measured.version, curve });
    return curve;
  }

  #smooth(curve: Curve, weight: number): Curve {
    if (weight === 0 || curve.x.length === 0) return curve;
    const known = this.#smoothed.get(curve);
    if (known?.weight === weight) return known.curve;
    const smoothed = { x: curve.x, y: smooth(curve.y, weight) };
    this.#smoothed.set(curve, { weight, curve: smoothed });
    return smoothed;
  }

  #mean(curves: readonly Curve[], band: Band): MeanCurve {
    const [first] = curves;
    const known = first && this.#means.get(first);
    const isSame =
      known?.band === band &&
      known.of.length === curves.length &&
      known.of.every((each, i) => each === curves[i]);
    if (isSame) return known.mean;
    const mean = meanOf(curves, band);
    if (first) this.#means.set(first, { of: curves, band, mean });
    return mean;
  }
}

const chosen = (color: LineColor | null): Partial<ChartLine> => (color ? { color } : {});

/** Validation is what counts: its line is thick, and has the dash of its activation. */
const partLook = (
  part: Part,
  dash: readonly number[],
): Pick<ChartLine, 'dash' | 'width' | 'opacity'> =>
  part === 'train'
    ? { dash: trainDash, width: 1.25, opacity: 0.9 }
    : { dash, width: 2, opacity: 1 };

/** Over steps and seconds, what is measured once an epoch is shown as it was measured. */
function weightOf({ xAxis, stepSmoothing, epochSmoothing }: RunsViewOptions, part: Part): number {
  if (xAxis === 'epoch') return epochSmoothing;
  return part === 'train' ? stepSmoothing : 0;
}

function computed(measured: Measurements, metric: Metric, part: Part, xAxis: XAxis): Curve {
  const { series, epochs } = measured;
  if (part === 'train' && xAxis === 'step') return bySteps(series[metric]);
  if (part === 'train' && xAxis === 'seconds') return over(series.seconds, series[metric]);
  const points = epochs.flatMap((row) => {
    const score = row[part];
    return score ? [[xOf(row, xAxis), numberOf(score[metric])] as const] : [];
  });
  return curveOf(points);
}

const xOf = (row: EpochRow, xAxis: XAxis): number =>
  xAxis === 'epoch' ? row.epoch : xAxis === 'step' ? row.step : numberOf(row.seconds);
