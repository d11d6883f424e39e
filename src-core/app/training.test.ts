/** @file Plans from the first form to stored runs: what is refused and why, what is said, what is started. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodePorts } from '../../src-main/nodeHost.ts';
import { createApp, type App } from '../app.ts';
import { PlanReport, runsMax, TrainPlan } from '../contract/training.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { presets } from '../model/presets.ts';

const folder = mkdtempSync(join(tmpdir(), 'inkling-training-'));
let app: App;
let dataset: number;
beforeAll(async () => {
  app = createApp(folder, nodePorts());
  await app.sampleDigits({ dataset: 'digits', count: 600, seed: 1 });
  dataset = app.workspace.datasets.get('digits').id;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const usual = (preset: string): TrainPlan => app.training.defaults(dataset, preset);
const withOptions = (plan: TrainPlan, some: object): TrainPlan => ({
  ...plan,
  options: TrainPlan.shape.options.parse({ ...plan.options, ...some }),
});

describe.each(Object.keys(presets))('the preset %s', (preset) => {
  it('can be started as it stands, and its report fits the contract', async () => {
    const plan = usual(preset);
    expect(TrainPlan.parse(plan)).toEqual(plan);
    const report = await app.training.check(plan);
    expect(PlanReport.parse(report)).toEqual(report);
    expect(report.problems).toEqual([]);
    const { parameterCount } = resolveNetwork({ ...plan, input: report.input, classes: 10 });
    expect(report.network?.parameters).toBe(parameterCount);
    const sum = report.network?.layers.reduce((total, { parameters }) => total + parameters, 0);
    expect(sum).toBe(parameterCount);
    expect(report.network?.layers.at(-1)).toMatchObject({ name: 'output', index: null });
    expect(report.images).toEqual({ train: 480, validation: 60, test: 60, unlabeled: 0 });
    expect(report.stepsPerRun).toBe(plan.options.epochs * Math.floor(480 / plan.options.batchSize));
  });

  it.each([
    ['preset', 'no preset', (plan) => ({ ...plan, preset: 'huge' })],
    ['device', 'no device of this name', (plan) => ({ ...plan, device: 'abacus' })],
    ['engine', 'no engine', (plan) => ({ ...plan, engine: 'steam' })],
    ['activations.0', 'no activation', (plan) => ({ ...plan, activations: ['relish'] })],
    [
      'activations.0',
      '(Depth α below zero) is 0.01 … 10, not x',
      (plan) => ({ ...plan, activations: ['elu:x'] }),
    ],
    [
      'activations.1',
      'Swish is chosen twice',
      (plan) => ({ ...plan, activations: ['swish', 'swish:1'] }),
    ],
    ['seeds.2', 'seed 1 is there twice', (plan) => ({ ...plan, seeds: [1, 2, 1] })],
    [
      'seeds',
      `${runsMax} can be started`,
      (plan) => ({
        ...plan,
        activations: ['relu', 'tanh', 'elu', 'gelu', 'swish', 'selu'],
        seeds: Array.from({ length: 100 }, (_, i) => i),
      }),
    ],
    [
      'layers.0.kernel',
      'a window of 15 does not fit into 9 pixels',
      (plan) => ({
        ...plan,
        input: { channels: 1, height: 9, width: 9 },
        layers: [convolution(15), ...plan.layers],
      }),
    ],
    [
      'layers.1.size',
      'a window of 16 does not fit into 8 pixels',
      (plan) => ({
        ...plan,
        input: { channels: 1, height: 8, width: 8 },
        layers: [convolution(1), { kind: 'maxPool', size: 16, padding: 'valid' }],
      }),
    ],
    [
      'layers.0',
      'put a flatten layer before it',
      (plan) => ({
        ...plan,
        layers: [{ kind: 'dense', units: 4, activation: { name: 'relu' } }, ...plan.layers],
      }),
    ],
  ] satisfies [string, string, (plan: TrainPlan) => TrainPlan][])(
    'says at %s: %s',
    async (field, words, change) => {
      const plan = TrainPlan.parse(change(usual(preset)));
      const { problems } = await app.training.check(plan);
      expect(problems).toContainEqual({ field, message: expect.stringContaining(words) });
      const before = app.workspace.runs.list().length;
      await expect(app.training.start(plan)).rejects.toMatchObject({ code: expect.any(String) });
      expect(app.workspace.runs.list()).toHaveLength(before);
    },
  );
});

const convolution = (kernel: number): TrainPlan['layers'][number] => ({
  ...{ kind: 'conv2d', filters: 4, kernel, stride: 1, padding: 'valid' },
  activation: { name: 'relu' },
});

describe('a plan', () => {
  it.each([
    [
      'problem',
      'activations',
      'would be the same',
      'softmax',
      (plan) => ({ ...plan, activations: ['relu', 'tanh'] }),
    ],
    [
      'problem',
      'options.batchSize',
      'GiB',
      'best-digits',
      (plan) =>
        withOptions(
          { ...plan, input: { channels: 3, height: 512, width: 512 } },
          { batchSize: 480 },
        ),
    ],
    [
      'problem',
      'layers',
      'checkpoint',
      'softmax',
      (plan) => ({ ...plan, layers: [plan.layers[0]!, wide, wide, wide, wide] }),
    ],
    [
      'problem',
      'activations.1',
      'needs a multiple of 3',
      'mlp-16-16',
      (plan) => ({
        ...plan,
        layers: [
          plan.layers[0]!,
          { ...wide, units: 16 },
          { kind: 'activation', activation: { name: 'relu' } },
        ],
        activations: ['tanh', 'maxout:3'],
      }),
    ],
    [
      'warning',
      'activations.1',
      'cannot learn',
      'mlp-16-16',
      (plan) => ({ ...plan, activations: ['relu', 'step'] }),
    ],
    [
      'warning',
      'options.batchSize',
      'only 480',
      'mlp-16-16',
      (plan) => withOptions(plan, { batchSize: 512 }),
    ],
    ['warning', 'limit', 'only 480', 'mlp-16-16', (plan) => ({ ...plan, limit: 1000 })],
    ['warning', 'dataset', 'hard to learn', 'mlp-16-16', (plan) => ({ ...plan, limit: 50 })],
    [
      'warning',
      'options.warmUpEpochs',
      'still rising',
      'mlp-16-16',
      (plan) => withOptions(plan, { warmUpEpochs: 5 }),
    ],
  ] satisfies ['problem' | 'warning', string, string, string, (plan: TrainPlan) => TrainPlan][])(
    'with a %s at %s: %s',
    async (kind, field, words, preset, change) => {
      const { problems, warnings } = await app.training.check(
        TrainPlan.parse(change(usual(preset))),
      );
      const note = { field, message: expect.stringContaining(words) };
      expect(kind === 'problem' ? problems : warnings).toContainEqual(note);
      if (kind === 'warning') expect(problems).toEqual([]);
    },
  );

  it.each([
    ['no images', [], [], 'it has no images yet'],
    ['no labels', [null, null], ['a', 'b'], 'none of its images has a label'],
    ['one class', ['a', 'a'], ['a'], 'fewer than two classes'],
    ['images of one class', ['a', 'a'], ['a', 'b'], 'are of the class a'],
  ])('for a dataset with %s cannot be started', async (name, labels, classes, words) => {
    const id = grayDataset(name, labels, classes);
    const { problems, stepsPerRun, network } = await app.training.check({
      ...usual('lenet'),
      dataset: id,
    });
    expect(problems).toEqual([{ field: 'dataset', message: expect.stringContaining(words) }]);
    expect(network?.parameters).toBeGreaterThan(0);
    expect(Number.isInteger(stepsPerRun)).toBe(true);
  });

  it('tells shapes and parameters inside a residual block, too', async () => {
    const conv = (filters: number, stride: number) =>
      ({
        ...{ kind: 'conv2d', filters, kernel: 3, stride, padding: 'same' },
        activation: { name: 'relu' },
      }) as const;
    const block = {
      kind: 'residual',
      layers: [conv(8, 2), { kind: 'batchNorm', momentum: 0.9, epsilon: 1e-3 }, conv(4, 1)],
      activation: { name: 'relu' },
    } as const;
    const plan = TrainPlan.parse({ ...usual('lenet'), layers: [conv(4, 1), block, block] });
    const { network } = await app.training.check(plan);
    const [, first, second] = network!.layers;
    const told = first!.inner.map(({ index, output, parameters }) => [index, output, parameters]);
    expect(told).toEqual([
      [0, [8, 14, 14], 8 * (4 * 9 + 1)],
      [1, [8, 14, 14], 2 * 8],
      [2, [4, 14, 14], 4 * (8 * 9 + 1)],
      [null, [4, 14, 14], 4 * (4 + 1)],
    ]);
    const sum = first!.inner.reduce((total, { parameters }) => total + parameters, 0);
    expect(first!.parameters).toBe(sum);
    expect(first!.inner.at(-1)!.title).toBe('Convolution 4, 1 × 1, stride 2');
    expect(second!.inner.map(({ output }) => output[1])).toEqual([7, 7, 7, 7]);
  });

  it('may compare with no activation at all', async () => {
    const plan = { ...usual('mlp-16-16'), activations: ['linear', 'relu'] };
    expect((await app.training.check(plan)).problems).toEqual([]);
  });

  it('tells where there is no validation and no test', async () => {
    const id = grayDataset('tiny', ['a', 'b'], ['a', 'b']);
    const plan = withOptions(
      { ...usual('mlp-16-16'), dataset: id },
      { earlyStopping: { patience: 2 } },
    );
    const { problems, warnings } = await app.training.check(plan);
    expect(problems).toEqual([]);
    expect(warnings.map(({ field }) => field)).toEqual([
      'dataset',
      'dataset',
      'dataset',
      'options.batchSize',
      'options.earlyStopping',
    ]);
  });

  it('shows its schedule: warm-up, then half a cosine to zero', async () => {
    const plan = withOptions(usual('mlp-16-16'), { epochs: 10, batchSize: 32, warmUpEpochs: 1 });
    const { schedule } = await app.training.check(plan);
    expect(schedule.x[0]).toBeCloseTo(1 / 15);
    expect(schedule.x.at(-1)).toBe(10);
    expect(Math.max(...schedule.y.map(Number))).toBeCloseTo(plan.options.learningRate);
    expect(schedule.y.at(-1)).toBe(0);
    expect(schedule.y[0]).toBeLessThan(Number(schedule.y[5]));
  });

  it('for a device that is not there cannot be started', async () => {
    const found = await app.training.devices();
    const absent = found.find(({ isAvailable }) => !isAvailable)!;
    expect(absent.reason).toMatch(/\S/);
    const { engine, device } = absent;
    const { problems } = await app.training.check({ ...usual('softmax'), engine, device });
    expect(problems).toEqual([
      { field: 'device', message: expect.stringContaining(absent.reason!) },
    ]);
  });
});

const wide = { kind: 'dense', units: 8192, activation: { name: 'relu' } } as const;

/** A dataset of gray images with these labels, all in training. */
function grayDataset(
  name: string,
  labels: readonly (string | null)[],
  classes: readonly string[],
): number {
  const { workspace } = app;
  const session = workspace.beginImport(name);
  session.add(
    labels.map((label, i) => ({
      name: `${i}`,
      label,
      part: 'train',
      blob: {
        bytes: new Uint8Array(784).fill(i),
        encoding: 'raw',
        width: 28,
        height: 28,
        channels: 1,
        depth: 8,
      },
    })),
  );
  session.commit(classes, ({ current }) => current);
  return workspace.datasets.get(name).id;
}

describe('starting', () => {
  it('stores n × m runs on one snapshot, each seed with the same initial values', async () => {
    const plan: TrainPlan = {
      ...usual('mlp-16-16'),
      activations: ['tanh', 'swish:2', 'prelu'],
      seeds: [3, 4],
    };
    const { runs, comparison } = await app.training.start(plan);
    const stored = runs.map((name) => app.run(name));
    for (const { id } of stored) app.supervisor.cancel(id);
    expect(stored.map(({ options }) => options.seed)).toEqual([3, 3, 3, 4, 4, 4]);
    expect(new Set(stored.map(({ snapshot }) => snapshot)).size).toBe(1);
    expect(comparison).toMatch(/^c\d+$/);
    expect(new Set(stored.map((run) => run.comparison))).toEqual(new Set([comparison]));
    expect(stored[1]!.spec.layers[1]).toMatchObject({ activation: { name: 'swish', beta: 2 } });
    const kernels = stored.map(({ spec, options }) => {
      const params = initialParams(resolveNetwork(spec), options.seed);
      return ['dense1/kernel', 'dense2/kernel', 'output/kernel'].map((name) => params[name]);
    });
    expect(kernels[1]).toEqual(kernels[0]);
    expect(kernels[2]).toEqual(kernels[0]);
    expect(kernels[3]).not.toEqual(kernels[0]);
    for (const { id } of stored) await app.supervisor.ended(id);
  });

  it('alone is no comparison, and is the run that the command line starts', async () => {
    const plan = withOptions(usual('mlp-16-16'), { epochs: 1, threads: 1 });
    const { runs, comparison } = await app.training.start(plan);
    expect(comparison).toBeNull();
    const { id } = app.start({ dataset: 'digits', preset: 'mlp-16-16', epochs: 1, threads: 1 });
    const [page, line] = [app.run(runs[0]!), app.run(id)];
    expect({ ...line, id: 0, createdAt: 0, place: 0, state: 0 }).toEqual({
      ...{ ...page, id: 0, createdAt: 0, place: 0, state: 0 },
      startedAt: null,
    });
    for (const each of [page.id, id]) await app.supervisor.ended(each);
  });
});

describe('the time a plan takes', () => {
  const plan = () => withOptions(usual('mlp-128-64'), { epochs: 40, batchSize: 32, threads: 1 });

  it('is unknown, then measured in a process of its own that leaves nothing, then known', async () => {
    const before = readdirSync(app.workspace.cacheFolder);
    const counts = app.workspace.check().counts;
    expect((await app.training.check(plan())).seconds).toBeNull();
    const { seconds, stepMs } = await app.training.calibrate(plan());
    // 600 steps and 40 ends of epochs: at least the steps, and not a hundred times as much.
    expect(stepMs).toBeGreaterThan(0.02);
    expect(seconds).toBeGreaterThan((600 * stepMs) / 1000);
    expect(seconds).toBeLessThan(((600 * stepMs) / 1000) * 100);
    expect((await app.training.check(plan())).seconds).toBe(seconds);
    const twice: TrainPlan = { ...plan(), activations: ['relu', 'elu'], seeds: [1, 2, 3] };
    expect((await app.training.check(twice)).seconds).toBeCloseTo(6 * seconds, 6);
    expect((await app.training.check(withOptions(plan(), { batchSize: 64 }))).seconds).toBeNull();
    expect(readdirSync(app.workspace.cacheFolder)).toEqual(before);
    expect(app.workspace.check().counts).toEqual(counts);
  });

  it('need not be waited for', async () => {
    const canceled = app.training.calibrate(plan(), AbortSignal.timeout(1));
    await expect(canceled).rejects.toMatchObject({ code: 'measurement-canceled' });
    expect(
      readdirSync(app.workspace.cacheFolder).filter((name) => name.startsWith('building')),
    ).toEqual([]);
  });

  it('is known from a run that finished', async () => {
    const short = withOptions(usual('mlp-16-16'), { epochs: 2, threads: 1, batchSize: 48 });
    expect((await app.training.check(short)).seconds).toBeNull();
    const { runs } = await app.training.start(short);
    const { run } = await app.supervisor.ended(app.run(runs[0]!).id);
    const { seconds } = await app.training.check(short);
    const result =
      run.state.status === 'finished' ? (run.state.result as { seconds: number }) : null;
    expect(seconds).toBeCloseTo(result!.seconds, 6);
  });
});

describe('augmented pictures', () => {
  const read = async (spec: object, seed: number, count: number) => {
    const bytes = Buffer.from(
      await app.training.augmented(dataset, JSON.stringify(spec), seed, count),
    );
    const [images, variants, channels, height, width] = [0, 1, 2, 3, 4].map((i) =>
      bytes.readUInt32LE(i * 4),
    );
    const size = channels! * height! * width!;
    const pictures = Array.from({ length: images! * (1 + variants!) }, (_, i) =>
      bytes.subarray(20 + i * size, 20 + (i + 1) * size),
    );
    expect(bytes).toHaveLength(20 + pictures.length * size);
    return { images, variants: variants!, shape: [channels, height, width], pictures };
  };

  it('are training images and what the seed makes of them', async () => {
    const { images, variants, shape, pictures } = await read({ shiftPixels: 3, noise: 9 }, 5, 4);
    expect([images, shape]).toEqual([4, [1, 28, 28]]);
    const originals = pictures.filter((_, i) => i % (1 + variants) === 0);
    const plain = await read({}, 5, 4);
    expect(originals).toEqual(plain.pictures.filter((_, i) => i % (1 + variants) === 0));
    for (const [i, picture] of plain.pictures.entries())
      expect(picture.equals(originals[Math.floor(i / (1 + variants))]!)).toBe(true);
    expect(new Set(pictures.map((each) => each.toString('latin1'))).size).toBe(pictures.length);
    expect((await read({ shiftPixels: 3, noise: 9 }, 5, 4)).pictures).toEqual(pictures);
    expect((await read({ shiftPixels: 3, noise: 9 }, 6, 4)).pictures).not.toEqual(pictures);
  });

  it.each(['{', '{"shiftPixels":-1}', '{"glitter":1}', 'null'])('refuses %s', async (text) => {
    await expect(app.training.augmented(dataset, text, 1, 1)).rejects.toMatchObject({
      code: 'setting-invalid',
    });
  });
});
