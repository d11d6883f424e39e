/** @file Names that are typed, names that are free, and the order of the table of datasets. */
import { expect, test } from 'vitest';
import type { DatasetInfo } from '../../src-core/contract.ts';
import { classesProblem, freeName, nameProblem, splitNames } from './names.ts';
import { columns, inOrder } from './order.ts';

test('a name is given, and given once', () => {
  expect(nameProblem('digits', ['cats'])).toBeNull();
  expect(nameProblem('  ', [])).toMatch(/name/);
  expect(nameProblem(' cats ', ['cats'])).toMatch(/Another/);
});

test('classes are separated by commas or lines, and differ', () => {
  expect(splitNames(' cat, dog\nbird ,,')).toEqual(['cat', 'dog', 'bird']);
  expect(classesProblem(['cat', 'dog'])).toBeNull();
  expect(classesProblem(['cat', 'dog', 'cat'])).toContain('cat');
});

test('a second sample gets a number', () => {
  expect(freeName('Sample', new Set())).toBe('Sample');
  expect(freeName('Sample', new Set(['Sample', 'Sample 2']))).toBe('Sample 3');
});

const dataset = (name: string, images: number, createdAt: number): DatasetInfo => ({
  ...{ id: createdAt, name, createdAt, images, unlabeled: 10 - images, flagged: 0, classes: [] },
  splits: { train: 0, validation: 0, test: 0, none: 0 },
  undo: null,
  redo: null,
});
const all = [dataset('set 10', 1, 3), dataset('Set 2', 5, 1), dataset('a', 5, 2)];

test.each([
  ['name', ['a', 'Set 2', 'set 10']],
  ['images', ['set 10', 'a', 'Set 2']],
  ['unlabeled', ['a', 'Set 2', 'set 10']],
  ['created', ['Set 2', 'a', 'set 10']],
] as const)('sorted by %s, names decide between equals', (by, names) => {
  expect(columns.some((column) => column.by === by)).toBe(true);
  expect(inOrder(all, by, false).map(({ name }) => name)).toEqual(names);
});
