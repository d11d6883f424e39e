/** @file What is compared, and how far it is, in words. */
import type { Comparison, RunInfo } from '../../src-core/contract/training.ts';
import type { DotRow } from '../figures/dotPlot.ts';
import { links } from '../state/route.svelte.ts';
import { plural } from '../ui/format.ts';

/** More names than this are counted instead. */
const namedMax = 5;

/** `ReLU, Swish × 3 seeds · Dense 128-64 · my digits`. */
export function subjectText(runs: readonly RunInfo[]): string {
  const activations = distinct(runs.map(({ activationTitle }) => activationTitle));
  const seeds = distinct(runs.map(({ seed }) => String(seed)));
  const networks = distinct(runs.map(({ network }) => network));
  const datasets = distinct(runs.map(({ dataset }) => dataset?.name ?? 'a deleted dataset'));
  const what =
    activations.length <= namedMax
      ? activations.join(', ')
      : plural(activations.length, 'activation');
  return [
    `${what} × ${plural(seeds.length, 'seed')}`,
    networks.length <= 2 ? networks.join(', ') : plural(networks.length, 'network'),
    datasets.length <= 2 ? datasets.join(', ') : plural(datasets.length, 'dataset'),
  ].join(' · ');
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

const isOpen = ({ status }: RunInfo): boolean =>
  status === 'queued' || status === 'running' || status === 'paused';

export type Progress = {
  readonly finished: number;
  readonly total: number;
  /** Null: every run has come to its end. */
  readonly text: string | null;
};

/** `4 of 12 runs have finished: 2 are training, 6 wait.` */
export function progressOf(runs: readonly RunInfo[]): Progress {
  const count = (...statuses: readonly RunInfo['status'][]): number =>
    runs.filter(({ status }) => statuses.includes(status)).length;
  const [finished, total] = [count('finished'), runs.length];
  if (!runs.some(isOpen)) return { finished, total, text: null };
  const rest = [
    [count('running'), 'training'],
    [count('queued'), 'waiting'],
    [count('paused'), 'paused'],
    [count('interrupted', 'stopped', 'failed'), 'ended early'],
  ] as const;
  const parts = rest.filter(([runsSo]) => runsSo > 0).map(([runsSo, word]) => `${runsSo} ${word}`);
  return {
    finished,
    total,
    text: `${finished} of ${plural(total, 'run')} finished; ${parts.join(', ')}.`,
  };
}

/** Why there is nothing to show. */
export type Emptiness = 'gone' | 'single' | 'waiting' | 'failed';

/** Null: there is something to compare. */
export function emptyOf(runs: readonly RunInfo[]): Emptiness | null {
  if (runs.length === 0) return 'gone';
  if (runs.length === 1) return 'single';
  if (runs.some(({ status }) => status === 'finished')) return null;
  return runs.some(isOpen) ? 'waiting' : 'failed';
}

/** The test accuracy of every run, in the order of the groups; those not measured are left out. */
export function dotRows(comparison: Comparison, runs: readonly RunInfo[]): readonly DotRow[] {
  const known = new Map(runs.map((run) => [run.run, run]));
  return comparison.groups
    .map(({ title, activation, runs: names }) => ({
      title,
      activation,
      runs: names.flatMap((name) => dotOf(known.get(name))),
    }))
    .filter((row) => row.runs.length > 0);
}

function dotOf(run: RunInfo | undefined): DotRow['runs'] {
  const accuracy = Number(run?.test?.accuracy ?? NaN);
  if (!run || !Number.isFinite(accuracy)) return [];
  return [{ run: run.run, name: run.name, seed: run.seed, accuracy, href: links.run(run.run) }];
}
