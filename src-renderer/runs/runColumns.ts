/** @file The columns of the table of runs: one table. What is added here can be shown, sorted and summed up. */
import {
  runsMax,
  type Measured,
  type RunInfo,
  type RunStatus,
} from '../../src-core/contract/training.ts';
import { fixed, inPercent, significant, whole } from '../ui/figures.ts';
import { countText, durationText } from '../ui/format.ts';

export { runsMax };

/** Null: not known yet, or there is none. */
type Value = number | string | null;

export type RunColumn = {
  readonly title: string;
  readonly sentence: string;
  readonly width: number;
  readonly value: (run: RunInfo) => Value;
} & (
  | { readonly kind: 'text' }
  | {
      readonly kind: 'number';
      /** @param besides  the figure it stands beside, which decides how many digits it deserves */
      readonly text: (value: number, besides?: number) => string;
      /** In groups, the mean ± sd of its runs is shown. */
      readonly isSummed: boolean;
      /** The difference to the baseline as it is written; absent: it says nothing. */
      readonly difference?: (difference: number) => string;
    }
);

const measured = (value: Measured | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const signed = (text: string): string => (text.startsWith('−') ? text : `+${text}`);

const accuracy = (
  title: string,
  sentence: string,
  value: (run: RunInfo) => Measured | null | undefined,
): RunColumn => ({
  ...{
    kind: 'number',
    title,
    sentence,
    width: 112,
    text: (share) => inPercent(share),
    isSummed: true,
  },
  value: (run) => measured(value(run)),
  difference: (difference) => signed(inPercent(difference)),
});

const count = (
  title: string,
  sentence: string,
  value: (run: RunInfo) => number | null,
): RunColumn => ({
  ...{ kind: 'number', title, sentence, width: 96, text: (of) => countText(of), isSummed: false },
  value,
});

const words = (
  title: string,
  sentence: string,
  width: number,
  value: (run: RunInfo) => string | null,
): RunColumn => ({ ...{ kind: 'text', title, sentence, width }, value });

/** Four decimals, of small ones three digits. */
const lossText = (loss: number, besides = loss): string =>
  besides === 0 || Math.abs(besides) >= 0.001 ? fixed(loss, 4) : significant(loss);

/** 12.3 s, 4:05, 2 h 10 min. */
export function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds)) return fixed(seconds, 0);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds >= 3600) return durationText(seconds);
  const rest = Math.floor(seconds % 60);
  return `${Math.floor(seconds / 60)}:${String(rest).padStart(2, '0')} min`;
}

/** In the order of the list they are chosen from. The name is always there, before all others. */
export const runColumns: Readonly<Record<string, RunColumn>> = {
  status: words('Status', 'What it is doing, and how far it is.', 120, statusText),
  best: accuracy(
    'Best val. %',
    'The best accuracy on the validation part so far; its epoch is the one that is kept.',
    ({ bestValidationAccuracy }) => bestValidationAccuracy,
  ),
  last: accuracy(
    'Last val. %',
    'The accuracy on the validation part after the last epoch.',
    ({ lastValidation }) => lastValidation?.accuracy,
  ),
  test: accuracy(
    'Test %',
    'The accuracy on the test part, looked at once, when training is over.',
    ({ test }) => test?.accuracy,
  ),
  epoch: {
    ...count('Epoch', 'Epochs done, of those asked for.', ({ epoch }) => epoch),
    width: 80,
  },
  trainLoss: {
    ...{ kind: 'number', title: 'Train loss', width: 128, text: lossText, isSummed: true },
    sentence: 'The mean loss over the training part in the last epoch.',
    value: ({ lastTrain }) => measured(lastTrain?.loss),
    difference: (difference) => signed(significant(difference)),
  },
  seconds: {
    ...{
      kind: 'number',
      title: 'Time',
      width: 120,
      text: (seconds) => secondsText(seconds),
      isSummed: true,
    },
    sentence: 'Time spent training, pauses excluded.',
    value: ({ seconds }) => seconds,
  },
  samplesPerSecond: {
    ...{
      kind: 'number',
      title: 'Samples/s',
      width: 136,
      text: (value) => whole(value),
      isSummed: true,
    },
    sentence: 'Training images per second.',
    value: (run) => measured(run.samplesPerSecond),
  },
  left: {
    ...{
      kind: 'number',
      title: 'Left',
      width: 96,
      text: (seconds) => durationText(seconds),
      isSummed: false,
    },
    sentence: 'Time that training will take from here, at the pace so far.',
    value: ({ secondsLeft }) => secondsLeft,
  },
  seed: count('Seed', 'The number that every random choice follows from.', ({ seed }) => seed),
  activation: words(
    'Activation',
    'The function that hidden layers apply to their outputs.',
    136,
    ({ activationTitle }) => activationTitle,
  ),
  network: words('Network', 'The layers it consists of.', 176, ({ network }) => network),
  dataset: words(
    'Dataset',
    'What it was trained on.',
    160,
    ({ dataset }) => dataset?.name ?? 'deleted',
  ),
  bestEpoch: count(
    'Best epoch',
    'The epoch with the best validation accuracy.',
    (run) => run.bestEpoch,
  ),
  testLoss: {
    ...{ kind: 'number', title: 'Test loss', width: 128, text: lossText, isSummed: true },
    sentence: 'The mean loss over the test part.',
    value: ({ test }) => measured(test?.loss),
    difference: (difference) => signed(significant(difference)),
  },
  step: count('Step', 'Updates of the parameters so far.', ({ step }) => step),
  parameters: count('Parameters', 'Numbers that training changes.', ({ parameters }) => parameters),
  batchSize: count('Batch', 'Images in one step.', ({ batchSize }) => batchSize),
  optimizer: words('Optimizer', 'How gradients become updates.', 112, ({ optimizer }) => optimizer),
  learningRate: {
    ...{
      kind: 'number',
      title: 'Rate',
      width: 96,
      text: (value) => significant(value),
      isSummed: false,
    },
    sentence: 'The learning rate.',
    value: ({ learningRate }) => learningRate,
  },
  engine: words(
    'Engine',
    'What computes it, and where.',
    144,
    (run) => `${run.engine} · ${run.device}`,
  ),
  run: {
    ...count('Run', 'Its number, as the command line knows it.', ({ run }) => Number(run.slice(1))),
    width: 72,
  },
  createdAt: {
    ...{ kind: 'number', title: 'Created', width: 152, isSummed: false },
    sentence: 'When it was started first.',
    text: (time) => date.format(time),
    value: ({ createdAt }) => createdAt,
  },
};

const date = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'short' });

export const statusTitles = {
  queued: 'Queued',
  running: 'Training',
  paused: 'Paused',
  interrupted: 'Interrupted',
  stopped: 'Stopped',
  finished: 'Finished',
  failed: 'Failed',
} as const satisfies Record<RunStatus, string>;

function statusText({ status, place, isStalled }: RunInfo): string {
  if (status === 'queued' && place !== null) return `Queued · ${place}`;
  return status === 'running' && isStalled ? 'Not answering' : statusTitles[status];
}

/** Of all steps asked for, 0 … 1. */
export function progressOf({ step, stepsPerEpoch, epoch, epochs }: RunInfo): number {
  const share = stepsPerEpoch ? step / (stepsPerEpoch * epochs) : epoch / epochs;
  return epochs === 0 ? 0 : Math.min(1, share);
}

export type Spread = { readonly n: number; readonly mean: number; readonly sd: number | null };

/** Of the runs that have a value; null: none has. */
export function spreadOf(column: RunColumn, runs: readonly RunInfo[]): Spread | null {
  const values = runs.map(column.value).filter((value) => typeof value === 'number');
  if (values.length === 0) return null;
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, sd: n > 1 ? Math.sqrt(squares / (n - 1)) : null };
}
