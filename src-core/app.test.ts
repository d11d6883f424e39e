/** @file What only shows when all parts work together: comparisons, averaging, and what is refused before a run is stored. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodePorts } from '../src-main/nodeHost.ts';
import { createApp, type App, type ComparisonRequest } from './app.ts';

describe('an app on 600 generated digits', () => {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-app-'));
  let app: App;
  beforeAll(async () => {
    app = createApp(folder, nodePorts());
    await app.sampleDigits({ dataset: 'digits', count: 600, seed: 1 });
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true });
  });
  const request = { dataset: 'digits', preset: 'mlp-16-16', epochs: 3, batchSize: 32, threads: 1 };

  async function compared(more: Pick<ComparisonRequest, 'activations' | 'seeds'>, target: number) {
    const ids = app.startComparison({ ...request, ...more }).map(({ id }) => id);
    for (const id of ids) await app.supervisor.ended(id);
    return { ids, ...(await app.comparison(ids, target)) };
  }

  it('compares an activation with itself at another constant', async () => {
    const activations = ['leaky-relu:0.1', 'leaky-relu:0.3'];
    const { groups, pairs } = await compared({ activations, seeds: [1] }, 0.5);
    expect(groups.map(({ activation, n }) => [activation, n])).toEqual([
      ['leaky-relu:0.1', 1],
      ['leaky-relu:0.3', 1],
    ]);
    expect(pairs[0]?.text).toContain('Leaky ReLU 0.1');
  });

  it('counts the seconds to an accuracy from the start of the run', async () => {
    const { ids, groups } = await compared({ activations: ['tanh'], seeds: [2] }, 0);
    const epochs = app.workspace.metrics.epochs(ids[0]!);
    const lengths = epochs.map(({ values }) => (values as { timing: { seconds: number } }).timing);
    expect(groups[0]?.reaching.seconds?.mean).toBeCloseTo(lengths[0]!.seconds, 9);
    const { groups: later } = await app.comparison(ids, accuracyOf(epochs.at(-1)!.values));
    const last = later[0]!.reaching;
    const reachedAt = last.epochs!.mean;
    const sum = lengths.slice(0, reachedAt).reduce((total, { seconds }) => total + seconds, 0);
    expect(last.seconds?.mean).toBeCloseTo(sum, 9);
  });

  const accuracyOf = (values: unknown) =>
    (values as { validation: { accuracy: number } }).validation.accuracy;

  it('averages to something useful within a short run', async () => {
    const accuracyWith = async (averagingDecay?: number) => {
      const { id } = app.start({ ...request, epochs: 12, averagingDecay });
      await app.supervisor.ended(id);
      return app.runs().find(({ run }) => run === id)!.validationAccuracy!;
    };
    const plain = await accuracyWith();
    // Without forgetting its random beginning, the average of 180 steps at 0.999 would read one digit in ten.
    expect(await accuracyWith(0.999)).toBeGreaterThan(plain - 0.15);
    expect(plain).toBeGreaterThan(0.4);
  });

  it.each([
    ['layer-shape', { preset: 'lenet', input: { channels: 1, height: 6, width: 6 } }],
    ['setting-invalid', { input: { channels: 1, height: 600, width: 600 } }],
    ['setting-invalid', { activation: 'leaky-relu:' }],
    ['setting-invalid', { activation: 'maxout:3:9' }],
    ['preset-unknown', { preset: 'nope' }],
    ['device-unavailable', { device: 'abacus' }],
  ] as const)('refuses with %s before a run is stored', (code, more) => {
    const before = app.runs().length;
    expect(() => app.start({ ...request, ...more })).toThrow(expect.objectContaining({ code }));
    expect(app.runs()).toHaveLength(before);
  });

  it.each([
    [{ activations: ['relu', 'relu'], seeds: [1] }],
    [{ activations: ['leaky-relu', 'leaky-relu:0.01'], seeds: [1] }],
    [{ activations: ['relu', 'tanh'], seeds: [1], preset: 'softmax' }],
  ])('refuses to compare a run with itself: %j', (more) => {
    const start = () => app.startComparison({ ...request, ...more });
    expect(start).toThrow(expect.objectContaining({ code: 'setting-invalid' }));
  });
});
