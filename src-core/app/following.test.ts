/** @file Runs that follow another one on corrected labels, by real trainer processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodePorts } from '../../src-main/nodeHost.ts';
import { createApp, type App } from '../app.ts';
import type { TrainPlan } from '../contract/training.ts';
import { RunResult } from '../training/metrics.ts';
import { parseRunId } from '../workspace/runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'inkling-following-'));
/** Of the 240 training images, how many the first run was to use at most. */
const limit = 200;
let app: App;
let dataset: number;
let first: string;

beforeAll(async () => {
  app = createApp(folder, nodePorts());
  await app.sampleDigits({ dataset: 'digits', count: 300, seed: 1 });
  dataset = app.workspace.datasets.get('digits').id;
  const plan: TrainPlan = app.training.defaults(dataset, 'mlp-16-16');
  const options = { ...plan.options, epochs: 2, threads: 1 };
  first = (await app.training.start({ ...plan, options, seeds: [3], limit })).runs[0]!;
  await ended(first);
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

async function ended(run: string): Promise<RunResult> {
  const { run: over } = await app.supervisor.ended(parseRunId(run));
  return RunResult.parse(over.result);
}

const judged = (run: string, epoch: number | null) =>
  app.inspecting.inspect.evaluate({
    model: { kind: 'run', run, epoch },
    on: { kind: 'dataset', dataset, part: 'test' },
  });

const infoOf = async (run: string) => (await app.runViews.list()).find((each) => each.run === run)!;

it('continues from what was learned, on the labels there are now', async () => {
  const mistakes = await judged(first, null);
  const { view } = app.inspecting.inspect.cell({
    ...{ evaluation: mistakes.evaluation, label: null, predicted: null, onlyWrong: false },
  });
  const { ids } = await app.pictures.images.range({ view, from: 0, to: 2 });
  const classes = app.workspace.classes.of(app.workspace.datasets.get('digits').id);
  await app.pictures.labels.set({
    dataset,
    target: { kind: 'images', ids },
    class: classes[4]!.id,
  });

  const { run } = await app.training.follow(first, 'kept');
  const before = RunResult.parse(app.workspace.runs.get(parseRunId(first)).result);
  const after = await ended(run);
  expect(after.parametersHash).not.toBe(before.parametersHash);
  expect(await infoOf(run)).toMatchObject({ follows: { run: first, isContinued: true } });
  const [old, fresh] = [app.runViews.capsule(first), app.runViews.capsule(run)];
  expect(fresh.start).toEqual({ run: first, epoch: 2, parametersHash: before.parametersHash });
  expect(fresh.snapshot.hash, 'new labels are a new snapshot').not.toBe(old.snapshot.hash);
  expect(fresh).toMatchObject({ spec: old.spec, options: old.options });

  // Before its first step it answers as the run it follows.
  const [theirs, ours] = [await judged(first, null), await judged(run, 0)];
  expect(ours.confusion).toEqual(theirs.confusion);
  expect(ours.loss).toBeCloseTo(Number(theirs.loss), 6);

  const again = await app.runViews.again(run);
  expect((await ended(again.run)).parametersHash).toBe(after.parametersHash);
});

it('uses as many images at most as the run it repeats, however it does that', async () => {
  const trained = (run: string) => app.runViews.capsule(run).snapshot;
  expect(trained(first)).toMatchObject({ limit, images: { train: limit } });
  const { run: continued } = await app.training.follow(first, 'kept');
  const { run: again } = await app.runViews.again(first);
  const { run: third } = await app.training.follow(again, 'initial');
  for (const run of [continued, again, third]) {
    expect(trained(run)).toMatchObject({ limit, images: { train: limit } });
    app.supervisor.cancel(parseRunId(run));
  }
});

it('is trained anew from the initial values of its seed', async () => {
  const { run } = await app.training.follow(first, 'initial');
  await ended(run);
  expect(await infoOf(run)).toMatchObject({ follows: { run: first, isContinued: false } });
  expect(app.runViews.capsule(run).start).toBeNull();
  expect((await judged(run, 0)).loss).toBeCloseTo(Number((await judged(first, 0)).loss), 6);
});

it('says what each image was taken for', async () => {
  const found = await judged(first, null);
  const { evaluation, confusion } = found;
  const cell = { label: 7, predicted: 7 };
  const { view, count } = app.inspecting.inspect.cell({ evaluation, ...cell, onlyWrong: false });
  expect(count).toBe(confusion[7]![7]);
  const { ids } = await app.pictures.images.range({ view, from: 0, to: count - 1 });
  const told = app.inspecting.inspect.predictions({ evaluation, images: [...ids, 999_999] });
  expect(told).toHaveLength(count);
  const confidences = ids.map((id) => Number(told.find(({ image }) => image === id)!.confidence));
  expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
  expect(told.every((each) => each.label === 7 && each.predicted === 7)).toBe(true);
});

it('refuses parameters for classes they do not know, and stores nothing', async () => {
  const { id } = app.workspace.datasets.get('digits');
  app.classes.add(id, 'eleven');
  const runs = app.workspace.runs.list().length;
  await expect(app.training.follow(first, 'kept')).rejects.toMatchObject({
    code: 'classes-changed',
  });
  expect(app.workspace.runs.list()).toHaveLength(runs);
});
