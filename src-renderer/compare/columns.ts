/** @file The columns of the table of activations: what each shows, sorts by, and means. One table. */
import type { ComparisonGroup, Measured, Summary } from '../../src-core/contract/training.ts';
import {
  inPercent,
  oneDecimal,
  plainPercent,
  shown,
  significant,
  spreadText,
  whole,
} from '../ui/figures.ts';

export type Column = {
  readonly id: string;
  readonly title: string;
  /** What it is, in a sentence. */
  readonly sentence: string;
  readonly text: (group: ComparisonGroup) => string;
  /** What it is sorted by; null: nothing measured, always last. */
  readonly value: (group: ComparisonGroup) => number | null;
  /** The better way around comes first when it is chosen. */
  readonly isDescending: boolean;
};

const numberOf = (value: Measured | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

type Health = ComparisonGroup['health'][number];

/** The classifying layer has no activation of its own to die or saturate. */
const classifyingLayer = 'output';

/** The mean over the hidden layers; null without any. */
function overLayers(
  { health }: ComparisonGroup,
  measure: (layer: Health) => Summary,
): number | null {
  const hidden = health.filter(({ layer }) => layer !== classifyingLayer);
  if (hidden.length === 0) return null;
  return hidden.reduce((sum, layer) => sum + Number(measure(layer).mean), 0) / hidden.length;
}

const dead = (group: ComparisonGroup) => overLayers(group, (layer) => layer.deadShare);
const saturated = (group: ComparisonGroup) => overLayers(group, (layer) => layer.saturatedShare);

/** @param target  the validation accuracy that was chosen, 0 … 1 */
export const columnsFor = (target: number): readonly Column[] => [
  ...accuracyColumns,
  ...arrivalColumns(target),
  ...costColumns,
  ...healthColumns,
];

const accuracyColumns: readonly Column[] = [
  {
    id: 'runs',
    title: 'Runs',
    sentence: 'How many runs, one per seed.',
    text: ({ runs }) => String(runs.length),
    value: ({ runs }) => runs.length,
    isDescending: true,
  },
  {
    id: 'test',
    title: 'Test, %',
    sentence: 'Accuracy on the test images: mean ± standard deviation over the seeds.',
    text: ({ testAccuracy }) => spreadText(testAccuracy, inPercent),
    value: ({ testAccuracy }) => numberOf(testAccuracy?.mean),
    isDescending: true,
  },
  {
    id: 'best',
    title: 'Best, %',
    sentence: 'Test accuracy of the best run.',
    text: ({ testAccuracy }) => shown(testAccuracy?.max, inPercent),
    value: ({ testAccuracy }) => numberOf(testAccuracy?.max),
    isDescending: true,
  },
  {
    id: 'worst',
    title: 'Worst, %',
    sentence: 'Test accuracy of the worst run.',
    text: ({ testAccuracy }) => shown(testAccuracy?.min, inPercent),
    value: ({ testAccuracy }) => numberOf(testAccuracy?.min),
    isDescending: true,
  },
  {
    id: 'validation',
    title: 'Validation, %',
    sentence: 'Accuracy on the validation images: mean ± standard deviation over the seeds.',
    text: ({ validationAccuracy }) => spreadText(validationAccuracy, inPercent),
    value: ({ validationAccuracy }) => numberOf(validationAccuracy?.mean),
    isDescending: true,
  },
];

const arrivalColumns = (target: number): readonly Column[] => [
  {
    id: 'epochsTo',
    title: `Epochs to ${plainPercent(target)}`,
    sentence:
      'Mean number of epochs until the validation accuracy was reached, of the runs that did.',
    text: ({ runs, reaching }) =>
      `${shown(reaching.epochs?.mean, oneDecimal)}${arrivedText(reaching.reached, runs.length)}`,
    value: ({ reaching }) => numberOf(reaching.epochs?.mean),
    isDescending: false,
  },
  {
    id: 'secondsTo',
    title: `Seconds to ${plainPercent(target)}`,
    sentence: 'Mean training time until the validation accuracy was reached, of the runs that did.',
    text: ({ reaching }) => shown(reaching.seconds?.mean, significant),
    value: ({ reaching }) => numberOf(reaching.seconds?.mean),
    isDescending: false,
  },
];

const costColumns: readonly Column[] = [
  {
    id: 'seconds',
    title: 'Seconds',
    sentence: 'Mean training time, pauses excluded.',
    text: ({ seconds }) => shown(seconds?.mean, significant),
    value: ({ seconds }) => numberOf(seconds?.mean),
    isDescending: false,
  },
  {
    id: 'speed',
    title: 'Samples/s',
    sentence: 'Mean number of training samples per second.',
    text: ({ samplesPerSecond }) => shown(samplesPerSecond?.mean, whole),
    value: ({ samplesPerSecond }) => numberOf(samplesPerSecond?.mean),
    isDescending: true,
  },
];

const healthColumns: readonly Column[] = [
  {
    id: 'dead',
    title: 'Dead, %',
    sentence:
      'Units whose output never leaves the flat part of the activation, mean over the hidden layers.',
    text: (group) => shown(dead(group), (share) => oneDecimal(100 * share)),
    value: dead,
    isDescending: false,
  },
  {
    id: 'saturated',
    title: 'Saturated, %',
    sentence: 'Outputs at a flat end of the activation, mean over the hidden layers.',
    text: (group) => shown(saturated(group), (share) => oneDecimal(100 * share)),
    value: saturated,
    isDescending: false,
  },
];

/** ` (4 of 5)` where not all did. */
const arrivedText = (reached: number, runs: number): string =>
  reached === runs ? '' : ` (${reached} of ${runs})`;

/** By a column, or by title for null; what was not measured comes last either way. */
export function inOrder(
  groups: readonly ComparisonGroup[],
  column: Column | null,
  isDescending: boolean,
): readonly ComparisonGroup[] {
  const sign = isDescending ? -1 : 1;
  return groups.toSorted((a, b) => {
    const byTitle = a.title.localeCompare(b.title, 'en');
    if (column === null) return sign * byTitle;
    const [x, y] = [column.value(a), column.value(b)].map((v) => (Number.isNaN(v) ? null : v));
    if (x === null || y === null || x === undefined || y === undefined)
      return Number(x === null) - Number(y === null) || byTitle;
    return sign * (x - y) || byTitle;
  });
}
