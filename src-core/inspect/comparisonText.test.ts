/** @file A comparison as files: written, read back by another reader, and compared; and what makes it unfair. */
import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { planSpec } from '../model/plan.ts';
import { TrainOptions } from '../model/spec.ts';
import type { RunId, SnapshotHash } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import { comparable } from './comparable.ts';
import { comparison, type ComparedRun } from './comparison.ts';
import { comparisonTable, comparisonText, type Comparison } from './comparisonTable.ts';
import { methods } from './methods.ts';
import { twoRuns } from './twoRuns.ts';

function compared(activation: string, seed: number, accuracy: number | null): ComparedRun {
  return {
    run: `r${seed}`,
    activation,
    seed,
    testAccuracy: accuracy,
    validationAccuracy: accuracy,
    seconds: 10 + seed,
    samplesPerSecond: 1000 / seed,
    epochs: [{ validationAccuracy: accuracy, seconds: 10 }],
    health: [
      { layer: 'dense1', deadShare: seed / 10, saturatedShare: 0, gradientNorm: NaN, slope: null },
    ],
  };
}

const full: Comparison = {
  ...comparison(
    [
      compared('swish:2', 1, 0.981),
      compared('swish:2', 2, 0.9834),
      compared('relu', 1, 0.97),
      compared('relu', 2, 0.9712),
      compared('tanh', 1, null),
    ],
    0.975,
  ),
  methods: 'Two & more, 95 % of a_set {x} ± 1.',
  warnings: ['Left out, because not finished: r9 (failed).'],
  mcNemar: null,
};

/** Cells of every line between the rules of the table, LaTeX's own signs undone. */
function latexCells(text: string): string[][] {
  const plain = (cell: string): string =>
    cell
      .trim()
      .replace(/\$\\pm\$/g, '±')
      .replace(/--/g, '–')
      .replace(/\\([%&_{}#$])/g, '$1');
  return text
    .split('\n')
    .filter((line) => line.endsWith('\\\\'))
    .map((line) =>
      line
        .slice(0, -2)
        .split(/(?<!\\)&/)
        .map(plain),
    );
}

const markdownCells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !line.includes(':--'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );

/** The lines of the table in a terminal, whose columns stand two or more spaces apart. */
const terminalCells = (text: string): string[][] =>
  text
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => line.split(/ {2,}/));

describe('the table', () => {
  test('has the same cells in the terminal, in LaTeX and in Markdown', () => {
    const cells = terminalCells(comparisonTable(full));
    expect(cells).toHaveLength(4);
    expect(cells[1]!.slice(0, 3)).toEqual(['Swish 2', '2', '98.22 % ± 0.17 %']);
    expect(latexCells(comparisonText(full, 'latex'))).toEqual(cells);
    expect(markdownCells(comparisonText(full, 'markdown'))).toEqual(cells);
  });

  test('has all digits in CSV, and what there is none of is empty', () => {
    const rows: Record<string, string>[] = parse(comparisonText(full, 'csv'), { columns: true });
    expect(rows.map(({ activation }) => activation)).toEqual(['Swish 2', 'ReLU', 'Tanh']);
    expect(Number(rows[0]!['test_accuracy_mean'])).toBe(full.groups[0]!.testAccuracy!.mean);
    expect(Number(rows[1]!['seconds_sd'])).toBe(full.groups[1]!.seconds!.sd);
    expect(rows[1]).toMatchObject({ runs: '2', reached_target: '0', epochs_to_target_mean: '' });
    expect(rows[2]).toMatchObject({ test_accuracy_mean: '', run_names: 'r1' });
  });

  test('in LaTeX needs no package and leaves no sign of its own unescaped', () => {
    const text = comparisonText(full, 'latex');
    expect(text).toContain('\\caption{Two \\& more, 95 \\% of a\\_set \\{x\\} $\\pm$ 1.}');
    expect(text.match(/\\begin\{/g)).toHaveLength(text.match(/\\end\{/g)!.length);
    expect(text).not.toMatch(/usepackage|[–±×’]/);
  });

  test('is followed by the sentences, the warnings and the methods', () => {
    const table = comparisonTable(full);
    for (const text of [full.pairs[0]!.text, full.caution!, full.warnings[0]!, full.methods])
      expect(table).toContain(text);
  });
});

test('layer health is summarized over runs, and what is no number stays so', () => {
  const [swish] = full.groups;
  expect(swish!.health).toHaveLength(1);
  expect(swish!.health[0]!.deadShare.mean).toBeCloseTo(0.15, 12);
  expect(swish!.health[0]).toMatchObject({ gradientNorm: { n: 2, mean: NaN }, slopes: null });
});

const shape = { channels: 1, height: 4, width: 4 } as const;

function run(row: number, activation: string, more: { options?: object; initializer?: 'he' } = {}) {
  const initializer = 'initializer' in more ? more.initializer : 'he';
  const spec = planSpec({ preset: 'mlp-16-16', activation, initializer }, shape, 3);
  return {
    id: `r${row}` as RunId,
    preset: 'mlp-16-16',
    spec,
    options: TrainOptions.parse({ seed: 1, ...more.options }),
    snapshot: 'ab'.repeat(32) as SnapshotHash,
    engine: 'onnx',
    device: 'cpu',
    versions: { onnxruntime: '1.22.0' },
    state: { status: 'finished', result: null },
  } as unknown as Run; // only these are looked at
}

const failed = {
  status: 'failed',
  error: { code: 'loss-not-finite', message: '', hint: '' },
} as const;

describe('a comparison warns', () => {
  test.each<[string, readonly Run[], readonly RegExp[]]>([
    ['of nothing, where activation and seed alone differ', [run(1, 'relu'), run(2, 'tanh')], []],
    [
      'of runs that are not finished, and leaves them out',
      [run(1, 'relu'), { ...run(2, 'tanh'), state: failed }],
      [/not finished: r2 \(failed\)/],
    ],
    [
      'of an activation and seed twice, and counts them once',
      [run(1, 'relu'), run(2, 'relu')],
      [/^Left out: r2\. ReLU with seed 1 is there as r1 already/],
    ],
    [
      'of other images',
      [run(1, 'relu'), { ...run(2, 'tanh'), snapshot: 'cd'.repeat(32) as SnapshotHash }],
      [/same images/],
    ],
    [
      'of other layers',
      [run(1, 'relu'), { ...run(2, 'tanh'), spec: planSpec({ preset: 'softmax' }, shape, 3) }],
      [/more than the activation/, /Initial values/],
    ],
    [
      'of other options, but not of another seed',
      [run(1, 'relu'), run(2, 'tanh', { options: { seed: 2, learningRate: 0.1 } })],
      [/same options/],
    ],
    [
      'of other initial values, which `auto` chooses by activation',
      [run(1, 'relu', { initializer: undefined! }), run(2, 'tanh', { initializer: undefined! })],
      [/Initial values are drawn by different rules/],
    ],
    [
      'of another number of threads',
      [run(1, 'relu'), run(2, 'tanh', { options: { threads: 8 } })],
      [/times cannot be compared/],
    ],
  ])('%s', (_, runs, expected) => {
    const { warnings } = comparable(runs);
    expect(warnings).toHaveLength(expected.length);
    expected.forEach((text, i) => expect(warnings[i]).toMatch(text));
  });
});

describe('the methods', () => {
  const facts = () => ({
    dataset: 'digits',
    images: { train: 8000, validation: 1000, test: 1000 },
  });

  test('say what was done, in numbers', () => {
    const runs = [1, 2].flatMap((seed) =>
      ['relu', 'tanh'].map((name, i) => run(2 * seed + i, name, { options: { seed } })),
    );
    expect(methods(runs, facts)).toBe(
      '4 runs: 2 activations were trained, ReLU and Tanh, each with 2 seeds (1, 2). ' +
        'Two hidden layers of 16 (595 parameters), 5 epochs, Adam, learning rate 0.001, batches of 128, ' +
        'engine onnx 1.22.0 on cpu with 2 threads. ' +
        '8,000 training, 1,000 validation and 1,000 test images of digits, snapshot abababababab; ' +
        'the test images were looked at once, after training. ' +
        'Figures are means and sample standard deviations over runs; differences are paired by seed, ' +
        'with 95 % intervals by Student’s t.',
    );
  });

  test('say where runs differ instead of choosing one', () => {
    const runs = [
      run(1, 'relu'),
      run(2, 'prelu', { options: { seed: 7, epochs: 9, batchSize: 1 } }),
    ];
    const text = methods(runs, facts);
    expect(text).toContain('ReLU (seed 1) and PReLU (seed 7).');
    expect(text).toContain(
      '(595 to 627 parameters), numbers of epochs that differ, options that differ',
    );
  });
});

describe('two runs on the same images', () => {
  /** Says class 1 for `'1'`, else class 0. */
  const judged = (id: string, said: string) => ({
    run: id,
    title: id,
    probabilities: Float32Array.from(
      [...said].flatMap((c) => (c === '1' ? [0.2, 0.8] : [0.8, 0.2])),
    ),
  });
  const labels = (count: number) => new Int32Array(count).fill(1);

  test('are judged by the images that one of them alone got right', () => {
    // 9 against 1 of 10, by fair coins: 2·(1 + 10)/2¹⁰.
    const a = judged('r1', '11111111011');
    const b = judged('r2', '00000000110');
    expect(twoRuns(a, b, labels(11))).toMatchObject({
      bothRight: 1,
      onlyA: 9,
      onlyB: 1,
      bothWrong: 0,
      p: expect.closeTo((2 * (1 + 10)) / 2 ** 10, 12),
    });
  });

  test.each([
    ['11', '11', /got the same ones right/],
    ['1100', '0010', /p = 1.000\): these two networks cannot be told apart\.$/],
    [
      '1'.repeat(12),
      '0'.repeat(12),
      /p < 0.001\): r1 is the better of these two networks; one run/,
    ],
    ['0'.repeat(6), '1'.repeat(6), /p = 0.031\): r2 is the better/],
  ])('%s and %s: %s', (a, b, text) =>
    expect(twoRuns(judged('r1', a), judged('r2', b), labels(a.length)).text).toMatch(text),
  );

  test('an answer that is no number is wrong', () => {
    const nothing = { ...judged('r2', '0'), probabilities: Float32Array.of(NaN, NaN) };
    expect(twoRuns(judged('r1', '1'), nothing, labels(1))).toMatchObject({
      onlyA: 1,
      bothRight: 0,
    });
  });
});
