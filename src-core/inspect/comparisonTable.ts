/** @file A comparison as text for a terminal: one line per activation in aligned columns, then the sentences. */
import { activationTitle } from '../model/activations.ts';
import type { ComparedGroup, Comparison } from './comparison.ts';
import type { Summary } from './statistics.ts';

/** Lines without trailing spaces, joined by newlines. */
export function comparisonTable({ groups, pairs, caution }: Comparison): string {
  const target = groups[0]?.reaching.accuracy ?? 0;
  const columns = columnsFor(target);
  const header = columns.map(([heading]) => heading);
  const rows = groups.map((group) => columns.map(([, cell]) => cell(group)));
  const sentences = [...pairs.map(({ text }) => text), ...(caution === null ? [] : ['', caution])];
  return [...aligned([header, ...rows]), ...(sentences.length ? ['', ...sentences] : [])].join(
    '\n',
  );
}

type Column = readonly [heading: string, cell: (group: ComparedGroup) => string];

function columnsFor(target: number): readonly Column[] {
  return [
    ['activation', ({ activation }) => activationTitle(activation)],
    ['runs', ({ n }) => String(n)],
    ['test accuracy', ({ testAccuracy }) => spread(testAccuracy, percent)],
    ['best', ({ testAccuracy }) => shown(testAccuracy?.max, percent)],
    ['worst', ({ testAccuracy }) => shown(testAccuracy?.min, percent)],
    ['validation', ({ validationAccuracy }) => spread(validationAccuracy, percent)],
    [`epochs to ${plainPercent(target)}`, arrival],
    ['seconds', ({ seconds }) => shown(seconds?.mean, oneDecimal)],
  ];
}

/** "3.2 (4 of 5)": the mean of the runs that got there, and how many did where not all. */
function arrival({ n, reaching }: ComparedGroup): string {
  const { reached, epochs } = reaching;
  const share = reached === n ? '' : ` (${reached} of ${n})`;
  return `${shown(epochs?.mean, oneDecimal)}${share}`;
}

function spread(values: Summary | null, format: (value: number) => string): string {
  if (values === null) return absent;
  return values.sd === null ? format(values.mean) : `${format(values.mean)} ± ${format(values.sd)}`;
}

const absent = '–';

function shown(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? absent : format(value);
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
const oneDecimal = (value: number): string => value.toFixed(1);
/** 97 %, not 97.00 %: a chosen round figure. */
const plainPercent = (value: number): string => `${Number((100 * value).toFixed(2))} %`;

/** Every cell as wide as its column; the first column to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}
