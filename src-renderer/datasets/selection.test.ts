/** @file What is chosen, click by click. */
import type { ImageFilter } from '../../src-core/contract.ts';
import { describe, expect, it } from 'vitest';
import {
  anchored,
  chosen,
  chosenCount,
  chosenMax,
  everything,
  extended,
  isChosen,
  mayLeave,
  nothing,
  targetOf,
  toggled,
  type Change,
  type Selection,
} from './selection.ts';

const idsOf = (selection: Selection | null): number[] =>
  selection?.kind === 'images' ? [...selection.ids].sort((a, b) => a - b) : [];

it('adds an image and takes it out again', () => {
  const one = toggled(nothing, 7, 0);
  expect(idsOf(one)).toEqual([7]);
  expect(idsOf(toggled(one, 7, 0))).toEqual([]);
  expect(idsOf(nothing)).toEqual([]);
});

it('a range grows and shrinks from the anchor, beside what was chosen before', () => {
  const before = toggled(toggled(nothing, 100, 50), 3, 2);
  const longer = extended(before, [3, 4, 5, 6]);
  expect(idsOf(longer)).toEqual([3, 4, 5, 6, 100]);
  expect(idsOf(extended(longer ?? nothing, [3, 4]))).toEqual([3, 4, 100]);
});

it('a new anchor keeps the range that was drawn', () => {
  const first = extended(toggled(nothing, 1, 0), [1, 2]) ?? nothing;
  expect(idsOf(extended(anchored(first, 9), [10]))).toEqual([1, 2, 10]);
});

it('refuses more than can be sent by id', () => {
  const many = Array.from({ length: chosenMax }, (_, i) => i + 1);
  expect(idsOf(extended(nothing, many))).toHaveLength(chosenMax);
  expect(extended(chosen([chosenMax + 1]), many)).toBeNull();
});

describe('a whole view', () => {
  it('holds every image', () => {
    expect(isChosen(everything, 12345)).toBe(true);
    expect(chosenCount(everything, 1_000_000)).toBe(1_000_000);
  });

  it('becomes one image when one is clicked', () => {
    expect(idsOf(toggled(everything, 5, 4))).toEqual([5]);
  });
});

describe('an action is about', () => {
  it.each<[string, Selection, object]>([
    ['the view where nothing is chosen', nothing, { kind: 'view', view: 'v' }],
    ['the chosen images', chosen([2, 9]), { kind: 'images', ids: [2, 9] }],
    ['the view where all of it is chosen', everything, { kind: 'view', view: 'v' }],
  ])('%s', (_, selection, target) => {
    expect(targetOf(selection, 'v')).toEqual(target);
  });
});

it.each<[Change, ImageFilter, boolean]>([
  ['label', { classes: [0] }, true],
  ['label', { origins: ['model'] }, true],
  ['label', { text: 'a', parts: ['test'] }, false],
  ['part', { parts: ['none'] }, true],
  ['part', { classes: [1] }, false],
  ['flag', { flagged: true }, true],
  ['flag', { duplicate: true }, false],
  ['remove', {}, true],
])('%s under %j may leave the view: %s', (change, filter, leaves) => {
  expect(mayLeave(filter, change)).toBe(leaves);
});
