/** @file How a comparison is put before a person: order of sentences and rows, baselines, words for progress, names. */
import { describe, expect, test } from 'vitest';
import type { Comparison, ComparisonGroup, RunInfo } from '../../src-core/contract/training.ts';
import { fileNameOf } from '../ui/saveFile.ts';
import { columnsFor, inOrder } from './columns.ts';
import { figureName } from './figures.ts';
import { defaultBaseline, forestRows, informativeFirst, pairsAgainst } from './pairs.ts';
import { dotRows, emptyOf, progressOf, subjectText } from './subject.ts';

const summary = (mean: number) => ({ n: 3, mean, sd: 0.001, min: mean - 0.01, max: mean + 0.01 });

const layer = (name: string, deadShare: number) => ({
  layer: name,
  deadShare: summary(deadShare),
  saturatedShare: summary(0),
  gradientNorm: summary(1),
  slopes: null,
});

const group = (activation: string, mean: number | null): ComparisonGroup => ({
  activation,
  title: activation.toUpperCase(),
  runs: [`r1${activation.length}`],
  testAccuracy: mean === null ? null : summary(mean),
  validationAccuracy: null,
  seconds: summary(10),
  samplesPerSecond: summary(60_000),
  reaching: { accuracy: 0.97, reached: 0, epochs: null, seconds: null },
  health: [layer('dense1', 0.2), layer('dense2', 0.4), layer('output', 0)],
});

const pair = (a: string, b: string, difference: number | null): Comparison['pairs'][number] => ({
  ...{ a, b, difference, seeds: [1, 2, 3], text: `${a} ${b}` },
  ci95: difference === null ? null : [difference - 0.01, difference + 0.02],
});

const comparison: Comparison = {
  groups: [group('relu', 0.9), group('tanh', 0.8), group('elu', 0.95), group('none', null)],
  pairs: [
    pair('relu', 'tanh', 0.1),
    pair('relu', 'elu', -0.05),
    pair('relu', 'none', null),
    pair('tanh', 'elu', -0.15),
    pair('tanh', 'none', null),
    pair('elu', 'none', null),
  ],
  caution: null,
  methods: '',
  warnings: [],
  mcNemar: null,
};

describe('pairs', () => {
  test('begin with the best against the second best', () =>
    expect(informativeFirst(comparison).map(({ text }) => text)).toEqual([
      'relu elu',
      'tanh elu',
      'elu none',
      'relu tanh',
      'relu none',
      'tanh none',
    ]));

  test('are turned to be against the baseline', () => {
    const [first, second, third] = pairsAgainst(comparison, 'relu');
    expect([first!.a, first!.b, first!.difference]).toEqual(['elu', 'relu', 0.05]);
    const [low, high] = first!.ci95!;
    expect([low, high].map((end) => end.toFixed(6))).toEqual(['0.030000', '0.060000']);
    expect([second!.a, second!.difference, third!.difference]).toEqual(['tanh', -0.1, null]);
  });

  test('without a difference are in the table, not in the plot', () => {
    expect(pairsAgainst(comparison, null)).toHaveLength(6);
    const rows = forestRows(pairsAgainst(comparison, null));
    expect(rows.map(({ name }) => name)).toEqual(['RELU − TANH', 'RELU − ELU', 'TANH − ELU']);
  });

  test('of few activations are all shown, of many those of the first', () => {
    expect(defaultBaseline(comparison)).toBe('relu');
    expect(defaultBaseline({ ...comparison, groups: comparison.groups.slice(0, 3) })).toBeNull();
  });
});

describe('the table of activations', () => {
  const columns = columnsFor(0.975);
  const column = (id: string) => columns.find((each) => each.id === id)!;
  const sorted = (id: string, isDescending: boolean) =>
    inOrder(comparison.groups, column(id), isDescending).map(({ activation }) => activation);

  test('sorts either way, and keeps what was not measured last', () => {
    expect(sorted('test', true)).toEqual(['elu', 'relu', 'tanh', 'none']);
    expect(sorted('test', false)).toEqual(['tanh', 'relu', 'elu', 'none']);
  });

  test.each([
    ['test', '90.00 ± 0.10'],
    ['worst', '89.00'],
    ['validation', '–'],
    ['epochsTo', '– (0 of 1)'],
    ['speed', '60\u202f000'],
    // Of the hidden layers: the classifying one cannot die.
    ['dead', '30.0'],
  ])('shows %s as %s', (id, text) => expect(column(id).text(comparison.groups[0]!)).toBe(text));

  test('names the chosen accuracy', () =>
    expect(column('epochsTo').title).toBe('Epochs to 97.5 %'));
});

describe('the runs', () => {
  // Only what these functions read.
  const run = (name: string, some: Partial<RunInfo>): RunInfo =>
    ({
      ...{ run: name, name, status: 'finished', seed: 1, activationTitle: 'ReLU' },
      ...{ network: 'Dense 64', dataset: { id: 1, name: 'my digits' }, test: null },
      ...some,
    }) as RunInfo;

  test('are named by what differs', () =>
    expect(
      subjectText([run('r1', {}), run('r2', { seed: 2 }), run('r3', { activationTitle: 'ELU' })]),
    ).toBe('ReLU, ELU × 2 seeds · Dense 64 · my digits'));

  test('say how far they are while one is on', () => {
    const open = [run('r1', {}), run('r2', { status: 'running' }), run('r3', { status: 'queued' })];
    expect(progressOf(open).text).toBe('1 of 3 runs finished; 1 training, 1 waiting.');
    expect(progressOf([run('r1', {}), run('r2', { status: 'failed' })]).text).toBeNull();
  });

  test.each<[readonly RunInfo[], ReturnType<typeof emptyOf>]>([
    [[], 'gone'],
    [[run('r1', {})], 'single'],
    [[run('r1', { status: 'queued' }), run('r2', { status: 'failed' })], 'waiting'],
    [[run('r1', { status: 'stopped' }), run('r2', { status: 'failed' })], 'failed'],
    [[run('r1', {}), run('r2', { status: 'failed' })], null],
  ])('%# have something to show, or a reason why not', (runs, empty) =>
    expect(emptyOf(runs)).toBe(empty),
  );

  test('are points where they have a test accuracy', () => {
    const test = { loss: 1, accuracy: 0.9 };
    const [row, ...others] = dotRows(comparison, [run('r14', { test }), run('r13', {})]);
    expect([row!.title, row!.runs.length]).toEqual(['RELU', 1]);
    expect(others.map(({ title }) => title)).toEqual(['TANH', 'NONE']);
  });

  test('give the figure its name', () => {
    expect(figureName('differences', 'svg', [run('r1', {})])).toBe(
      'comparison-my-digits-differences.svg',
    );
  });
});

test.each([
  ['Übung: 7/8 "Ziffern"', 'ubung-7-8-ziffern'],
  ['../../etc', 'etc'],
  ['数字', 'inkling'],
])('%s makes the file name %s', (text, name) => expect(fileNameOf(text)).toBe(name));
