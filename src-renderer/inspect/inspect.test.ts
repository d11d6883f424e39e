/** @file The pure parts of the view: cells, orders, subjects, and what follows what. */
import { describe, expect, it } from 'vitest';
import type { RunInfo } from '../../src-core/contract/training.ts';
import { pairImages, pairOf, underWay } from './following.ts';
import { movedIndex } from './galleryKeys.ts';
import { Judgments } from './judgments.ts';
import {
  cellAt,
  cellText,
  cellWords,
  classChanges,
  matrixGeometry,
  movedCell,
  strengthOf,
  worstCells,
} from './matrix.ts';
import { firstOrder, sortedRows, tableRows } from './perClass.ts';
import { firstPart, onOf, pairOn, valueOf } from './subject.ts';
import { percentOf, pointsOf } from './words.ts';

const classes = ['cat', 'dog', 'owl'];
const confusion = [
  [8, 2, 0],
  [1, 5, 4],
  [0, 0, 0],
];

describe('a confusion matrix', () => {
  it.each([2, 10, 30, 200, 1000])('of %i classes gives every cell back that it drew', (K) => {
    const names = Array.from({ length: K }, (_, k) => `class ${k}`);
    const geometry = matrixGeometry(names, 560);
    expect(geometry.cell).toBeGreaterThanOrEqual(4);
    const { left, top, cell } = geometry;
    for (const [label, predicted] of [
      [0, 0],
      [K - 1, 0],
      [1, K - 1],
    ] as const) {
      const point = { x: left + (predicted + 0.5) * cell, y: top + (label + 0.5) * cell };
      expect(cellAt(geometry, K, point, { x: 0, y: 0 })).toEqual({ label, predicted });
      expect(cellAt(geometry, K, point, { x: point.x, y: 0 }), 'under the names').toBeNull();
    }
    expect(cellAt(geometry, K, { x: left + K * cell + 1, y: top }, { x: 0, y: 0 })).toBeNull();
    expect(geometry.nameStep * cell).toBeGreaterThanOrEqual(14);
  });

  it('says its cells in words and figures', () => {
    const cell = { label: 1, predicted: 2 };
    expect(cellWords(classes, confusion, cell)).toBe(
      'labeled dog, predicted owl: 4 images, 40.0 % of those labeled dog',
    );
    expect(cellWords(classes, confusion, { label: 2, predicted: 2 })).toBe(
      'labeled owl, predicted owl: 0 images',
    );
    expect(cellText(confusion, cell, 'counts')).toBe('4');
    expect(cellText(confusion, cell, 'rates')).toBe('40');
    expect(cellText(confusion, { label: 2, predicted: 0 }, 'rates')).toBe('');
  });

  it('colors what is not there not at all, and all else so that it is seen', () => {
    expect(strengthOf(0)).toBe(0);
    expect(strengthOf(null)).toBe(0);
    expect(strengthOf(0.001)).toBeGreaterThan(0.06);
    expect(strengthOf(1)).toBe(0.5);
  });

  it('knows what is confused most', () => {
    expect(worstCells(confusion, 2)).toEqual([
      { label: 1, predicted: 2, count: 4 },
      { label: 0, predicted: 1, count: 2 },
    ]);
  });

  it('moves by keys and stays inside', () => {
    const at = { label: 0, predicted: 2 };
    expect(movedCell(at, 3, 'ArrowRight')).toEqual(at);
    expect(movedCell(at, 3, 'ArrowDown')).toEqual({ label: 1, predicted: 2 });
    expect(movedCell(at, 3, 'Home')).toEqual({ label: 0, predicted: 0 });
    expect(movedCell(at, 3, 'a')).toBeNull();
  });
});

it('changes of recall are listed by their size, of classes that both know', () => {
  const judged = (names: string[], recalls: (number | null)[]) => ({
    classes: names,
    perClass: recalls.map((recall) => ({ support: 5, recall })),
  });
  const changes = classChanges(
    judged(['a', 'b', 'c'], [0.5, 0.5, null]),
    judged(['c', 'b', 'a'], [1, 0.9, 0.4]),
  );
  expect(changes.map(({ name, before, after }) => [name, before, after])).toEqual([
    ['b', 0.5, 0.9],
    ['a', 0.5, 0.4],
    ['c', null, 1],
  ]);
});

it('the table of classes puts what is not known last, whichever way it is sorted', () => {
  const figures = (f1: number | null, support: number) => ({
    ...{ f1, support, predicted: 1, precision: f1, recall: f1 },
  });
  const perClass = [figures(0.9, 3), figures(null, 0), figures(0.2, 9)];
  const rows = tableRows({ classes, perClass }, null);
  const names = (order: Parameters<typeof sortedRows>[1]) =>
    sortedRows(rows, order).map(({ name }) => name);
  expect(names(firstOrder)).toEqual(['owl', 'cat', 'dog']);
  expect(names({ by: 'f1', isDescending: true })).toEqual(['cat', 'owl', 'dog']);
  expect(names({ by: 'support', isDescending: true })).toEqual(['owl', 'cat', 'dog']);
});

describe('what is judged', () => {
  it.each(['snapshot test', 'snapshot train', 'dataset 7 all', 'dataset 7 validation'])(
    '%s is the same after it went through the list',
    (value) => expect(valueOf(onOf(value))).toBe(value),
  );

  it('is at first what the run has not seen', () => {
    expect(firstPart({ train: 9, validation: 1, test: 1 })).toBe('test');
    expect(firstPart({ train: 9, validation: 0, test: 0 })).toBe('train');
  });

  it('is the same for two runs', () => {
    const on = { kind: 'snapshot', part: 'test' } as const;
    const a = { snapshot: 'x', dataset: { id: 3, name: 'd' } };
    expect(pairOn(on, a, { snapshot: 'x' })).toEqual(on);
    const now = { kind: 'dataset', dataset: 3, part: 'test' };
    expect(pairOn(on, a, { snapshot: 'y' })).toEqual(now);
    expect(pairOn(on, { ...a, dataset: null }, { snapshot: 'y' })).toBeNull();
    expect(pairImages(on, 3)).toEqual(now);
    expect(pairImages(on, null)).toBeNull();
  });
});

describe('runs that follow one another', () => {
  // Of a run, what is read here.
  const run = (name: string, follows: string | null, status: string) =>
    ({
      ...{ run: name, status },
      follows: follows === null ? null : { run: follows, isContinued: true },
    }) as RunInfo;
  const first = run('r1', null, 'finished');

  it('are a pair once the later one has finished, seen from either', () => {
    const list = [run('r3', 'r1', 'running'), run('r2', 'r1', 'finished'), first];
    expect(pairOf(list, 'r1')).toEqual({ before: 'r1', after: 'r2' });
    expect(pairOf(list, 'r2')).toEqual({ before: 'r1', after: 'r2' });
    expect(pairOf(list, 'r3')).toBeNull();
    expect(underWay(list, 'r1')?.run).toBe('r3');
    expect(underWay(list, 'r2')).toBeNull();
  });

  it('are none where the earlier one was removed', () => {
    expect(pairOf([run('r2', 'r1', 'finished')], 'r2')).toBeNull();
  });
});

it('arrow keys move in rows', () => {
  expect(movedIndex('ArrowDown', 1, 10, 4)).toBe(5);
  expect(movedIndex('ArrowDown', 8, 10, 4)).toBeNull();
  expect(movedIndex('ArrowLeft', 0, 10, 4)).toBeNull();
  expect(movedIndex('End', 0, 10, 4)).toBe(9);
  expect(movedIndex('x', 0, 10, 4)).toBeNull();
});

it('shares are never rounded to all or nothing', () => {
  expect([1, 0.9999, 0.5, 0, null].map((share) => percentOf(share))).toEqual([
    '100 %',
    '99.9 %',
    '50.0 %',
    '0 %',
    '–',
  ]);
  expect([0.012, -0.012, 0, null].map(pointsOf)).toEqual(['+1.2', '−1.2', '0.0', '–']);
});

it('an evaluation is asked for once, again after a failure, and again when its labels changed', async () => {
  let calls = 0;
  let fails = true;
  // The one call made, of the shape the contract gives it.
  const evaluate = (async () => {
    calls++;
    if (fails) throw new Error('no');
    return { evaluation: `e${calls}` };
  }) as unknown as ConstructorParameters<typeof Judgments>[0]['evaluate'];
  const judgments = new Judgments({ evaluate });
  const model = { kind: 'run', run: 'r1', epoch: null } as const;
  const own = { kind: 'snapshot', part: 'test' } as const;
  const live = { kind: 'dataset', dataset: 1, part: null } as const;
  await expect(judgments.of(model, own)).rejects.toThrow('no');
  fails = false;
  await judgments.of(model, own);
  await judgments.of(model, own);
  expect(calls).toBe(2);
  await judgments.of(model, live);
  judgments.forgetDataset(1);
  await judgments.of(model, own);
  await judgments.of(model, live);
  expect(calls).toBe(4);
});
