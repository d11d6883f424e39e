/** @file The whole job in about a minute, on generated digits: import, compare four activations, inspect, export. */
import { join } from 'node:path';
import type { App } from '../src-core/app.ts';
import { agreement, compare, type TrainReport } from './following.ts';
import { inspectionText } from './inspection.ts';
import type { Terminal } from './terminal.ts';

const DATASET = 'demo digits';
const DIGITS = 10_000;
const ACTIVATIONS = ['relu', 'leaky-relu', 'prelu', 'swish'];
const SEEDS = [1, 2, 3];
const EPOCHS = 3;

export async function demo(app: App, terminal: Terminal) {
  const { say } = terminal;
  say(`1. ${DIGITS} generated digits`);
  const data = await app.sampleDigits({
    dataset: DATASET,
    count: DIGITS,
    seed: 1,
    onProgress: ({ done, total }) => terminal.progress(`${done} / ${total}`),
  });
  const { train, validation, test } = data.splits;
  say(`   train ${train} · validation ${validation} · test ${test}`);

  say(`2. ${ACTIVATIONS.length} activations × ${SEEDS.length} seeds, the same weights and batches`);
  const request = {
    dataset: DATASET,
    preset: 'mlp-128-64',
    epochs: EPOCHS,
    activations: ACTIVATIONS,
    seeds: SEEDS,
    target: TARGET,
  };
  const { runs, comparison } = await compare(app, request, { ...terminal, say: () => {} });
  say(comparison.table);

  const best = runs.reduce((a, b) => (accuracy(b) > accuracy(a) ? b : a));
  say(`3. The best by validation, ${best.run}, on images it has not seen`);
  const inspection = await app.inspect(app.run(best.run), 'test');
  say(inspectionText(inspection));

  say('4. The same network as an ONNX file');
  const folder = join(app.workspace.folder, 'exports');
  const exported = await app.export(app.run(best.run), { format: 'onnx', folder, overwrite: true });
  say(exported.files.map((file) => `   ${file}`).join('\n'));
  say(`   ${agreement(exported.verified)}`);
  say();
  say(`Next: npm run inkling -- runs --workspace "${app.workspace.folder}"`);
  const { groups, pairs } = comparison;
  return { dataset: data, groups, pairs, best: best.run, inspection, exported };
}

/** Accuracy whose epochs and seconds the table counts. */
const TARGET = 0.85;

function accuracy(report: TrainReport): number {
  return report.validation?.accuracy ?? 0;
}
