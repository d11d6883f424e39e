/** @file What pages do with runs, on real training of small networks: watch, compare, repeat, reorder, remove. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { nodePorts } from '../../src-main/nodeHost.ts';
import { createApp, type App } from '../app.ts';
import type { AppEvent } from '../contract.ts';
import type { LiveSteps, RunInfo } from '../contract/training.ts';
import { temporaryFolder } from '../workspace/fixture.ts';
import type { RunId } from '../workspace/records.ts';

const small = { dataset: 'digits', preset: 'mlp-16-16', batchSize: 16, threads: 1 };

async function opened(folder: string): Promise<App> {
  const app = createApp(folder, nodePorts());
  await app.sampleDigits({ dataset: 'digits', count: 300, seed: 1 });
  return app;
}

const infoOf = async (app: App, run: string): Promise<RunInfo> =>
  (await app.runViews.list()).find((one) => one.run === run)!;

/** Every float of a packed answer about one run. */
function unpacked(bytes: Buffer) {
  const [runs, run, first, stride, count] = Array.from({ length: 5 }, (_, i) =>
    bytes.readUInt32LE(4 * i),
  );
  const values = Array.from({ length: count! }, (_, i) => bytes.readFloatLE(20 + 4 * i));
  return { runs, run, first, stride, values };
}

/** Of steps as they are told: 0 loss, 1 accuracy, 2 seconds. */
function toldSeries(
  { packed, count }: Extract<LiveSteps, { kind: 'steps' }>,
  series: 0 | 1 | 2,
): number[] {
  const bytes = Buffer.from(packed, 'base64');
  return Array.from({ length: count }, (_, i) => bytes.readFloatLE(4 * (series * count + i)));
}

describe('runs that are over', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-runs-'));
  let app: App;
  let ids: RunId[];
  const lines: RunInfo[] = [];
  const toldAt = new Map<RunInfo, number>();
  const live: LiveSteps[] = [];
  beforeAll(async () => {
    app = await opened(folder);
    app.hub.listen((event: AppEvent) => {
      if (event.kind !== 'run') return;
      lines.push(event.run);
      toldAt.set(event.run, performance.now());
    });
    const reading = new AbortController();
    const read = (async () => {
      for await (const events of app.runViews.live(reading.signal)) live.push(...events);
    })();
    const grid = { activations: ['relu', 'tanh'], seeds: [1, 2] };
    ids = app.startComparison({ ...small, epochs: 2, ...grid }).map(({ id }) => id);
    for (const id of ids) await app.supervisor.ended(id);
    const isTold = (id: RunId) => lines.findLast(({ run }) => run === id)?.status === 'finished';
    await vi.waitUntil(() => ids.every(isTold));
    reading.abort();
    await read;
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });

  it('were told line by line, five times a second at most, from queued to finished', () => {
    const last = ids.at(-1)!;
    const told = lines.filter(({ run }) => run === last);
    expect(told[0]).toMatchObject({ status: 'queued', secondsLeft: null, step: 0 });
    expect(told.some(({ place }) => place === 3)).toBe(true);
    expect(told.at(-1)).toMatchObject({ status: 'finished', epoch: 2, epochs: 2, place: null });
    const gaps = told.slice(1).map((line, i) => toldAt.get(line)! - toldAt.get(told[i]!)!);
    expect(Math.min(...gaps)).toBeGreaterThan(195);
  });

  it('are listed as they were last told', async () => {
    const [first] = await app.runViews.list();
    expect(first).toEqual(lines.findLast(({ run }) => run === first!.run));
    expect(first).toMatchObject({
      run: 'r1',
      name: 'ReLU · seed 1',
      network: 'Two hidden layers of 16',
      activation: 'relu',
      dataset: { name: 'digits' },
      parameters: 13_002,
      optimizer: 'Adam',
      problem: null,
      repeats: null,
      follows: null,
    });
    expect(first!.comparison).not.toBeNull();
    const epochs = app.workspace.metrics.epochs(ids[0]!).map(({ values }) => values) as {
      validation: { accuracy: number };
    }[];
    const best = Math.max(...epochs.map(({ validation }) => validation.accuracy));
    expect(first!.bestValidationAccuracy).toBe(best);
    expect(first!.lastValidation!.accuracy).toBe(epochs.at(-1)!.validation.accuracy);
  });

  it('were heard live, step for step as they are stored', async () => {
    const run = ids[1]!;
    const steps = live.filter((event) => event.kind === 'steps' && event.run === run);
    const heardOf = (series: 0 | 1 | 2): number[] =>
      steps.flatMap((event) => (event.kind === 'steps' ? toldSeries(event, series) : []));
    const stored = unpacked(await app.runViews.series([run], 'loss'));
    expect(heardOf(0)).toEqual(stored.values);
    expect(heardOf(1)).toEqual(unpacked(await app.runViews.series([run], 'accuracy')).values);
    expect(stored).toMatchObject({ runs: 1, run: 2, first: 1, stride: 1 });
    const seconds = heardOf(2);
    const packed = unpacked(await app.runViews.series([run], 'seconds')).values;
    seconds.forEach((value, i) => expect(packed[i]).toBeCloseTo(value, 4));
    expect(packed.every((value, i) => i === 0 || value > packed[i - 1]!)).toBe(true);
    const [{ epochs } = { epochs: [] }] = await app.runViews.epochs([run]);
    expect(packed.at(-1)).toBeLessThanOrEqual(Number(epochs.at(-1)!.seconds));
    const rows = live.flatMap((event) =>
      event.kind === 'epoch' && event.run === run ? event.row : [],
    );
    expect(rows).toEqual(epochs);
  });

  it('compare as the command line prints them', async () => {
    const told = await app.runViews.compare(ids, 0.2);
    const { table, ...printed } = await app.comparison(ids, 0.2);
    expect(told.groups.map(({ title, runs }) => [title, runs])).toEqual([
      ['ReLU', ['r1', 'r3']],
      ['Tanh', ['r2', 'r4']],
    ]);
    for (const text of [told.pairs[0]!.text, told.methods]) expect(table).toContain(text);
    expect(told.pairs).toEqual(printed.pairs);
    expect(told.warnings).toEqual([]);
    expect(told.mcNemar).toBeNull();
    expect(told.methods).toMatch(
      /^4 runs: 2 activations were trained, ReLU and Tanh, each with 2 seeds \(1, 2\)\./,
    );
    expect(told.methods).toMatch(/240 training, 30 validation and 30 test images of digits/);
    expect(told.groups[0]!.health.map(({ layer }) => layer)).toContain('dense1');
    expect(told.groups[0]!.health[0]!.gradientNorm.n).toBe(2);
  });

  it('of which there are two are compared image by image', async () => {
    const { mcNemar } = await app.runViews.compare(ids.slice(0, 2), 0.5);
    const { bothRight, onlyA, onlyB, bothWrong } = mcNemar!;
    expect(bothRight + onlyA + onlyB + bothWrong).toBe(30);
    const [a, b] = await Promise.all(ids.slice(0, 2).map((id) => infoOf(app, id)));
    expect((bothRight + onlyA) / 30).toBeCloseTo(Number(a!.test!.accuracy), 9);
    expect((bothRight + onlyB) / 30).toBeCloseTo(Number(b!.test!.accuracy), 9);
  });

  it('are repeated, and told to come out identical', async () => {
    const { run } = await app.runViews.again(ids[0]!);
    expect((await infoOf(app, run)).repeats).toEqual({ run: 'r1', identical: null });
    await app.supervisor.ended(run);
    const info = await infoOf(app, run);
    expect(info).toMatchObject({ repeats: { run: 'r1', identical: true }, comparison: null });
    const { warnings, groups } = await app.runViews.compare([...ids, run], 0.5);
    expect(groups[0]!.runs).toEqual(['r1', 'r3']);
    expect(warnings).toEqual([
      'Left out: r5. ReLU with seed 1 is there as r1 already, and counts once.',
    ]);
  });

  it('have a capsule, take a name, and leave nothing when they are removed', async () => {
    const [, , third] = ids;
    const capsule = app.runViews.capsule(third!);
    expect(capsule).toMatchObject({
      snapshot: { dataset: 'digits', images: { train: 240, validation: 30, test: 30 } },
      kept: { epoch: 2, isBest: false, isAveraged: false },
      options: { seed: 2 },
    });
    app.runViews.rename(third!, 'the third');
    expect((await infoOf(app, third!)).name).toBe('the third');
    const folderOf = join(app.workspace.checkpointFolder, third!);
    expect(existsSync(folderOf)).toBe(true);
    const told: AppEvent[] = [];
    const stop = app.hub.listen((event) => told.push(event));
    await app.runViews.remove([third!]);
    stop();
    expect(told).toContainEqual({ kind: 'runGone', run: third });
    expect(existsSync(folderOf)).toBe(false);
    expect(app.workspace.predictions.get(third!, 'test')).toBeUndefined();
    expect(app.workspace.metrics.lastStep(third!)).toBe(0);
    await expect(app.runViews.series([third!], 'loss')).rejects.toMatchObject({
      code: 'run-unknown',
    });
  });

  it('keep their result while they are given more epochs', async () => {
    const [first] = ids;
    const before = await infoOf(app, first!);
    app.runViews.resume(first!, 1000);
    const inspected = await waitFor(
      app,
      first!,
      (info) => info.epoch > 4 && info.status === 'running',
    );
    expect(inspected.parametersHash).toBe(before.parametersHash);
    const report = await app.inspect(app.run(first!), 'test');
    expect(report.accuracy).toBeCloseTo(Number(before.test!.accuracy), 9);
    app.runViews.stop(first!);
    await app.supervisor.ended(first!);
    const { status, test, seconds, step } = await infoOf(app, first!);
    expect({ status, test }).toEqual({ status: 'stopped', test: before.test });
    expect(seconds).toBeGreaterThan(before.seconds);
    expect(step).toBe(app.workspace.metrics.lastStep(first!));
  });
});

/** The run's line once `wanted` accepts it. */
async function waitFor(
  app: App,
  run: string,
  wanted: (info: RunInfo) => boolean,
): Promise<RunInfo> {
  const told = Promise.withResolvers<RunInfo>();
  const stop = app.hub.listen((event) => {
    if (event.kind !== 'run' || event.run.run !== run) return;
    if (wanted(event.run)) told.resolve(event.run);
    // Else it would be waited for until the limit, and nobody would know why.
    else if (event.run.status === 'failed') told.reject(new Error(event.run.problem?.message));
  });
  const info = await told.promise;
  stop();
  return info;
}

test('the queue can be reordered, and comes back in its order after the program ended', async () => {
  const folder = join(temporaryFolder(), 'workspace');
  const app = await opened(folder);
  const start = () => app.start({ ...small, epochs: 10_000 }).id;
  const [first, a, b, c] = [start(), start(), start(), start()];
  expect(app.supervisor.queue).toEqual([a, b, c]);
  app.runViews.reorder([c, a, b]);
  expect((await app.runViews.list()).map(({ place }) => place)).toEqual([null, 2, 3, 1]);
  expect(() => app.runViews.reorder([c, a])).toThrow(
    expect.objectContaining({ code: 'queue-changed' }),
  );
  await expect(app.runViews.remove([first, a])).rejects.toMatchObject({ code: 'run-state' });
  expect(app.workspace.runs.ids()).toHaveLength(4);
  app.runViews.setConcurrency(2);
  expect(app.supervisor.queue).toEqual([a, b]);
  app.runViews.setConcurrency(1);
  await waitFor(app, first, ({ step }) => step > 0);
  await app.close();

  const again = createApp(folder, nodePorts());
  onTestFinished(() => again.close());
  expect(again.runViews.concurrency()).toEqual({ runs: 1 });
  const statuses = (await again.runViews.list()).map(({ status, problem }) => [
    status,
    problem?.code,
  ]);
  expect(statuses).toEqual(Array(4).fill(['interrupted', 'run-interrupted']));
  // In whatever order they are resumed: what was first is first.
  for (const id of [b, a, c, first]) again.runViews.resume(id, 0);
  expect(again.supervisor.queue).toEqual([first, c, a]);
  again.runViews.cancel(a);
  again.runViews.resume(a, 0);
  expect(again.supervisor.queue).toEqual([first, c, a]);
  await again.runViews.remove([first, c, a]);
  expect(again.workspace.runs.ids()).toEqual([b]);
});

test('a run that goes back to a checkpoint is said to be rewound', async () => {
  const app = await opened(join(temporaryFolder(), 'workspace'));
  onTestFinished(() => app.close());
  const { id } = app.start({ ...small, epochs: 10_000 });
  await waitFor(app, id, ({ epoch }) => epoch > 2);
  app.runViews.cancel(id);
  await app.supervisor.ended(id);
  const saved = app.workspace.checkpoints.get(id, 'last')!.step;
  // As if it had been killed a little later, before its next checkpoint.
  const { series } = app.workspace.metrics.steps(id)[0]!;
  app.workspace.metrics.addSteps(id, { firstStep: app.workspace.metrics.lastStep(id) + 1, series });
  const reading = new AbortController();
  const events = app.runViews.live(reading.signal);
  app.runViews.resume(id, 0);
  const told: LiveSteps[] = [];
  while (told.length < 2) told.push(...((await events.next()).value ?? []));
  expect(told[0]).toEqual({ kind: 'rewound', run: id, step: saved });
  expect(told[1]).toMatchObject({ kind: 'steps', firstStep: saved + 1 });
  reading.abort();
});
