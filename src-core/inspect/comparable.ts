/**
 * @file Which of the runs that are asked for can be compared, and what is to be known before believing the result:
 * a comparison is fair when runs differ in activation and seed alone.
 */
import { activations } from '../model/activations.ts';
import { resolveNetwork, type Param } from '../model/layers.ts';
import { networkActivation, networkActivationTitle } from '../model/networkWords.ts';
import type { ModelSpec, TrainOptions } from '../model/spec.ts';
import type { Run } from '../workspace/runs.ts';

export type Comparable = {
  /** Finished, one for each activation and seed, in the order asked for. */
  readonly runs: readonly Run[];
  /** Complete sentences. */
  readonly warnings: readonly string[];
};

export function comparable(asked: readonly Run[]): Comparable {
  const finished = asked.filter(({ state }) => state.status === 'finished');
  const groups = Map.groupBy(finished, sameRun);
  const runs = [...groups.values()].map(([first]) => first!);
  return { runs, warnings: [...unfinished(asked), ...repeated(groups), ...differing(runs)] };
}

const sameRun = ({ spec, options }: Run): string => `${networkActivation(spec)} ${options.seed}`;

function unfinished(asked: readonly Run[]): string[] {
  const left = asked.filter(({ state }) => state.status !== 'finished');
  if (left.length === 0) return [];
  const names = left.map(({ id, state }) => `${id} (${state.status})`);
  return [`Left out, because not finished: ${names.join(', ')}.`];
}

/** Runs of one activation and seed are the same run again, or differ otherwise: counting both feigns certainty. */
function repeated(groups: ReadonlyMap<string, readonly Run[]>): string[] {
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (!first || others.length === 0) return [];
    const title = networkActivationTitle(networkActivation(first.spec));
    const names = others.map(({ id }) => id).join(', ');
    return [
      `Left out: ${names}. ${title} with seed ${first.options.seed} is there as ${first.id} already, and counts once.`,
    ];
  });
}

type Check = {
  /** What has to be the same, as text. */
  readonly of: (run: Run) => string;
  readonly warning: string;
};

const checks: readonly Check[] = [
  {
    of: ({ snapshot }) => snapshot,
    warning: 'The runs were not all trained and tested on the same images.',
  },
  {
    of: ({ spec }) => JSON.stringify(withoutActivations(spec)),
    warning: 'The networks differ in more than the activation.',
  },
  {
    of: ({ spec }) => initializerNames(spec),
    warning:
      'Initial values are drawn by different rules, so equal seeds do not start from equal values.',
  },
  {
    of: ({ start }) => start?.parametersHash ?? '',
    warning: 'Some runs began with parameters that another run had learned, others did not.',
  },
  {
    of: ({ options }) => JSON.stringify(withoutSeedAndThreads(options)),
    warning: 'The runs were not all trained with the same options.',
  },
  {
    of: ({ engine, device, options, versions }) =>
      JSON.stringify([engine, device, options.threads, Object.entries(versions).sort()]),
    warning:
      'Engine, device, threads or versions differ between runs: times cannot be compared, and results may differ a little.',
  },
];

function differing(runs: readonly Run[]): string[] {
  const found = checks.filter(({ of }) => new Set(runs.map(of)).size > 1);
  return found.map(({ warning }) => warning);
}

function withoutActivations(spec: ModelSpec): unknown {
  return JSON.parse(
    JSON.stringify({ ...spec, initializer: null }, (key, value: unknown) =>
      key === 'activation' ? null : value,
    ),
  );
}

/** The rule of every kernel in order; `auto` comes to that of its activation. */
function initializerNames(spec: ModelSpec): string {
  const kernels = resolveNetwork(spec).params.filter(({ role }) => role === 'kernel');
  const rule = ({ activation }: Param): string =>
    spec.initializer === 'auto' ? activations[activation.name].initializer : spec.initializer;
  return kernels.map(rule).join();
}

function withoutSeedAndThreads(options: TrainOptions): unknown {
  return { ...options, seed: 0, threads: 0 };
}
