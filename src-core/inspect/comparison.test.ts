/** @file What a comparison computes, and that its sentences claim no more than its numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparison, type ComparedRun } from './comparison.ts';
import { comparisonTable } from './comparisonTable.ts';

/** One run a value, seeds from 1. */
function runs(activation: string, accuracies: readonly (number | null)[]): ComparedRun[] {
  return accuracies.map((testAccuracy, i) => ({
    run: `${activation}${i + 1}`,
    activation,
    seed: i + 1,
    testAccuracy,
    validationAccuracy: testAccuracy,
    seconds: 10,
    samplesPerSecond: 1000,
    epochs: [],
    health: [],
  }));
}

const relu = [0.97, 0.971, 0.969, 0.97, 0.972];
const textOf = (...groups: readonly ComparedRun[][]) => comparison(groups.flat()).pairs[0]!.text;

describe('groups', () => {
  test('summarize their runs, in the order they come', () => {
    const { groups } = comparison([...runs('swish', [0.9, 0.94]), ...runs('relu', [0.8])]);
    expect(groups.map(({ activation, n }) => [activation, n])).toEqual([
      ['swish', 2],
      ['relu', 1],
    ]);
    const { testAccuracy } = groups[0]!;
    expect(testAccuracy!.mean).toBeCloseTo(0.92, 12);
    expect(testAccuracy!.sd).toBeCloseTo(0.04 / Math.SQRT2, 12);
    expect(testAccuracy).toMatchObject({ min: 0.9, max: 0.94 });
    expect(groups[1]!.testAccuracy).toEqual({ n: 1, mean: 0.8, sd: null, min: 0.8, max: 0.8 });
  });

  test('say when runs first reached an accuracy, and how many did', () => {
    const curve = (values: readonly (number | null)[]) =>
      values.map((validationAccuracy, i) => ({ validationAccuracy, seconds: 2 * (i + 1) }));
    const [one, two, three] = runs('relu', [0.9, 0.9, 0.9]);
    const { reaching } = comparison(
      [
        { ...one!, epochs: curve([0.5, 0.8, 0.7, 0.9]) },
        { ...two!, epochs: curve([0.5, 0.6, 0.7, 0.8]) },
        { ...three!, epochs: curve([null, 0.79]) },
      ],
      0.8,
    ).groups[0]!;
    expect(reaching).toMatchObject({ accuracy: 0.8, reached: 2 });
    expect(reaching.epochs).toMatchObject({ mean: 3, min: 2, max: 4 });
    expect(reaching.seconds).toMatchObject({ mean: 6, min: 4, max: 8 });
  });

  test('without a test part have no test accuracy', () => {
    const { groups, pairs } = comparison([...runs('relu', [null]), ...runs('tanh', [null])]);
    expect(groups[0]!.testAccuracy).toBeNull();
    expect(pairs[0]).toMatchObject({ difference: null, ci95: null, seeds: [] });
  });
});

describe('a pair', () => {
  test('is compared seed by seed', () => {
    // Differences 0.01, 0.03, 0.02: mean 0.02, sd 0.01, t(2) = 4.30265.
    const a = runs('swish', [0.91, 0.95, 0.97]);
    const b = runs('relu', [0.9, 0.92, 0.95]).toReversed();
    const [pair] = comparison([...a, ...b]).pairs;
    const half = (4.3026527297 * 0.01) / Math.sqrt(3);
    expect(pair!.difference).toBeCloseTo(0.02, 12);
    expect(pair!.ci95![0]).toBeCloseTo(0.02 - half, 9);
    expect(pair!.ci95![1]).toBeCloseTo(0.02 + half, 9);
    expect(pair!.seeds).toEqual([1, 2, 3]);
  });

  test('counts only seeds that both have', () => {
    const [pair] = comparison([
      ...runs('swish', [0.9, null, 0.9]),
      ...runs('relu', [0.8, 0.8]),
    ]).pairs;
    expect(pair!.seeds).toEqual([1]);
  });

  test('refuses the same run twice', () =>
    expect(() =>
      comparison([...runs('relu', [0.9]), ...runs('relu', [0.9])].concat(runs('elu', [0.9]))),
    ).toThrow('two runs of relu with seed 1'));
});

describe('the sentence', () => {
  const better = relu.map((x, i) => x + 0.0012 + 0.0003 * ((i % 3) - 1));
  test('says who wins where the interval leaves out zero, whatever the order', () => {
    const sentence = 'Swish beats ReLU by 0.11 ± 0.03 points over 5 seeds.';
    expect(textOf(runs('swish', better), runs('relu', relu))).toBe(sentence);
    expect(textOf(runs('relu', relu), runs('swish', better))).toBe(sentence);
  });

  test('says that nothing can be told where the interval holds zero', () => {
    const close = relu.map((x, i) => x + 0.0003 + 0.001 * ((i % 3) - 1));
    expect(textOf(runs('swish', close), runs('relu', relu))).toBe(
      'No difference between Swish and ReLU can be told apart from chance over 5 seeds (0.01 ± 0.10 points).',
    );
  });

  test.each([
    [
      [0.9],
      [0.89],
      'One run each of Swish and ReLU proves nothing: Swish was 1.00 points ahead at seed 1.',
    ],
    [[0.9], [0.9], 'One run each of Swish and ReLU proves nothing: they came out equal at seed 1.'],
    [[0.9, 0.8], [0.9, 0.8], 'Swish and ReLU came out equal at each of 2 seeds.'],
    [
      [0.91, 0.81, 0.71],
      [0.9, 0.8, 0.7],
      'Swish was 1.00 points ahead of ReLU at each of 3 seeds; differences that do not vary allow no interval.',
    ],
    [[], [], 'Swish and ReLU have no seed in common, so they are not compared.'],
  ])('for %j against %j is plain', (a, b, text) => {
    const missing = [null, null, null];
    const [first, second] = [a.length ? a : missing, b.length ? b : missing];
    expect(textOf(runs('swish', first), runs('relu', second))).toBe(text);
    expect(
      comparison([...runs('swish', first), ...runs('relu', second)]).pairs[0]!.ci95,
    ).toBeNull();
  });

  test('shows more digits where two would say otherwise', () => {
    // Differences 3e-5, 4e-5, 5e-5 and so on: 0.004 ± 0.001 points.
    const slightly = relu.map((x, i) => x + 1e-5 * (3 + (i % 3)));
    expect(textOf(runs('swish', slightly), runs('relu', relu))).toMatch(
      /^Swish beats ReLU by 0\.004 ± 0\.001 points/,
    );
  });

  test('claims a difference exactly where the interval leaves out zero', () => {
    const share = fc.integer({ min: 9000, max: 9100 }).map((right) => right / 10_000);
    const pairs = fc.array(fc.tuple(share, share), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(pairs, (values) => {
        const [a, b] = [values.map(([x]) => x), values.map(([, y]) => y)];
        const { ci95, text, difference } = comparison([...runs('a', a), ...runs('b', b)]).pairs[0]!;
        const excludesZero = ci95 !== null && (ci95[0] > 0 || ci95[1] < 0);
        expect(text.includes(' beats ')).toBe(excludesZero);
        if (excludesZero)
          expect(text.startsWith(difference! > 0 ? 'a beats b' : 'b beats a')).toBe(true);
        // The figures shown say the same as the words.
        const [, gap, half] = /([\d.]+) ± ([\d.]+) points/.exec(text) ?? [];
        if (gap && half) expect(Number(gap) > Number(half)).toBe(excludesZero);
      }),
    );
  });
});

test('several pairs come with a caution, one does not', () => {
  const three = [...runs('relu', [0.9]), ...runs('elu', [0.9]), ...runs('selu', [0.9])];
  expect(comparison(three).caution).toMatch(/^Each of the 3 pairs/);
  expect(comparison(three.slice(0, 2)).caution).toBeNull();
});

test('the table is aligned, in percent with two decimals', () => {
  const [one, two] = runs('leaky-relu', [0.9712, 0.9734]);
  const quick = { ...one!, epochs: [{ validationAccuracy: 0.98, seconds: 1 }] };
  const table = comparisonTable(comparison([quick, two!, ...runs('relu', [0.5])]));
  expect(table.split('\n')).toEqual([
    'activation  runs     test accuracy     best    worst        validation  epochs to 97 %  seconds',
    'Leaky ReLU     2  97.23 % ± 0.16 %  97.34 %  97.12 %  97.23 % ± 0.16 %    1.0 (1 of 2)     10.0',
    'ReLU           1           50.00 %  50.00 %  50.00 %           50.00 %      – (0 of 1)     10.0',
    '',
    'One run each of Leaky ReLU and ReLU proves nothing: Leaky ReLU was 47.12 points ahead at seed 1.',
  ]);
});
