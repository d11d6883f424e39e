/** @file An inspection as text for a terminal. */
import type { App } from '../src-core/app.ts';
import { count, percent, table } from './terminal.ts';

type Inspection = Awaited<ReturnType<App['inspect']>>;

/** More classes than this do not fit a terminal as a matrix. */
const MATRIX_CLASSES_MAX = 20;
const SHOWN_MISTAKES = 8;

export function inspectionText(report: Inspection): string {
  const { run, split, samples, accuracy, calibration } = report;
  const heading = `${run} on ${split}: ${percent(accuracy)} of ${count(samples)}, calibration error ${percent(calibration.error)}`;
  const parts = [heading, ...matrix(report), figures(report), ...mistakes(report)];
  return parts.join('\n\n');
}

function matrix({ classes, confusion }: Inspection): string[] {
  if (classes.length > MATRIX_CLASSES_MAX) return [];
  const header = ['label \\ said', ...classes];
  const rows = confusion.map((row, k) => [
    classes[k]!,
    ...row.map((n) => (n === 0 ? '·' : count(n))),
  ]);
  return [table(header, rows)];
}

function figures({ classes, perClass }: Inspection): string {
  const rows = perClass.map(({ support, precision, recall, f1 }, k) => [
    classes[k]!,
    count(support),
    percent(precision),
    percent(recall),
    percent(f1),
  ]);
  return table(['class', 'images', 'precision', 'recall', 'F1'], rows);
}

function mistakes({ mistakes: all }: Inspection): string[] {
  if (all.length === 0) return [];
  const rows = all
    .slice(0, SHOWN_MISTAKES)
    .map(({ image, label, predicted, confidence }) => [
      image,
      label,
      predicted,
      percent(confidence),
    ]);
  return [table(['most confident mistakes', 'label', 'said', 'confidence'], rows)];
}
