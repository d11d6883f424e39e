/** @file A run in words: what is said of its state, of a repetition, of its layers and options. */
import { describe, expect, test } from 'vitest';
import type { RunInfo } from '../../src-core/contract/training.ts';
import { ModelSpec, TrainOptions } from '../../src-core/model/spec.ts';
import { optionRows } from './options.ts';
import { layerLines, repeatedText, repeatText, statusText } from './words.ts';

// Only what these functions read.
const run = (some: Partial<RunInfo>): RunInfo =>
  ({
    ...{ run: 'r2', status: 'finished', epoch: 5, epochs: 5, place: null, isStalled: false },
    ...{ secondsLeft: null, repeats: null },
    ...some,
  }) as RunInfo;

test.each<[Partial<RunInfo>, string]>([
  [{}, 'finished, 5 epochs'],
  [{ status: 'queued', place: 3 }, 'waiting, number 3 in the queue'],
  [{ status: 'running', epoch: 2, secondsLeft: 61 }, 'training, 2 of 5 epochs, about 2 min left'],
  [
    { status: 'running', epoch: 2, isStalled: true },
    'training, 2 of 5 epochs; nothing was heard of it for a while',
  ],
  [{ status: 'interrupted', epoch: 1 }, 'interrupted, 1 of 5 epochs'],
])('%j is said to be %s', (some, text) => expect(statusText(run(some))).toBe(text));

describe('a repetition', () => {
  const repeating = (identical: boolean | null, some: Partial<RunInfo> = {}): RunInfo =>
    run({ repeats: { run: 'r1', identical }, ...some });
  const first = run({ run: 'r1' });

  test.each<[RunInfo, RunInfo | undefined, string | null]>([
    [run({}), first, null],
    [repeating(true), first, 'came out identical, bit for bit'],
    [repeating(true), undefined, 'came out identical'],
    [repeating(false), first, 'did not come out identical'],
    [repeating(null, { status: 'running' }), first, 'known at its end'],
    // It was given more epochs: that it differs is no news.
    [repeating(false, { epochs: 9 }), first, 'has since been extended'],
  ])('%# says so', (of, from, text) => {
    if (text === null) expect(repeatText(of, from)).toBeNull();
    else expect(repeatText(of, from)).toContain(text);
  });

  test('is told on the page of the first run', () => {
    expect(repeatedText([])).toBeNull();
    const runs = [repeating(true, { run: 'r3' }), repeating(null, { run: 'r4' })];
    expect(repeatedText(runs)).toBe('It was repeated: r3 came out identical, r4 is not done.');
  });
});

test('layers and options are readable', () => {
  const spec = ModelSpec.parse({
    input: { channels: 1, height: 28, width: 28 },
    layers: [
      { kind: 'conv2d', filters: 32, kernel: 3, activation: { name: 'leaky-relu' } },
      { kind: 'maxPool', size: 2 },
      { kind: 'residual', layers: [{ kind: 'batchNorm' }], activation: { name: 'relu' } },
      { kind: 'dense', units: 64 },
    ],
    classes: 10,
  });
  expect(layerLines(spec, (name) => name.toUpperCase())).toEqual([
    'Convolution 32, 3 × 3, valid, LEAKY-RELU (alpha 0.01)',
    'Max pooling 2 × 2',
    'Residual block (Batch normalization), RELU',
    'Dense 64',
    'Dense 10, softmax',
  ]);
  const rows = new Map(optionRows(TrainOptions.parse({ earlyStopping: { patience: 3 } })));
  expect(rows.get('Early stopping')).toBe('after 3 epochs without improvement');
  expect(rows.get('Optimizer')).toBe('adam (beta1 0.9, beta2 0.999, epsilon 1e-7)');
  expect(rows.has('Weight decay')).toBe(false);
});
