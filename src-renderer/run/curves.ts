/** @file The curves of one run over its epochs, in the color of its activation: train dashed, validation solid. */
import type { EpochRow, Measured } from '../../src-core/contract/training.ts';
import type { PlotLine } from '../figures/linePlot.ts';

type Rows = readonly EpochRow[];
const trainDash = [5, 3];

export const accuracyLines = (rows: Rows, activation: string): readonly PlotLine[] => [
  ...lineOf('Validation', rows, activation, [], ({ validation }) =>
    inPercent(validation?.accuracy),
  ),
  ...lineOf('Train', rows, activation, trainDash, ({ train }) => inPercent(train.accuracy)),
];

export const lossLines = (rows: Rows, activation: string): readonly PlotLine[] => [
  ...lineOf('Validation', rows, activation, [], ({ validation }) => numberOf(validation?.loss)),
  ...lineOf('Train', rows, activation, trainDash, ({ train }) => numberOf(train.loss)),
];

export const learningRateLine = (rows: Rows, activation: string): readonly PlotLine[] =>
  lineOf('Learning rate', rows, activation, [], ({ learningRate }) => numberOf(learningRate));

/** None without a single value, as validation without validation images. */
function lineOf(
  title: string,
  rows: Rows,
  activation: string,
  dash: readonly number[],
  value: (row: EpochRow) => number | null,
): readonly PlotLine[] {
  const points = rows.flatMap((row) => {
    const y = value(row);
    return y === null ? [] : [{ x: row.epoch, y }];
  });
  if (points.length === 0) return [];
  return [
    { title, ink: { activation }, dash, x: points.map(({ x }) => x), y: points.map(({ y }) => y) },
  ];
}

const numberOf = (value: Measured | undefined): number | null =>
  value === undefined ? null : Number(value);

const inPercent = (share: Measured | undefined): number | null =>
  share === undefined ? null : 100 * Number(share);
