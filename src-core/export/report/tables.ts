/** @file The tables of a report: rows of cells, which become CSV (RFC 4180) and are read back from it. */
import type { EvaluationData, ReportData } from './reportData.ts';

export type Table = readonly (readonly (string | number | null)[])[];

/** By the ending of their files. */
export function tablesOf(data: ReportData): Readonly<Record<string, Table>> {
  // Of the part that training never saw, where there is one.
  const judged = data.evaluations.at(-1);
  return {
    epochs: epochTable(data),
    ...(judged && {
      confusion: confusionTable(judged, data.classes),
      classes: classTable(judged, data.classes),
    }),
  };
}

function epochTable({ epochs }: ReportData): Table {
  const layers = epochs[0]?.layers.map(({ layer }) => layer) ?? [];
  const header = [
    ...['epoch', 'step', 'seconds', 'learning_rate', 'train_loss', 'train_accuracy'],
    ...['validation_loss', 'validation_accuracy', 'samples_per_second'],
    ...layers.flatMap((layer) => healthColumns.map((column) => `${layer}_${column}`)),
  ];
  const rows = epochs.map((each) => [
    ...[each.epoch, each.step, each.seconds, each.learningRate],
    ...[each.train.loss, each.train.accuracy],
    ...[each.validation?.loss ?? null, each.validation?.accuracy ?? null, each.samplesPerSecond],
    ...each.layers.flatMap((layer) => healthColumns.map((column) => layer[column])),
  ]);
  return [header, ...rows];
}

const healthColumns = [
  'gradientNorm',
  'deadShare',
  'saturatedShare',
  'activationMean',
  'activationSd',
] as const;

function confusionTable({ confusion }: EvaluationData, classes: readonly string[]): Table {
  return [['label \\ answer', ...classes], ...confusion.map((row, k) => [classes[k]!, ...row])];
}

function classTable({ perClass }: EvaluationData, classes: readonly string[]): Table {
  const header = ['class', 'images', 'answers', 'precision', 'recall', 'f1'];
  return [
    header,
    ...perClass.map(({ support, predicted, precision, recall, f1 }, k) => [
      ...[classes[k]!, support, predicted, precision, recall, f1],
    ]),
  ];
}

/** Cells as text: nothing for what is not there. */
export function cellsOf(table: Table): string[][] {
  return table.map((row) => row.map((cell) => (cell === null ? '' : inert(cell))));
}

/** A name that a spreadsheet would take for a formula gets an apostrophe; numbers stay as they are. */
function inert(cell: string | number): string {
  const isFormula = typeof cell === 'string' && /^[=+@\t\r]|^-(?!Infinity$)/.test(cell);
  return isFormula ? `'${cell}` : String(cell);
}

export function toCsv(table: Table): string {
  const line = (cells: readonly string[]) => cells.map(quoted).join(',');
  return `${cellsOf(table).map(line).join('\r\n')}\r\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$|^$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
