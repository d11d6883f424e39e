/** @file Addresses and the views they lead to. */
import { expect, test } from 'vitest';
import { links, parseRoute, type Route } from './route.svelte.ts';

test.each<[string, Route]>([
  ['', { kind: 'datasets' }],
  [links.datasets, { kind: 'datasets' }],
  [links.settings, { kind: 'settings' }],
  [links.dataset(3), { kind: 'dataset', dataset: 3 }],
  [links.labeling(12), { kind: 'labeling', dataset: 12 }],
  [links.try, { kind: 'try', dataset: null }],
  [links.draw(4), { kind: 'try', dataset: 4 }],
  ['#/datasets/0', { kind: 'datasets' }],
  ['#/datasets/-1', { kind: 'datasets' }],
  ['#/datasets/3/labels', { kind: 'datasets' }],
  ['#/datasets/99999999999999999999', { kind: 'datasets' }],
  ['#/elsewhere', { kind: 'datasets' }],
])('%s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});
