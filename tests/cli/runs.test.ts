/** @file Runs by the command line: repeated, interrupted, continued and compared. */
import { beforeAll, describe, expect, it, test, vi } from 'vitest';
import { z } from 'zod';
import { openCache } from '../../src-core/data/cache.ts';
import { initialParams } from '../../src-core/model/initialize.ts';
import { resolveNetwork } from '../../src-core/model/layers.ts';
import { ModelSpec, TrainOptions } from '../../src-core/model/spec.ts';
import { createBatches } from '../../src-core/training/batches.ts';
import {
  inkling,
  inside,
  keptFolder,
  outcome,
  result,
  resultSaid,
  said,
  start,
  type Outcome,
} from './inkling.ts';

const workspace = keptFolder();

/** What these tests read of a report. */
const Report = z.object({
  run: z.string(),
  spec: ModelSpec,
  options: TrainOptions,
  snapshot: z.string(),
  parameters: z.number(),
  epochs: z.number(),
  test: z.object({ accuracy: z.number() }),
  parametersHash: z.string(),
});
type Report = z.infer<typeof Report>;

const train = [
  ...['train', '--dataset', 'digits', '--preset', 'mlp-16-16', '--threads', '1'],
  ...['--batch', '16', '--augment', 'digits', '--seed', '4'],
];

async function report(...words: readonly string[]): Promise<Report> {
  return Report.parse(await result(workspace, ...words));
}

async function reportSaid(...words: readonly string[]): Promise<Report> {
  return Report.parse(await resultSaid(workspace, ...words));
}

beforeAll(async () => {
  await result(workspace, 'sample', '--dataset', 'digits', '--count', '400');
});

test('the same command twice gives the same parameters, another seed does not', async () => {
  const first = await report(...train, '--epochs', '2');
  const second = await report(...train, '--epochs', '2');
  const other = await reportSaid(...train, '--epochs', '2', '--seed', '5');
  expect(second.parametersHash).toBe(first.parametersHash);
  expect(second).toMatchObject({ test: first.test, parameters: 13_002, epochs: 2 });
  expect(other.parametersHash).not.toBe(first.parametersHash);
});

test('a finished run is continued for more epochs when they are asked for', async () => {
  const { run, parametersHash } = await reportSaid(...train, '--epochs', '1');
  const refused = await said(workspace, 'resume', run);
  expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^error run-complete: /) });
  const longer = await reportSaid('resume', run, '--epochs', '1');
  expect(longer).toMatchObject({ run, epochs: 2 });
  expect(longer.parametersHash).not.toBe(parametersHash);
});

describe('a run that is cut off is resumed to the parameters of one left alone:', () => {
  const long = [...train, '--epochs', '25'];
  let whole: Report;
  beforeAll(async () => {
    whole = await reportSaid(...long);
  });

  it('its trainer is killed', async () => {
    const { run, ended } = await interrupted(({ trainer }) => process.kill(trainer, 'SIGKILL'));
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/^error trainer-crashed: .+SIGKILL.+\n.*inkling resume r\d+/m);
    expect(statusOf(run)).toBe('interrupted');
    expect((await report('resume', run)).parametersHash).toBe(whole.parametersHash);
  });

  // Windows has no signal that a program can send to another as Ctrl-C.
  it.skipIf(process.platform === 'win32')('Ctrl-C', async () => {
    const { run, ended } = await interrupted(({ command }) => process.kill(command, 'SIGINT'));
    expect(ended.code).toBe(130);
    expect(ended.err).toContain(`inkling resume ${run}`);
    expect(statusOf(run)).toBe('stopped');
    expect((await reportSaid('resume', run)).parametersHash).toBe(whole.parametersHash);
  });

  it('the command itself is killed, and its trainer goes with it', async () => {
    const { run, trainer } = await interrupted(({ command }) => process.kill(command, 'SIGKILL'));
    expect((await reportSaid('resume', run)).parametersHash).toBe(whole.parametersHash);
    // It ends between two steps, and is gone once the system has cleaned up after it.
    await vi.waitFor(() => expect(() => process.kill(trainer, 0)).toThrow(/ESRCH/), 10_000);
  });

  type Processes = { readonly command: number; readonly trainer: number };

  /** Starts the run, and does `cut` to it when its second epoch is over. */
  async function interrupted(cut: (processes: Processes) => void) {
    const child = start(workspace, long);
    const ended: Promise<Outcome> = outcome(child);
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (text: string) => text.includes('epoch 2/') && resolve());
      child.on('close', () => resolve());
    });
    const { run, trainer } = running();
    cut({ command: child.pid!, trainer });
    return { run, trainer, ended: await ended };
  }
});

/** The run that is on, and the process that trains it. */
function running(): { run: string; trainer: number } {
  const runs = inside(workspace, (each) => each.runs.list());
  for (const { id, state } of runs)
    if (state.status === 'running') return { run: id, trainer: state.process };
  throw new Error(`no run is on: ${runs.map(({ state }) => state.status).join(' ')}`);
}

const Rows = z.array(z.object({ run: z.string(), status: z.string() }));

function statusOf(run: string): string | undefined {
  return inside(workspace, (each) => each.runs.list().find(({ id }) => id === run)?.state.status);
}

test('runs lists them all', async () => {
  const rows = Rows.parse(await result(workspace, 'runs'));
  expect(rows).toHaveLength(inside(workspace, (each) => each.runs.list().length));
  expect(rows.every(({ status }) => status === 'finished')).toBe(true);
});

describe('compare', () => {
  const activations = ['relu', 'prelu', 'tanh', 'maxout'];
  const names = ['ReLU', 'PReLU', 'Tanh', 'Maxout'];
  const Comparison = z.object({
    groups: z.array(z.object({ activation: z.string(), n: z.number() })),
    pairs: z.array(z.object({ a: z.string(), b: z.string(), text: z.string() })),
    runs: z.array(Report),
  });
  let comparison: z.infer<typeof Comparison>;

  beforeAll(async () => {
    const words = ['--preset', 'mlp-16-16', '--epochs', '1', '--augment', 'digits', '--json'];
    const grid = ['--activations', activations.join(','), '--seeds', '7'];
    const ended = await inkling(workspace, 'compare', '--dataset', 'digits', ...words, ...grid);
    comparison = Comparison.parse(JSON.parse(ended.out));
  });

  it('has a group for every activation and all pairs', () => {
    expect(comparison.groups.map(({ activation, n }) => [activation, n])).toEqual(
      activations.map((name) => [name, 1]),
    );
    expect(comparison.pairs).toHaveLength((names.length * (names.length - 1)) / 2);
  });

  it('starts from the same weights wherever names and shapes agree', () => {
    const starts = comparison.runs.map(({ spec, options }) =>
      initialParams(resolveNetwork(spec), options.seed),
    );
    const [first, ...others] = starts;
    for (const other of others) {
      const shared = Object.entries(other).filter(
        ([name, { shape }]) => String(first![name]?.shape) === String(shape),
      );
      expect(shared.length).toBeGreaterThanOrEqual(2);
      for (const [name, { data }] of shared) expect(data).toEqual(first![name]!.data);
    }
    // Kernels that differ in shape alone are the exception: maxout has several pieces to a unit.
    expect(starts.map((each) => Object.keys(each).length)).toEqual([6, 8, 6, 6]);
  });

  it('goes on when a run fails, tells it with the rest, and ends with 1', async () => {
    // Steps so large that Swish overflows, where the sigmoid only saturates.
    const wild = ['--optimizer', 'momentum', '--lr', '100', '--schedule', 'constant'];
    const grid = ['--activations', 'swish,sigmoid', '--seeds', '1', '--epochs', '8'];
    const words = ['--dataset', 'digits', '--preset', 'mlp-16-16', '--batch', '16'];
    const { code, out } = await said(workspace, 'compare', ...words, ...wild, ...grid);
    expect(code).toBe(1);
    expect(out).toMatch(/^Sigmoid +1 /m);
    expect(out).toMatch(/^Note: Left out, because not finished: r\d+ \(failed\)\.$/m);
    expect(out).toMatch(/^r\d+ failed, loss-not-finite: /m);
  });

  it('sees the same batches', async () => {
    const samples = await trainSamples();
    const batches = comparison.runs.map(({ options }) =>
      createBatches(samples, { ...options, noiseBytes: 0 }),
    );
    const [first, ...others] = batches;
    expect(new Set(comparison.runs.map(({ snapshot }) => snapshot)).size).toBe(1);
    for (let step = 1; step <= 2 * first!.stepsPerEpoch; step++)
      for (const other of others) expect(other.at(step)).toEqual(first!.at(step));
    const moved = { ...comparison.runs[0]!.options, seed: 8, noiseBytes: 0 };
    expect(createBatches(samples, moved).at(1)).not.toEqual(first!.at(1));
  });

  function trainSamples() {
    const { snapshot } = comparison.runs[0]!;
    return inside(workspace, async (each) => {
      const run = each.runs.list().find((one) => one.snapshot === snapshot)!;
      const cache = openCache(each.cacheFolder, run.snapshot);
      const { start, end } = cache.ranges.train;
      const pixels = cache.readPixels(cache.ranges.train);
      return { shape: cache.shape, pixels, labels: cache.labels.slice(start, end) };
    });
  }
});
