/** @file Layer health over time as lines: for every layer and measure, one line per group of runs, its mean. */
import type { EpochRow, Health } from '../../src-core/contract/training.ts';
import { activationLook } from '../ui/activationLooks.ts';
import type { PlotLine } from './linePlot.ts';

export type Measure = {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly isLog: boolean;
  /** Kept on the axis. */
  readonly within?: readonly number[];
  /** Null: the layer has no such thing. */
  readonly value: (health: Health) => number | null;
};

export const measures: readonly Measure[] = [
  {
    id: 'dead',
    title: 'Dead units, %',
    sentence: 'Units whose output never leaves the flat part of the activation.',
    isLog: false,
    within: [0, 1],
    value: ({ deadShare }) => 100 * Number(deadShare),
  },
  {
    id: 'saturated',
    title: 'Saturated, %',
    sentence: 'Outputs at a flat end of the activation.',
    isLog: false,
    within: [0, 1],
    value: ({ saturatedShare }) => 100 * Number(saturatedShare),
  },
  {
    id: 'gradient',
    title: 'Gradient norm',
    sentence: 'Length of the gradient of the layer, on a logarithmic axis.',
    isLog: true,
    value: ({ gradientNorm }) => Number(gradientNorm),
  },
  {
    id: 'mean',
    title: 'Output mean',
    sentence: 'Mean of the outputs of the activation.',
    isLog: false,
    value: ({ activationMean }) => Number(activationMean),
  },
  {
    id: 'sd',
    title: 'Output spread',
    sentence: 'Standard deviation of the outputs of the activation.',
    isLog: false,
    value: ({ activationSd }) => Number(activationSd),
  },
  {
    id: 'slope',
    title: 'Learned slope',
    sentence: 'Mean of the slopes that PReLU learns.',
    isLog: false,
    value: ({ slopes }) => (slopes === null ? null : Number(slopes.mean)),
  },
];

/** Runs shown as one line: their mean. */
export type RunGroup = {
  readonly title: string;
  readonly activation: string;
  readonly runs: readonly (readonly EpochRow[])[];
};

/** Names of all layers, in the order in which they first appear. */
export function layersOf(groups: readonly RunGroup[]): readonly string[] {
  const first = groups.flatMap(({ runs }) => runs.flatMap((rows) => rows.slice(0, 1)));
  return [...new Set(first.flatMap(({ layers }) => layers.map(({ layer }) => layer)))];
}

/** The measures that at least one layer of one run has. */
export const measuresOf = (groups: readonly RunGroup[]): readonly Measure[] => {
  const first = groups.flatMap(({ runs }) => runs.flatMap((rows) => rows.slice(0, 1)));
  return measures.filter(({ value }) =>
    first.some(({ layers }) => layers.some((health) => value(health) !== null)),
  );
};

/** One line per group that has the layer: at each epoch the mean over the runs that came so far. */
export function healthLines(
  groups: readonly RunGroup[],
  layer: string,
  measure: Measure,
): readonly PlotLine[] {
  return groups.flatMap(({ title, activation, runs }) => {
    const { x, y } = meanOver(runs, layer, measure);
    if (x.length === 0) return [];
    return [{ title, ink: { activation }, dash: activationLook(activation).dash, x, y }];
  });
}

/** Hundreds of thousands of rows come together here: sums are kept by epoch, in flat arrays. */
function meanOver(
  runs: RunGroup['runs'],
  layer: string,
  { value }: Measure,
): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const epochs = 1 + runs.reduce((most, rows) => Math.max(most, rows.at(-1)?.epoch ?? 0), 0);
  const sums = new Float64Array(epochs);
  const counts = new Uint32Array(epochs);
  for (const rows of runs) {
    const place = rows[0]?.layers.findIndex((health) => health.layer === layer) ?? -1;
    for (const { epoch, layers } of rows) {
      const health = layers[place];
      const measured = health === undefined ? null : value(health);
      if (measured === null) continue;
      sums[epoch] = (sums[epoch] ?? 0) + measured;
      counts[epoch] = (counts[epoch] ?? 0) + 1;
    }
  }
  const [x, y]: [number[], number[]] = [[], []];
  counts.forEach((count, epoch) => {
    if (count === 0) return;
    x.push(epoch);
    y.push((sums[epoch] ?? 0) / count);
  });
  return { x, y };
}
