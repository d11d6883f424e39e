/**
 * @file How the figures of a comparison came about, in sentences for a paper. What is not the same for all runs is
 * said to differ; nothing is said that the stored runs do not say.
 */
import { optimizers } from '../model/choices.ts';
import { resolveNetwork } from '../model/layers.ts';
import { networkActivation, networkActivationTitle, networkTitle } from '../model/networkWords.ts';
import type { Run } from '../workspace/runs.ts';

/** What the runs themselves do not hold. */
export type MethodFacts = {
  /** Null: removed since. */
  readonly dataset: string | null;
  readonly images: { readonly train: number; readonly validation: number; readonly test: number };
};

/** @param factsOf of a run's snapshot. */
export function methods(runs: readonly Run[], factsOf: (run: Run) => MethodFacts): string {
  if (runs.length === 0) return 'No finished run is compared.';
  return [countSentence(runs), networkSentence(runs), dataSentence(runs, factsOf), figures].join(
    ' ',
  );
}

/** What the table's figures are, whatever the runs. */
const figures =
  'Figures are means and sample standard deviations over runs; differences are paired by seed, with 95 % intervals by Student’s t.';

function countSentence(runs: readonly Run[]): string {
  const groups = Map.groupBy(runs, ({ spec }) => networkActivation(spec));
  const seedsOf = (group: readonly Run[]): string =>
    group
      .map(({ options }) => options.seed)
      .sort((a, b) => a - b)
      .join(', ');
  const seeds = shared([...groups.values()].map(seedsOf));
  const titles = [...groups].map(([label, group]) => {
    const own =
      seeds === null ? ` (${group.length === 1 ? 'seed' : 'seeds'} ${seedsOf(group)})` : '';
    return `${networkActivationTitle(label)}${own}`;
  });
  const perGroup =
    seeds === null ? '' : `, each with ${words(seeds.split(', ').length, 'seed')} (${seeds})`;
  const all = `${words(groups.size, 'activation')} ${groups.size === 1 ? 'was' : 'were'} trained`;
  return `${words(runs.length, 'run')}: ${all}, ${list(titles)}${perGroup}.`;
}

function networkSentence(runs: readonly Run[]): string {
  const name = shared(runs.map(({ preset, spec }) => networkTitle(preset, spec)));
  const counts = runs.map(({ spec }) => resolveNetwork(spec).parameterCount);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const size = least === most ? grouped(least) : `${grouped(least)} to ${grouped(most)}`;
  const network = `${name ?? 'Networks that differ'} (${size} parameters)`;
  return `${network}, ${training(runs)}, ${place(runs)}.`;
}

function training(runs: readonly Run[]): string {
  const epochs = shared(
    runs.map(({ options: { epochs, earlyStopping } }) =>
      earlyStopping === null
        ? words(epochs, 'epoch')
        : `at most ${words(epochs, 'epoch')} with early stopping`,
    ),
  );
  const rule = shared(
    runs.map(({ options: { optimizer, learningRate, schedule, batchSize } }) => {
      const rate = `learning rate ${learningRate}${schedule.kind === 'constant' ? '' : `, schedule ${schedule.kind}`}`;
      const batch =
        optimizer.kind === 'gradient-descent' ? 'all images a step' : `batches of ${batchSize}`;
      return `${optimizers[optimizer.kind].title}, ${rate}, ${batch}`;
    }),
  );
  return `${epochs ?? 'numbers of epochs that differ'}, ${rule ?? 'options that differ'}`;
}

function place(runs: readonly Run[]): string {
  const engine = shared(
    runs.map(({ engine, device, options, versions }) => {
      const version = versions[engineVersions[engine] ?? ''];
      const name = version === undefined ? engine : `${engine} ${version}`;
      return `engine ${name} on ${device} with ${words(options.threads, 'thread')}`;
    }),
  );
  return engine ?? 'on engines, devices or threads that differ';
}

/** Which of a run's versions is that of its engine. */
const engineVersions: Readonly<Record<string, string>> = { onnx: 'onnxruntime', tfjs: 'tfjs' };

function dataSentence(runs: readonly Run[], factsOf: (run: Run) => MethodFacts): string {
  const data = shared(
    runs.map((run) => {
      const { dataset, images } = factsOf(run);
      const from = dataset === null ? '' : ` of ${dataset}`;
      const { train, validation, test } = images;
      return `${grouped(train)} training, ${grouped(validation)} validation and ${grouped(test)} test images${from}, snapshot ${run.snapshot.slice(0, 12)}`;
    }),
  );
  const looked = 'the test images were looked at once, after training';
  return `${data ?? 'The images differ between runs'}; ${looked}.`;
}

/** The one value of all, or null where they differ. */
function shared(values: readonly string[]): string | null {
  const [first, ...others] = new Set(values);
  return first === undefined || others.length > 0 ? null : first;
}

const words = (count: number, noun: string): string =>
  `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
const grouped = (value: number): string => value.toLocaleString('en-US');

function list(names: readonly string[]): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
