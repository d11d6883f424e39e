/** @file What is wrong is said beside its field where that is on screen, and in the list where it is not. */
import { expect, test } from 'vitest';
import { placeOf } from './fieldPlaces.ts';
import { withValue } from './plan.ts';
import { placeNotes, refusals } from './problems.ts';
import { examplePlan } from './testing.ts';

const shown = new Set(['seeds', 'layers', 'layers.2', 'options.epochs']);
const place = (field: string) => placeNotes([{ field, message: 'why' }], (each) => shown.has(each));

test.each<[string, string | null]>([
  ['options.epochs', 'options.epochs'],
  ['seeds.3', 'seeds'],
  ['layers.2.kernel', 'layers.2'],
  ['layers.7.units', 'layers'],
  ['options.batchSize', null],
  ['', null],
])('a problem of %s is said beside %s', (field, beside) => {
  const placed = place(field);
  expect([...placed.beside.keys()]).toEqual(beside === null ? [] : [beside]);
  expect(placed.rest).toEqual(beside === null ? [{ field, message: 'why' }] : []);
});

test('several of one field are all said', () => {
  const notes = ['one', 'two'].map((message) => ({ field: 'seeds', message }));
  expect(placeNotes(notes, () => true).beside.get('seeds')).toEqual(['one', 'two']);
});

test.each<[string, unknown, RegExp]>([
  ['options.epochs', NaN, /Enter a/],
  ['options.epochs', 0, /Must be at least 1\./],
  ['options.epochs', 1.5, /whole number/],
  ['options.batchSize', 70_000, /Must be at most 65536\./],
  ['options.learningRate', 0, /Must be more than 0\./],
  ['limit', NaN, /Enter a/],
  ['layers.1.units', 9000, /Must be at most 8192\./],
  ['seeds', [], /There must be at least 1\./],
])('%s of %s is refused before the core is asked', (field, value, message) => {
  expect(refusals(withValue(examplePlan, field, value))).toEqual([
    { field, message: expect.stringMatching(message) },
  ]);
});

test('a plan that fits is not refused', () => {
  expect(refusals(examplePlan)).toEqual([]);
});

test.each<[string, 'basic' | 'more' | null]>([
  ['options.epochs', 'basic'],
  ['activations', 'basic'],
  ['options.optimizer.beta1', 'more'],
  ['options.optimizer.momentum', null],
  ['layers.1.units', 'more'],
  ['layers.1.activation', 'more'],
  ['layers.0.units', null],
  ['options.augmentation.noise', null],
])('%s is on screen: %s', (field, expected) => {
  expect(placeOf(examplePlan, field)).toBe(expected);
});
