/** @file A forecast says what freezing then does, for datasets with and without parts and labels, also after changes. */
import { expect, it } from 'vitest';
import { image, importAll, temporaryWorkspace, toTraining } from '../workspace/fixture.ts';
import type { NewImage } from '../workspace/imports.ts';
import type { AssignSplits } from '../workspace/splits.ts';
import { createForecasts } from './forecasts.ts';
import { freezeSnapshot } from '../data/snapshot.ts';

const many = (count: number, of: (i: number) => NewImage) =>
  Array.from({ length: count }, (_, i) => of(i));
const large = (name: string, label: string): NewImage => ({
  ...image(name, 9, label),
  blob: {
    bytes: new Uint8Array(200 * 200 * 3),
    ...{ encoding: 'raw', width: 200, height: 200 },
    channels: 3,
    depth: 8,
  },
});
const untouched: AssignSplits = ({ current }) => current;

it.each([
  ['all in training', many(30, (i) => image(`${i}`, i, i % 3 ? 'a' : 'b')), toTraining],
  ['without parts', many(60, (i) => image(`${i}`, i, i % 4 ? 'a' : 'b')), untouched],
  [
    'with parts',
    many(40, (i) => image(`${i}`, i, i % 2 ? 'a' : 'b', i % 5 ? 'train' : 'test')),
    untouched,
  ],
  [
    'with unlabeled images',
    many(40, (i) => image(`${i}`, i, i % 2 ? (i % 3 ? 'a' : 'b') : null)),
    untouched,
  ],
  [
    'of several sizes',
    [...many(30, (i) => image(`${i}`, i, i % 2 ? 'a' : 'b')), large('x', 'a')],
    untouched,
  ],
])('a dataset %s', (_, images, assign) => {
  const workspace = temporaryWorkspace();
  const session = workspace.beginImport('digits', {});
  session.add(images);
  session.commit(['a', 'b'], assign);
  const dataset = workspace.datasets.get('digits');
  const before = workspace.splits.counts(dataset.id);
  const {
    images: counts,
    trainByClass,
    shape,
    classes,
    unlabeled,
  } = createForecasts(workspace).of(dataset.id);
  expect(workspace.splits.counts(dataset.id)).toEqual(before);
  const snapshot = freezeSnapshot(workspace, dataset);
  const { train, validation, test } = snapshot.ranges;
  expect(counts).toEqual({
    train: train.end - train.start,
    validation: validation.end - validation.start,
    test: test.end - test.start,
  });
  const labels = [...snapshot.labels.subarray(train.start, train.end)];
  expect(trainByClass).toEqual([0, 1].map((label) => labels.filter((one) => one === label).length));
  expect(shape).toEqual(snapshot.shape);
  expect(classes).toEqual(snapshot.classes);
  expect(unlabeled).toBe(images.filter(({ label }) => label === null).length);
});

it('shows the size of images that have no label yet, and none without images', () => {
  const workspace = temporaryWorkspace();
  importAll(workspace, [image('a', 1), image('b', 2)]);
  const empty = workspace.datasets.create('empty', 1);
  const forecast = createForecasts(workspace).of(workspace.datasets.get('digits').id);
  expect(forecast).toMatchObject({ unlabeled: 2, shape: { channels: 1, height: 2, width: 3 } });
  expect(createForecasts(workspace).of(empty.id)).toMatchObject({ unlabeled: 0, shape: null });
});

it('follows every change', async () => {
  const workspace = temporaryWorkspace();
  importAll(workspace, [image('a', 1, 'x'), image('b', 2, 'y'), image('c', 3)]);
  const { id } = workspace.datasets.get('digits');
  const forecasts = createForecasts(workspace);
  const first = forecasts.of(id);
  expect(first).toMatchObject({ trainByClass: [1, 1], unlabeled: 1 });
  expect(await forecasts.soon(id)).toBe(first);
  importAll(workspace, [large('d', 'x')]);
  expect(await forecasts.soon(id)).toMatchObject({
    trainByClass: [2, 1],
    shape: { channels: 3, height: 64, width: 64 },
  });
  const [, , , added] = workspace.datasets.images(id, { kind: 'all' }, 0, 9);
  workspace.images.remove(id, [added!.id]);
  expect(await forecasts.soon(id)).toEqual(first);
  const [x] = workspace.datasets.classes(id);
  workspace.classes.rename(id, x!.id, 'z');
  expect(forecasts.of(id).classes).toEqual(['z', 'y']);
});
