/** @file Inspecting a trained run over real processes, and what happens when they end or are asked for what is not there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodePorts } from '../../src-main/nodeHost.ts';
import { pictureReply } from '../../src-main/respond.ts';
import { createApp, type App } from '../app.ts';
import {
  inspectPaths,
  readTensors,
  type EvaluationInfo,
  type ModelRef,
} from '../contract/inspecting.ts';
import type { InspectorProcess } from '../inspect/client.ts';
import { RunResult } from '../training/metrics.ts';

const folder = mkdtempSync(join(tmpdir(), 'inkling-inspect-'));
/** Called when a map has just been asked for. */
let onEmbed: (started: InspectorProcess) => void = () => {};
let app: App;
let run: string;
let model: ModelRef;
let dataset: number;
/** All images of the dataset. */
let all: EvaluationInfo;

beforeAll(async () => {
  const ports = nodePorts();
  app = createApp(folder, {
    ...ports,
    startInspector() {
      const started = ports.startInspector();
      const send: typeof started.send = (message) => {
        started.send(message);
        // Long before it can be done.
        if (message.kind === 'call' && message.name === 'embed')
          setImmediate(() => onEmbed(started));
      };
      return { ...started, send };
    },
  });
  await app.sampleDigits({ dataset: 'digits', count: 500, seed: 1 });
  const { id } = app.start({ dataset: 'digits', preset: 'mlp-16-16', epochs: 4, threads: 1 });
  await app.supervisor.ended(id);
  run = id;
  model = { kind: 'run', run: id, epoch: null };
  dataset = (await app.datasets.list())[0]!.id;
  all = await inspect().evaluate({ model, on: { kind: 'dataset', dataset, part: null } });
}, 60_000);
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const inspect = () => app.inspecting.inspect;
const models = () => app.inspecting.models;
const at = () => ({ run, epoch: null });
const anImage = (): { kind: 'image'; image: number } => {
  const ids = app.workspace.images.idsByName(app.workspace.datasets.get('digits').id);
  return { kind: 'image', image: ids[0]! };
};
const pixels = Buffer.alloc(784, 90).toString('base64');
const tensorsOf = async (name: string) => {
  const reply = await pictureReply(app, new URL(inspectPaths.tensors(name), 'http://localhost'));
  expect(reply?.status).toBe(200);
  const bytes = Buffer.from(reply!.body);
  return readTensors(new Uint8Array(bytes).buffer);
};

describe('an evaluation', () => {
  test('of the test part has the accuracy and loss that the run was tested with', async () => {
    const found = await inspect().evaluate({ model, on: { kind: 'snapshot', part: 'test' } });
    const { state } = app.workspace.runs.get(app.run(run).id);
    const result = RunResult.parse(state.status === 'finished' ? state.result : null);
    expect(found).toMatchObject({ accuracy: result.test!.accuracy, loss: result.test!.loss });
    expect(found).toMatchObject({ samples: 50, unjudged: 0, dataset, epoch: 4 });
    const stored = app.workspace.predictions.get(app.run(run).id, 'test')!;
    expect(found.mistakeCount).toBe(50 - Math.round(result.test!.accuracy * 50));
    expect(stored).toHaveLength(500);
  });

  test('knows the image of each sample: a mistake is one when it is shown alone', async () => {
    const asked = { evaluation: all.evaluation, start: 0, count: 5 };
    const mistakes = inspect().mistakes(asked);
    expect(mistakes.map(({ confidence }) => confidence)).toEqual(
      mistakes.map(({ confidence }) => Number(confidence)).sort((a, b) => b - a),
    );
    for (const { image, predicted, label, confidence } of mistakes) {
      const shown = { kind: 'image', image: image! } as const;
      const alone = await inspect().activations({ ...at(), shown });
      expect(alone.predicted).toBe(predicted);
      expect(alone.probabilities[predicted]).toBeCloseTo(Number(confidence), 5);
      const info = await app.pictures.images.info({ image: image! });
      const classes = app.workspace.classes.of(app.workspace.datasets.get('digits').id);
      expect(classes.find(({ id }) => id === info.class)!.position).toBe(label);
    }
  });

  test('of a cell, a row or all mistakes is a view of its images', async () => {
    const { evaluation, confusion, mistakeCount } = all;
    const cell = (label: number | null, predicted: number | null, onlyWrong = false) =>
      inspect().cell({ evaluation, label, predicted, onlyWrong });
    for (const [label, row] of confusion.entries()) {
      expect(cell(label, null).count).toBe(row.reduce((a, b) => a + b, 0));
      row.forEach((count, predicted) => expect(cell(label, predicted).count).toBe(count));
    }
    const wrong = cell(null, null, true);
    expect(wrong.count).toBe(mistakeCount);
    const page = await app.pictures.pageOf(wrong.view, 0, 4, 16);
    expect(page.readUInt32LE(0)).toBe(Math.min(4, mistakeCount));
  });

  test('filters and sorts the grid', async () => {
    const open = (filter: object, by: 'added' | 'confidence' | 'labelProbability' = 'added') =>
      app.pictures.images.open({
        dataset,
        filter: { evaluation: all.evaluation, ...filter },
        sort: { by, descending: false },
      });
    const wrong = await open({ wrong: true });
    expect(wrong.count).toBe(all.mistakeCount);
    expect((await open({ wrong: false })).count).toBe(500 - all.mistakeCount);
    expect(wrong.facets.predictions!.wrong).toBe(all.mistakeCount);
    const first = wrong.facets.predictions!.predicted.find(({ count }) => count > 0)!;
    expect((await open({ wrong: true, predicted: [first.id] })).count).toBe(first.count);
    expect((await open({ confidence: { min: 0, max: 1 } })).count).toBe(500);
    const sure = await open({ wrong: true, confidence: { min: 0.5, max: 1 } });
    const surest = inspect().mistakes({ evaluation: all.evaluation, start: 0, count: 500 });
    expect(sure.count).toBe(surest.filter(({ confidence }) => Number(confidence) >= 0.5).length);
    const suspicious = await open({}, 'labelProbability');
    const { ids } = await app.pictures.images.range({ view: suspicious.view, from: 0, to: 0 });
    const worst = surest.toSorted(
      (a, b) => Number(a.labelProbability) - Number(b.labelProbability),
    );
    expect(ids).toEqual([worst[0]!.image]);
  });

  test('without its name, or of another dataset, is refused', async () => {
    const sort = { by: 'added', descending: false } as const;
    const open = (filter: object, of = dataset) =>
      app.pictures.images.open({ dataset: of, filter, sort });
    await expect(open({ wrong: true })).rejects.toMatchObject({ code: 'call-invalid' });
    await expect(open({ evaluation: 'e-1' })).rejects.toMatchObject({ code: 'evaluation-gone' });
    const other = app.datasets.create('other', ['0', '1']).id;
    await expect(open({ evaluation: all.evaluation }, other)).rejects.toMatchObject({
      code: 'call-invalid',
    });
    const empty = inspect().evaluate({
      model,
      on: { kind: 'dataset', dataset: other, part: null },
    });
    await expect(empty).rejects.toMatchObject({ code: 'dataset-part-empty' });
  });

  test('of two epochs tells where they disagree', async () => {
    const before = await inspect().evaluate({
      model: { kind: 'run', run, epoch: 1 },
      on: { kind: 'dataset', dataset, part: null },
    });
    const found = inspect().disagreement({ a: all.evaluation, b: before.evaluation });
    expect(found.samples).toBe(500);
    const right = (info: EvaluationInfo) => info.samples - info.mistakeCount;
    expect(found.bothRight + found.onlyA.count).toBe(right(all));
    expect(found.bothRight + found.onlyB.count).toBe(right(before));
    expect(found.perClass.map(({ a }) => a)).toEqual(all.perClass.map(({ recall }) => recall));
  });
});

describe('looking inside', () => {
  test('fetches what a call named beside the bridge', async () => {
    const { layers } = inspect().network(at());
    const names = layers.flatMap(({ parameters }) => parameters.map(({ name }) => name));
    const weights = await tensorsOf((await inspect().weights({ ...at(), names })).tensors);
    for (const { parameters } of layers)
      for (const { name, shape } of parameters) expect(weights.get(name)!.shape).toEqual(shape);
    const seen = await tensorsOf(
      (await inspect().activations({ ...at(), shown: anImage() })).tensors,
    );
    expect(seen.get('dense2/output')!.shape).toEqual([16]);
    const gone = await pictureReply(app, new URL('/tensors?name=t-9', 'http://localhost'));
    expect(gone!.status).toBe(404);
  });

  test('goes through the epochs, from before the first step', async () => {
    const epochs = inspect().checkpoints({ run });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
    expect(epochs.filter(({ isKept }) => isKept).map(({ epoch }) => epoch)).toEqual([4]);
    const answers = await Promise.all(
      epochs.map(({ epoch }) => inspect().activations({ run, epoch, shown: anImage() })),
    );
    expect(new Set(answers.map(({ probabilities }) => String(probabilities))).size).toBe(5);
    const { series } = await inspect().histograms({ run, of: 'weights' });
    const kernel = series.find(({ name }) => name === 'dense1/kernel')!;
    expect(kernel.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
    for (const { counts } of kernel.epochs)
      expect(counts.reduce((a, b) => a + b, 0)).toBe(784 * 16);
  });

  test('has only checkpoints to go by where the workspace says so', async () => {
    app.workspace.settings.set('training.keepEpochs', false);
    const { id } = app.start({ dataset: 'digits', preset: 'softmax', epochs: 3, threads: 1 });
    await app.supervisor.ended(id);
    app.workspace.settings.remove('training.keepEpochs');
    const epochs = inspect().checkpoints({ run: id });
    expect(epochs.map(({ epoch }) => epoch)).not.toContain(1);
    expect(epochs.at(-1)).toMatchObject({ epoch: 3, isKept: true });
    expect(epochs.at(-1)!.bytes).toBeGreaterThan(784 * 10 * 4);
  });

  test('takes the optimizer where it left off, and says so where it cannot', async () => {
    const asked = { run, shown: anImage(), label: 3 };
    const kept = await inspect().gradients({ ...asked, epoch: null });
    const first = await inspect().gradients({ ...asked, epoch: 1 });
    expect([kept.isFresh, first.isFresh]).toEqual([false, true]);
    expect(kept.norms.every(({ nudge }) => Number(nudge) > 0)).toBe(true);
  });

  test.each(['pca', 'umap'] as const)('maps images by %s, the same twice', async (method) => {
    const asked = { ...at(), part: 'train', count: 60, method, seed: 2 } as const;
    const [one, two] = [await inspect().embedding(asked), await inspect().embedding(asked)];
    const points = (await tensorsOf(one.tensors)).get('points')!;
    expect(points.shape).toEqual([60, 2]);
    expect(points.data.every(Number.isFinite)).toBe(true);
    expect((await tensorsOf(two.tensors)).get('points')!.data).toEqual(points.data);
    expect(one.images.every((image) => image > 0)).toBe(true);
    const picked = inspect().pick({ dataset, images: one.images.slice(0, 50) });
    expect(picked.count).toBe(50);
  });

  test.each([
    ['epoch-missing', () => inspect().activations({ run, epoch: 9, shown: anImage() })],
    [
      'image-gone',
      () => inspect().activations({ ...at(), shown: { kind: 'image', image: 99_999 } }),
    ],
    [
      'pixels-unfit',
      () => inspect().activations({ ...at(), shown: { kind: 'pixels', pixels: 'AAAA' } }),
    ],
    ['run-unknown', async () => inspect().network({ run: 'r99', epoch: null })],
    [
      'network-place',
      () => inspect().exciting({ ...at(), layer: 'dense1', unit: 16, part: 'train' }),
    ],
    ['network-place', () => inspect().weights({ ...at(), names: ['dense7/kernel'] })],
  ] as const)('refuses with %s', async (code, work) => {
    await expect(work()).rejects.toMatchObject({ code });
  });
});

describe('models', () => {
  test('answer side by side, a run and its own export alike; one that cannot says why', async () => {
    const { files } = await app.export(app.run(run), {
      format: 'onnx',
      folder: join(folder, 'out'),
      overwrite: false,
    });
    const path = files.find((file) => file.endsWith('.onnx'))!;
    const opened = await models().open(path);
    expect(models().list().at(-1)).toEqual(opened);
    const closed = { kind: 'file', file: 'm-0' } as const;
    const [ours, theirs, unfit, gone] = await models().predict([
      { model, pixels },
      { model: opened.model, pixels },
      { model, pixels: 'AAAA' },
      { model: closed, pixels },
    ]);
    if (ours?.kind !== 'answer' || theirs?.kind !== 'answer') throw new Error('no answer');
    ours.probabilities.forEach((value, k) =>
      expect(Number(theirs.probabilities[k])).toBeCloseTo(Number(value), 6),
    );
    expect(unfit).toMatchObject({ kind: 'failed', problem: { code: 'pixels-unfit' } });
    expect(gone).toMatchObject({ kind: 'failed', problem: { code: 'model-closed' } });
    const judged = await inspect().evaluate({
      model: opened.model,
      on: { kind: 'dataset', dataset, part: null },
    });
    expect(judged.confusion).toEqual(all.confusion);
    expect(judged.loss).toBeNull();
  });

  test('that are no models are refused in the other process', async () => {
    const path = join(folder, 'bad.onnx');
    writeFileSync(path, 'hello');
    await expect(models().open(path)).rejects.toMatchObject({ code: 'model-unreadable' });
    await expect(models().open(join(folder, 'none.onnx'))).rejects.toMatchObject({
      code: 'path-missing',
    });
  });

  test('are there again after their process was killed', async () => {
    const asked = { ...at(), part: 'train', count: 400, method: 'umap', seed: 1 } as const;
    onEmbed = (started) => started.kill();
    const outcome = await outcomeOf(inspect().embedding(asked));
    onEmbed = () => {};
    expect(outcome).toMatchObject({ code: 'inspector-ended' });
    const { images } = await inspect().embedding({ ...asked, method: 'pca' });
    expect(images).toHaveLength(400);
  });

  test('stop what is canceled', async () => {
    const asked = { ...at(), part: 'train', count: 400, method: 'umap', seed: 3 } as const;
    onEmbed = () => {
      for (const { id } of app.jobs.list()) app.jobs.cancel(id);
    };
    const outcome = await outcomeOf(inspect().embedding(asked));
    onEmbed = () => {};
    expect(outcome).toMatchObject({ code: 'canceled' });
    expect(app.jobs.list().filter(({ kind }) => kind === 'embedding')).toEqual([]);
  });
});

/** What was thrown is an outcome like any other, so that nothing is unhandled meanwhile. */
const outcomeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.catch((error: unknown) => error);

test('a drawing becomes an image of the dataset, once; what is no picture does not', async () => {
  const picture = (await app.pictures.imagePng(anImage().image)).toString('base64');
  const { classes } = app.datasets.get(dataset);
  const added = { dataset, class: classes[3]!.id, name: 'drawing 1.png', picture };
  const first = await app.pictures.images.add(added);
  const again = await app.pictures.images.add(added);
  expect([first.isNew, again.isNew, again.image]).toEqual([true, false, first.image]);
  const info = await app.pictures.images.info({ image: first.image });
  expect(info).toMatchObject({ name: 'drawing 1.png', class: classes[3]!.id });
  expect(app.datasets.get(dataset).images).toBe(501);
  const broken = { ...added, picture: Buffer.from('hello').toString('base64') };
  await expect(app.pictures.images.add(broken)).rejects.toMatchObject({
    code: 'image-unsupported',
  });
  await expect(app.pictures.images.add({ ...added, class: 9999 })).rejects.toMatchObject({
    code: 'class-gone',
  });
  expect(app.datasets.get(dataset).images).toBe(501);
});
