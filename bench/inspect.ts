/** @file How long one waits for what is seen of a trained network: a matrix, an answer to a drawing, a map. */
import { join } from 'node:path';
import { createApp, type App } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { mnistFolder } from './data.ts';
import { atMost, plain, seconds, type Row } from './measure.ts';

const rounds = 3;
/** Bars in seconds for the matrix of all test images. */
const matrixBars = { 'mlp-128-64': 2, 'cnn-32-64': 10 } as const;
const predictBarMs = 50;
const mapBar = 20;
const mapImages = 5000;
/** As often as a page asks while someone draws, for ten seconds. */
const drawings = 200;
const drawingEveryMs = 50;

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
/** MNIST has 10 000 test images; a tenth of generated digits is for testing. */
const dataset = mnistFolder ? 'mnist' : 'digits';
const generated = 100_000;

export const inspecting: Benchmark = {
  about: `Waiting for what is seen of a trained network, its process running: matrices are the median of ${rounds}, answers the 95th percentile of ${drawings} drawings, one every ${drawingEveryMs} ms.`,
  async run(bench) {
    const app = createApp(join(bench.folder, 'inspected'), nodePorts());
    try {
      await fill(app);
      const rows: Row[] = [];
      for (const preset of ['mlp-128-64', 'cnn-32-64'] as const) {
        const { id } = app.start({ dataset, preset, epochs: 1, limit: 6000 });
        await app.supervisor.ended(id);
        rows.push(...(await matrix(app, preset, id)), await answers(app, preset, id));
        // The last hidden layer of this one has 64 units.
        if (preset === 'mlp-128-64') rows.push(await map(app, id));
      }
      return { rows, notes: [] };
    } finally {
      await app.close();
    }
  },
};

async function fill(app: App): Promise<void> {
  if (mnistFolder) await app.importPath(mnistFolder, { dataset });
  else await app.sampleDigits({ dataset, count: generated, seed: 1 });
}

async function matrix(app: App, preset: keyof typeof matrixBars, run: string): Promise<Row[]> {
  const judge = () =>
    app.inspecting.inspect.evaluate({
      model: { kind: 'run', run, epoch: null },
      on: { kind: 'snapshot', part: 'test' },
    });
  const [first, taken]: [number, number[]] = [await secondsOf(judge), []];
  for (let round = 0; round < rounds; round++) taken.push(await secondsOf(judge));
  const { samples } = await judge();
  const what = `${preset}: matrix of ${samples} test images`;
  return [
    plain(`${what}, the first, which opens the network`, seconds(first)),
    atMost(what, taken, matrixBars[preset], seconds),
  ];
}

async function answers(app: App, preset: string, run: string): Promise<Row> {
  const model = { kind: 'run', run, epoch: null } as const;
  const taken: number[] = [];
  for (let i = 0; i < drawings; i++) {
    const pixels = Buffer.alloc(28 * 28, i).toString('base64');
    const began = performance.now();
    const [answer] = await app.inspecting.models.predict([{ model, pixels }]);
    if (answer?.kind !== 'answer') throw new Error('the model did not answer');
    taken.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, drawingEveryMs));
  }
  const p95 = taken.toSorted((a, b) => a - b)[Math.floor(0.95 * drawings)]!;
  return atMost(`${preset}: answer to a drawing, p95`, [p95], predictBarMs, milliseconds);
}

async function map(app: App, run: string): Promise<Row> {
  const taken = await secondsOf(() =>
    app.inspecting.inspect.embedding({
      run,
      epoch: null,
      part: 'test',
      count: mapImages,
      method: 'umap',
      seed: 1,
    }),
  );
  return atMost(`UMAP of ${mapImages} images by 64 units`, [taken], mapBar, seconds);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
