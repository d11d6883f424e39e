/** @file How long a comparison takes: the runs of the app's own queue, one after the other, from the start to the last one's end. */
import { join } from 'node:path';
import { createApp, type App } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { mnistFolder, mnistMissing } from './data.ts';
import { atMost, percents, plain, seconds } from './measure.ts';

const activations = ['relu', 'leaky-relu', 'prelu', 'swish'];
const seeds = [1, 2, 3];
const epochs = 5;
const secondsBar = 240;
const target = 0.97;

export const lab: Benchmark = {
  about: `A comparison on MNIST: ${activations.length} activations × ${seeds.length} seeds of mlp-128-64, ${epochs} epochs each, one run at a time.`,
  async run({ folder }) {
    if (!mnistFolder) return { rows: [], notes: [mnistMissing] };
    const app = createApp(join(folder, 'lab'), nodePorts());
    try {
      await app.importPath(mnistFolder, { dataset: 'mnist' });
      return { rows: await compared(app), notes: [] };
    } finally {
      await app.close();
    }
  },
};

async function compared(app: App) {
  const before = performance.now();
  const request = { dataset: 'mnist', preset: 'mlp-128-64', activations, seeds, epochs };
  const runs = app.startComparison(request);
  const ended = await Promise.all(runs.map(({ id }) => app.supervisor.ended(id)));
  const taken = (performance.now() - before) / 1000;
  const failed = ended.filter(({ run }) => run.state.status !== 'finished');
  if (failed.length > 0) throw new Error(`${failed.length} of the runs did not finish`);
  const { groups } = await app.comparison(
    runs.map(({ id }) => id),
    target,
  );
  return [
    atMost(`${runs.length} runs, preparing the data included`, [taken], secondsBar, seconds),
    ...groups.map(({ title, testAccuracy }) =>
      plain(`${title}: test accuracy, mean`, percents(testAccuracy?.mean ?? NaN)),
    ),
  ];
}
