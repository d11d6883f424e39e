/** @file How the command line speaks: results on stdout, progress and errors on stderr. */
import { InklingError } from '../src-core/errors.ts';

export type Terminal = {
  /** For people; nothing with `--json`. */
  readonly say: (text?: string) => void;
  /** The result as the last line of stdout, with `--json`. */
  readonly result: (value: unknown) => void;
  /** Replaces the line of progress on a terminal; elsewhere a line of its own, at most every few seconds. */
  readonly progress: (text: string) => void;
  /** Ends the line of progress. */
  readonly endProgress: () => void;
};

/** Where there is no terminal, a line of progress this often is enough for a log. */
const PLAIN_INTERVAL_MS = 5000;

export function createTerminal(json: boolean): Terminal {
  let isOpen = false;
  let toldAt = -Infinity;
  const endProgress = (): void => {
    if (isOpen) process.stderr.write('\r\x1b[K');
    isOpen = false;
  };
  return {
    say(text = '') {
      endProgress();
      if (!json) process.stdout.write(`${text}\n`);
    },
    result(value) {
      endProgress();
      if (json) process.stdout.write(`${JSON.stringify(value, inWords)}\n`);
    },
    progress(text) {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
        isOpen = true;
      } else if (performance.now() - toldAt > PLAIN_INTERVAL_MS) {
        toldAt = performance.now();
        process.stderr.write(`${text}\n`);
      }
    },
    endProgress,
  };
}

/** `error CODE: what happened`, and on the next line what to do. What is not expected keeps its stack. */
export function errorText(error: unknown): string {
  if (error instanceof InklingError)
    return `error ${error.code}: ${error.message}\n${error.hint}\n`;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error internal: This is a defect in Inkling.\nPlease report it with these lines:\n${text}\n`;
}

const percentFormat = new Intl.NumberFormat('en', {
  style: 'percent',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return '–';
  return percentFormat.format(share).replace('%', ' %');
}

export function count(n: number): string {
  return n.toLocaleString('en').replaceAll(',', ' ');
}

/** Rows as columns: the first to the left, the rest to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}

/** JSON has no NaN and no infinity, and would turn both into nothing. */
function inWords(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
