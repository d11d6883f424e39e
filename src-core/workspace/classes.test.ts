import { expect, test } from 'vitest';
import { classKeys } from './classes.ts';
import { image, importAll, temporaryWorkspace } from './fixture.ts';

/** Images 0 … 5: two of each of a, b, c. */
function three() {
  const workspace = temporaryWorkspace();
  const images = [...'aabbcc'].map((label, i) => image(`${i}`, i, label));
  const { dataset } = importAll(workspace, images);
  const [a, b, c] = workspace.classes.of(dataset).map(({ id }) => id);
  const all = () => workspace.datasets.images(dataset, { kind: 'all' }, 0, 100);
  return {
    workspace,
    dataset,
    a: a!,
    b: b!,
    c: c!,
    ids: all().map(({ id }) => id),
    labels: () => all().map((one) => one.class),
    order: () => workspace.classes.of(dataset).map(({ name, position }) => [name, position]),
  };
}

test('a merge moves the labels, says so in the history, and leaves no gap', () => {
  const { workspace, dataset, a, b, c, ids, labels, order } = three();
  expect(workspace.classes.merge(dataset, a, c)).toBe(2);
  expect(labels()).toEqual([c, c, b, b, c, c]);
  expect(order()).toEqual([
    ['b', 0],
    ['c', 1],
  ]);
  expect(workspace.labels.history(ids[0]!)).toMatchObject([
    { origin: 'import', from: null, to: a },
    { origin: 'human', from: a, to: c },
  ]);
  expect(workspace.classes.names(dataset).get(a)).toBe('a');
});

test('undo of an edit made before a merge goes on with the class merged into', () => {
  const { workspace, dataset, a, b, c, ids, labels } = three();
  workspace.labels.set(dataset, [ids[4]!], a, 'human');
  workspace.classes.merge(dataset, a, b);
  workspace.classes.merge(dataset, b, c);
  expect(labels()).toEqual([c, c, c, c, c, c]);
  workspace.labels.set(dataset, [ids[0]!], null, 'human');
  expect(workspace.labels.undo(dataset)).toBe(1);
  expect(workspace.labels.undo(dataset), 'from the heir of a to c: the same').toBe(0);
  expect(labels()).toEqual([c, c, c, c, c, c]);
});

test('undo never brings back a class that was removed', () => {
  const { workspace, dataset, a, b, ids, labels } = three();
  const before = labels();
  workspace.labels.set(dataset, ids.slice(0, 2), b, 'human');
  workspace.classes.remove(dataset, a);
  expect(workspace.labels.undo(dataset)).toBe(0);
  expect(labels()).toEqual([b, b, ...before.slice(2)]);
});

test('an id is never used for two classes', () => {
  const { workspace, dataset, b, c } = three();
  workspace.classes.merge(dataset, c, b);
  const { id, position, name } = workspace.classes.add(dataset, 'c');
  expect(id).toBeGreaterThan(c);
  expect([name, position]).toEqual(['c', 2]);
});

test('a class with images is not removed, and a name is not used twice', () => {
  const { workspace, dataset, a, b } = three();
  const { classes } = workspace;
  expect(() => classes.remove(dataset, a)).toThrow(/still has 2 images/);
  expect(() => classes.rename(dataset, a, 'b')).toThrow(/already a class b/);
  expect(() => classes.add(dataset, 'b')).toThrow(/already a class b/);
  classes.rename(dataset, b, 'B');
  expect(classes.of(dataset)[1]).toMatchObject({ id: b, name: 'B' });
});

test('an order must name every class once', () => {
  const { workspace, dataset, a, b, c, order } = three();
  workspace.classes.reorder(dataset, [c, a, b]);
  expect(order()).toEqual([
    ['c', 0],
    ['a', 1],
    ['b', 2],
  ]);
  for (const wrong of [
    [a, b],
    [a, b, b],
    [a, b, c, c],
  ])
    expect(() => workspace.classes.reorder(dataset, wrong)).toThrow(/no longer in the dataset/);
});

test('a key that is bound again leaves the class it was bound to', () => {
  const { workspace, dataset, a, b } = three();
  workspace.classes.bind(dataset, a, 'x');
  workspace.classes.bind(dataset, b, 'x');
  expect(workspace.classes.of(dataset).map(({ key }) => key)).toEqual([null, 'x', null]);
});

test('colors differ as long as there are enough', () => {
  const { workspace, dataset } = three();
  for (let i = 0; i < 9; i++) workspace.classes.add(dataset, `more ${i}`);
  expect(new Set(workspace.classes.of(dataset).map(({ color }) => color)).size).toBe(12);
});

test.each([
  ['digits have their own', ['3', '1', '0'], [], ['3', '1', '0']],
  ['others count from 1', ['cat', 'dog'], [], ['1', '2']],
  ['others leave digits theirs', ['cat', '1'], [], ['2', '1']],
  ['a bound key is taken', ['cat', 'dog', '5'], [null, '5', null], ['1', '5', '2']],
])('keys: %s', (_name, names, bound, keys) => {
  expect(classKeys(names.map((name, i) => ({ name, key: bound[i] ?? null })))).toEqual(keys);
});

test('keys run out, and none is a key of the labeling view', () => {
  const keys = classKeys(Array.from({ length: 40 }, (_, i) => ({ name: `c${i}`, key: null })));
  expect(keys.at(-1)).toBeNull();
  expect(keys.filter((key) => key !== null && 'dfu'.includes(key))).toEqual([]);
  expect(new Set(keys.filter((key) => key !== null)).size).toBe(33);
});
