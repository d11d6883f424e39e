/**
 * @file What all benchmarks share: how figures are judged and written, and child processes whose last line of output
 * is their result.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { z } from 'zod';
import { count } from '../src-main/terminal.ts';

/** One figure. `holds` is null where there is no bar to hold. */
export type Row = {
  readonly what: string;
  readonly figure: string;
  readonly bar: string;
  readonly holds: boolean | null;
};

/** A benchmark gives rows, and notes for what it had to leave out. */
export type Findings = { readonly rows: readonly Row[]; readonly notes: readonly string[] };

/** How numbers of one kind are written. */
type Format = (value: number) => string;

export const times: Format = (value) => `${value.toPrecision(3)} ×`;
export const seconds: Format = (value) => `${value.toFixed(2)} s`;
export const milliseconds: Format = (value) => `${value.toFixed(0)} ms`;
export const megabytes: Format = (value) => `${Math.round(value)} MB`;
export const percents: Format = (value) => `${(100 * value).toFixed(2)} %`;
export const tiny: Format = (value) => (value === 0 ? '0' : value.toExponential(1));
/** Three digits are more than two runs have in common. */
export const rate: Format = (value) => count(Number(value.toPrecision(3)));

/** The median with the smallest and the largest. */
export function spread(values: readonly number[], format: Format): string {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return `${format(median(values))} (${format(min)} – ${format(max)})`;
}

/** A figure without a bar. */
export function plain(what: string, figure: string): Row {
  return { what, figure, bar: '', holds: null };
}

/** The median has to reach the bar. */
export function atLeast(what: string, values: readonly number[], bar: number, f: Format): Row {
  return { what, figure: shown(values, f), bar: `≥ ${f(bar)}`, holds: median(values) >= bar };
}

/** The median must not pass the bar. */
export function atMost(what: string, values: readonly number[], bar: number, f: Format): Row {
  return { what, figure: shown(values, f), bar: `≤ ${f(bar)}`, holds: median(values) <= bar };
}

function shown(values: readonly number[], format: Format): string {
  return values.length > 1 ? spread(values, format) : format(median(values));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** The value that a share of all stays at or under (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The median of single calls, in seconds; the first `warmUp` of them are not counted. */
export async function medianSeconds(
  warmUp: number,
  steps: number,
  step: (number: number) => Promise<unknown>,
): Promise<number> {
  const taken: number[] = [];
  for (let i = 1; i <= warmUp + steps; i++) {
    const before = performance.now();
    await step(i);
    taken.push((performance.now() - before) / 1000);
  }
  return median(taken.slice(warmUp));
}

const run = promisify(execFile);

/** Progress of a long command, kept in memory until it ends. */
const outputBytesMax = 64 * 1024 * 1024;

/** Runs a program to its end and parses the last line it printed. @throws what it wrote to stderr when it fails */
export async function lastLine<S extends z.ZodType>(
  schema: S,
  program: string,
  words: readonly string[],
): Promise<z.output<S>> {
  const { stdout } = await run(program, words, { maxBuffer: outputBytesMax });
  return schema.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1)!));
}
