/** @file What charts show, in full, as CSV: one row for each point of each line. */
import type { ChartLine } from './chartLine.ts';

export type CsvChart = { readonly metric: string; readonly lines: readonly ChartLine[] };

/**
 * Columns: `measured` is the value before smoothing; `low` and `high` the ends of the band, `n` the runs in the mean.
 * What does not apply is empty; NaN and infinity are written as such.
 */
export function chartCsv(charts: readonly CsvChart[], xName: string): string {
  const rows = [`metric,part,line,${xName},value,measured,low,high,n`];
  for (const { metric, lines } of charts) for (const line of lines) rowsOf(metric, line, rows);
  return `${rows.join('\r\n')}\r\n`;
}

function rowsOf(
  metric: string,
  { part, label, curve, raw, mean }: ChartLine,
  rows: string[],
): void {
  const head = `${metric},${part},${quoted(label)}`;
  for (let i = 0; i < curve.x.length; i++) {
    const band = mean ? `${bandEnd(mean.low[i]!)},${bandEnd(mean.high[i]!)},${mean.n[i]}` : ',,1';
    const measured = mean ? '' : number((raw ?? curve).y[i]!);
    rows.push(`${head},${number(curve.x[i]!)},${number(curve.y[i]!)},${measured},${band}`);
  }
}

/** Nine digits say a float32 exactly. */
const number = (value: number): string =>
  Number.isFinite(value) ? String(Number(value.toPrecision(9))) : String(value);

/** Without a band there is no end of it. */
const bandEnd = (value: number): string => (Number.isNaN(value) ? '' : number(value));

/** Spreadsheets take a text that begins like a formula for one. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
