/** @file Which runs the table shows, in which order and groups. */
import { expect, test } from 'vitest';
import type { RunInfo, RunStatus } from '../../src-core/contract/training.ts';
import { originOf } from './origin.ts';
import { spreadOf, runColumns } from './runColumns.ts';
import { filtered, groupsOf, rowsOf, type StatusFilter } from './rows.ts';

type Told = Partial<RunInfo> & { readonly run: string };

// Only what rows are judged by; the rest is as in any run.
const run = (told: Told): RunInfo =>
  ({
    ...{ name: told.run, status: 'finished', network: 'Dense 128-64', snapshot: 's', epochs: 5 },
    ...{ activation: 'relu', activationTitle: 'ReLU', seed: 1, dataset: { id: 1, name: 'digits' } },
    ...{ optimizer: 'Adam', learningRate: 0.001, batchSize: 64, comparison: null },
    ...{ preset: null, bestValidationAccuracy: null },
    ...told,
  }) as RunInfo;

const swish = { activation: 'swish', activationTitle: 'Swish' };
const all = [
  run({ run: 'r1', bestValidationAccuracy: 0.97 }),
  run({ run: 'r2', bestValidationAccuracy: 0.99, seed: 2 }),
  run({ run: 'r3', ...swish, bestValidationAccuracy: 'NaN', status: 'failed' }),
  run({ run: 'r4', ...swish, status: 'queued' }),
  run({
    run: 'r10',
    ...swish,
    bestValidationAccuracy: 0.985,
    status: 'running',
    name: 'My "best"',
  }),
];
const names = (runs: readonly RunInfo[]): string => runs.map((each) => each.run).join(' ');

test.each<[string, StatusFilter, string]>([
  ['', 'all', 'r1 r2 r3 r4 r10'],
  ['swish', 'all', 'r3 r4 r10'],
  ['  SWISH best ', 'all', 'r10'],
  ['seed 2', 'all', 'r2'],
  ['seed 1', 'all', 'r1 r3 r4 r10'],
  ['12', 'all', 'r1 r2 r3 r4 r10'],
  ['', 'on', 'r4 r10'],
  ['', 'failed', 'r3'],
  ['nothing such', 'all', ''],
])('searching “%s” among %s finds %s', (text, status, found) => {
  expect(names(filtered(all, text, status))).toBe(found);
});

const rows = (by: string, isDescending: boolean, isGrouped: boolean): string =>
  rowsOf(all, isGrouped ? groupsOf(all, 'activation') : [], { by, isDescending }, () => false)
    .map((row) => (row.kind === 'group' ? `${row.group.label}:` : row.run.run))
    .join(' ');

test.each<[string, boolean, boolean, string]>([
  ['best', true, false, 'r2 r10 r1 r3 r4'],
  ['best', false, false, 'r1 r10 r2 r3 r4'],
  ['run', true, false, 'r10 r4 r3 r2 r1'],
  ['name', false, false, 'My "best" r1 r2 r3 r4'],
  ['seed', false, true, 'ReLU: r1 r2 Swish: r3 r4 r10'],
])(
  'by %s (descending %s, grouped %s), what has no value or NaN is last',
  (by, down, grouped, order) => {
    expect(rows(by, down, grouped)).toBe(order.replace('My "best"', 'r10'));
  },
);

test('a group whose mean is not a number comes after the others, in both orders', () => {
  expect(rows('best', true, true)).toMatch(/^ReLU/);
  expect(rows('best', false, true)).toMatch(/^ReLU/);
});

test('a collapsed group keeps its row only', () => {
  const groups = groupsOf(all, 'activation');
  const shown = rowsOf(all, groups, { by: 'run', isDescending: false }, (key) =>
    key.endsWith('swish'),
  );
  expect(shown).toHaveLength(2 + 2);
});

test('the mean of a group has the sample standard deviation, and NaN is not left out', () => {
  const best = runColumns['best']!;
  expect(spreadOf(best, all.slice(0, 2))).toEqual({
    n: 2,
    mean: expect.closeTo(0.98, 9),
    sd: expect.closeTo(Math.SQRT2 / 100, 9),
  });
  expect(spreadOf(best, all.slice(0, 3))?.mean).toBeNaN();
  expect(spreadOf(best, all.slice(3, 4))).toBeNull();
});

test.each<[Partial<RunInfo>, RegExp | null]>([
  [{}, null],
  [{ seed: 7 }, null],
  [{ network: 'Softmax' }, /networks/],
  [{ snapshot: 'other' }, /images/],
  [{ learningRate: 0.1 }, /optimizer/],
])('a group with a run of %o says what it mixes', (other, said) => {
  const [group] = groupsOf([run({ run: 'r1' }), run({ run: 'r2', ...other })], 'activation');
  if (said === null) expect(group?.caution).toBeNull();
  else expect(group?.caution).toMatch(said);
});

test('every state has a column text, and every column a value', () => {
  const states: readonly RunStatus[] = ['queued', 'running', 'paused', 'stopped', 'finished'];
  for (const status of states)
    expect(runColumns['status']!.value(run({ run: 'r1', status }))).not.toBe('');
});

const later = { run: 'r9', repeats: null, follows: null, cameFrom: null };

test.each<[string, Partial<RunInfo>, string | null, string]>([
  ['repeats one', { repeats: { run: 'r1', identical: null } }, 'r1', 'Repeats r1.'],
  ['goes on', { follows: { run: 'r2', isContinued: true } }, 'r2', 'Goes on .+ by r2\\.'],
  ['begins anew', { follows: { run: 'r2', isContinued: false } }, 'r2', 'Begins anew, after r2\\.'],
  [
    'repeats one that follows another',
    { repeats: { run: 'r3', identical: true }, follows: { run: 'r2', isContinued: true } },
    'r3',
    'Repeats r3.',
  ],
  [
    'lost what it repeats',
    { repeats: { run: 'r7', identical: null } },
    null,
    'r7, which has since been removed\\.',
  ],
  ['came in a capsule', { cameFrom: 'r4' }, null, 'capsule; it was r4'],
])('a run that %s says so, with the way to the older one', (_what, told, older, sentence) => {
  const origin = originOf(run({ ...later, ...told }), (name) =>
    all.some((each) => each.run === name),
  );
  expect(origin).toMatchObject({ older, sentence: expect.stringMatching(sentence) });
});

test('a run that was begun by itself has no origin', () => {
  expect(originOf(run(later), () => true)).toBeNull();
});
