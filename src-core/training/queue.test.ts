import { describe, expect, test } from 'vitest';
import type { RunId } from '../workspace/records.ts';
import { added, from, idsOf, placed, reordered, without, type Queue } from './queue.ts';

const id = (number: number) => `r${number}` as RunId;
const ids = (...numbers: readonly number[]) => numbers.map(id);

/** Runs that wait, by number, at the places 2, 4, 6, … */
const queue = (...numbers: readonly number[]): Queue =>
  numbers.map((number, i) => ({ id: id(number), place: 2 * i + 2 }));

describe('runs get', () => {
  test.each<[string, readonly (number | null)[], readonly number[]]>([
    ['the end of the queue, in their order', [null, null, null], [7, 8, 9]],
    ['the place they had', [3, 1], [3, 1]],
    ['one or the other', [null, 2, null], [7, 2, 9]],
  ])('%s', (_, before, after) => {
    const runs = before.map((place, i) => ({ id: id(i + 1), place }));
    const given = placed(runs, 7);
    expect(given.map(({ place }) => place)).toEqual(after);
    expect(idsOf(given)).toEqual(runs.map((run) => run.id));
  });
});

describe('a run is added', () => {
  test.each<[string, number, readonly RunId[]]>([
    ['to the front', 1, ids(9, 1, 2, 3)],
    ['between two', 5, ids(1, 2, 9, 3)],
    ['behind one of the same place', 4, ids(1, 2, 9, 3)],
    ['at the end', 8, ids(1, 2, 3, 9)],
  ])('%s, by its place', (_, place, order) => {
    expect(idsOf(added(queue(1, 2, 3), { id: id(9), place }))).toEqual(order);
  });

  test('whatever the order in which they come, the places decide', () => {
    const waiting = queue(4, 1, 3, 2);
    for (const order of [waiting, waiting.toReversed(), [2, 0, 3, 1].map((i) => waiting[i]!)])
      expect(order.reduce<Queue>(added, [])).toEqual(waiting);
  });
});

test('runs leave the queue, wherever they are in it, and the others keep their places', () => {
  const left = without(queue(1, 2, 3, 4), ids(3, 1, 9));
  expect(left).toEqual([
    { id: 'r2', place: 4 },
    { id: 'r4', place: 8 },
  ]);
});

test('a run and those behind it; none where it does not wait', () => {
  expect(idsOf(from(queue(1, 2, 3), id(2)))).toEqual(ids(2, 3));
  expect(from(queue(1, 2, 3), id(9))).toEqual([]);
});

describe('another order', () => {
  test('gives out the same places', () => {
    expect(reordered(queue(1, 2, 3), ids(3, 1, 2))).toEqual(queue(3, 1, 2));
    expect(reordered([], [])).toEqual([]);
  });

  test.each([
    ['leaves one out', ids(1, 2)],
    ['names one twice', ids(1, 2, 2)],
    ['names one that does not wait', ids(1, 2, 9)],
    ['names one more', ids(1, 2, 3, 9)],
  ])('is none where it %s', (_, order) => {
    expect(reordered(queue(1, 2, 3), order)).toBeNull();
  });
});
