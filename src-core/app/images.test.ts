import { describe, expect, test } from 'vitest';
import type { ImageFilter, ImageSort } from '../contract.ts';
import { image, importAll, temporaryFolder, temporaryWorkspace } from '../workspace/fixture.ts';
import { openWorkspace } from '../workspace/workspace.ts';
import { imageCalls } from './images.ts';

const byAge: ImageSort = { by: 'added', descending: false };

/** Twelve images n00 … n11 of classes a and b in turn, the last two unlabeled; n10 and n11 are the same picture. */
function twelve(folder = temporaryFolder()) {
  const workspace = temporaryWorkspace(folder);
  const images = Array.from({ length: 12 }, (_, i) =>
    image(`n${String(i).padStart(2, '0')}`, Math.min(i, 10), i < 10 ? 'ab'[i % 2]! : null),
  );
  const { dataset } = importAll(workspace, images);
  const told: number[] = [];
  const calls = imageCalls(workspace, { now: () => 1, changed: (id) => told.push(id) });
  const [a, b] = workspace.classes.of(dataset).map(({ id }) => id);
  const open = (filter: ImageFilter = {}, sort = byAge) =>
    calls.images.open({ dataset, filter, sort });
  const names = async (filter: ImageFilter = {}, sort = byAge): Promise<string[]> => {
    const { view, count } = await open(filter, sort);
    const { ids } = await calls.images.range({ view, from: 0, to: Math.max(0, count - 1) });
    const infos = await Promise.all(ids.map((id) => calls.images.info({ image: id })));
    return infos.map(({ name }) => name);
  };
  const idsOf = async (filter: ImageFilter = {}): Promise<number[]> =>
    (await calls.images.range({ view: (await open(filter)).view, from: 0, to: 99 })).ids;
  return { workspace, dataset, calls, told, a: a!, b: b!, open, names, idsOf };
}

describe('views', () => {
  test('follow every change, whoever makes it', async () => {
    const { workspace, dataset, calls, a, b, names, idsOf } = twelve();
    expect(await names({ classes: [0] })).toEqual(['n10', 'n11']);
    const ids = await idsOf({ classes: [0] });
    await calls.labels.set({ dataset, target: { kind: 'images', ids }, class: b });
    expect(await names({ classes: [0] })).toEqual([]);
    expect(await names({ origins: ['human'] })).toEqual(['n10', 'n11']);
    workspace.classes.merge(dataset, a, b);
    expect((await names({ classes: [b] })).length).toBe(12);
    importAll(workspace, [image('new', 77, 'b')]);
    expect(await names({ text: 'NE' })).toEqual(['new']);
    await calls.labels.undo({ dataset });
    expect(await names({ classes: [0] })).toEqual(['n10', 'n11']);
  });

  test('show twins, parts and flags, and count what each value would leave', async () => {
    const { dataset, calls, a, b, names, idsOf, open } = twelve();
    expect(await names({ duplicate: true })).toEqual(['n10', 'n11']);
    expect(await names({ parts: ['none'] })).toEqual(['n10', 'n11']);
    const ids = (await idsOf()).slice(0, 3);
    await calls.images.flag({ dataset, target: { kind: 'images', ids }, flagged: true });
    await calls.splits.assign({ dataset, target: { kind: 'images', ids }, part: 'test' });
    expect(await names({ flagged: true, parts: ['test'] })).toEqual(['n00', 'n01', 'n02']);
    const { facets, count } = await open({ flagged: true, classes: [b] });
    expect(count).toBe(1);
    expect(facets.classes).toEqual([
      { id: a, count: 2 },
      { id: b, count: 1 },
      { id: 0, count: 0 },
    ]);
    expect(facets.flagged).toBe(1);
    expect(calls.datasetInfo(dataset)).toMatchObject({
      images: 12,
      unlabeled: 2,
      flagged: 3,
      splits: { train: 7, test: 3, none: 2 },
    });
  });

  test('sort by name and by what was labeled last', async () => {
    const { dataset, calls, a, names, idsOf } = twelve();
    const [first] = await idsOf({ classes: [0] });
    await calls.labels.set({ dataset, target: { kind: 'images', ids: [first!] }, class: a });
    expect((await names({}, { by: 'labeled', descending: true }))[0]).toBe('n10');
    expect((await names({}, { by: 'name', descending: true }))[0]).toBe('n11');
    const classes = await names({}, { by: 'class', descending: false });
    expect(classes.slice(0, 2).concat(classes.slice(-2))).toEqual(['n00', 'n02', 'n09', 'n11']);
  });

  test('stay as they were opened; one that is forgotten is refused', async () => {
    const { dataset, calls, a, open } = twelve();
    const { view, count } = await open({ classes: [0] });
    const target = { kind: 'view', view } as const;
    expect(await calls.labels.set({ dataset, target, class: a })).toEqual({ changed: count });
    const { ids } = await calls.images.range({ view, from: 1, to: 0 });
    expect(ids.length).toBe(2);
    expect(await calls.images.locate({ view, image: ids[1]! })).toEqual({ position: 1 });
    await Promise.all(Array.from({ length: 30 }, () => open()));
    await expect(calls.images.locate({ view, image: 1 })).rejects.toThrow(/no longer open/);
  });

  test('of another dataset are no target', async () => {
    const { workspace, calls, a, open } = twelve();
    const { dataset } = importAll(workspace, [image('x', 1, 'z')], 'other');
    const target = { kind: 'view', view: (await open()).view } as const;
    await expect(calls.labels.set({ dataset, target, class: a })).rejects.toThrow(/no longer open/);
  });
});

test('figures are the same from the store and from memory', async () => {
  const { dataset, calls, open } = twelve();
  const before = calls.datasetInfo(dataset);
  await open();
  expect(calls.datasetInfo(dataset)).toEqual(before);
});

test('undo says what it is about, reaches back over a restart, and gives labels back to who gave them', async () => {
  const folder = temporaryFolder();
  const first = openWorkspace(folder, { clock: () => 5 });
  const { dataset } = importAll(first, [
    image('0', 0, 'a'),
    image('1', 1, 'a'),
    image('2', 2, 'b'),
  ]);
  const [, b] = first.classes.of(dataset);
  const before = imageCalls(first, { now: () => 1, changed: () => {} });
  const { view } = await before.images.open({ dataset, filter: {}, sort: byAge });
  await before.labels.set({ dataset, target: { kind: 'view', view }, class: b!.id });
  first.close();
  const workspace = temporaryWorkspace(folder);
  const calls = imageCalls(workspace, { now: () => 2, changed: () => {} });
  expect(calls.datasetInfo(dataset)).toMatchObject({ undo: 'label 2 images b', redo: null });
  const count = async (origin: 'human' | 'import') =>
    (await calls.images.open({ dataset, filter: { origins: [origin] }, sort: byAge })).count;
  expect(await count('human')).toBe(2);
  expect(await calls.labels.undo({ dataset })).toEqual({ changed: 2 });
  expect([await count('human'), await count('import')]).toEqual([0, 3]);
  expect(calls.datasetInfo(dataset)).toMatchObject({ undo: null, redo: 'label 2 images b' });
  expect(await calls.labels.redo({ dataset })).toEqual({ changed: 2 });
  expect(await count('human')).toBe(2);
  expect(await calls.labels.redo({ dataset })).toEqual({ changed: null });
});

test('removed images take their pictures along, unless another image has them', async () => {
  const { workspace, dataset, calls, told, names, idsOf } = twelve();
  const ids = await idsOf();
  expect(workspace.blobs.count()).toBe(11);
  const target = { kind: 'images' as const, ids: [ids[0]!, ids[10]!] };
  expect(await calls.images.remove({ dataset, target })).toEqual({ changed: 2 });
  expect(workspace.blobs.count()).toBe(10);
  expect(await names({ duplicate: true })).toEqual([]);
  expect((await names()).length).toBe(10);
  expect(told).toEqual([dataset]);
  await expect(calls.images.info({ image: ids[0]! })).rejects.toThrow(/no longer in the dataset/);
  await expect(calls.images.remove({ dataset, target })).rejects.toThrow(/no longer/);
});

test('removing during an import leaves it its pictures', async () => {
  const { workspace, dataset, calls, idsOf } = twelve();
  const session = workspace.beginImport('other');
  session.add([image('again', 3, 'z')]);
  const ids = await idsOf();
  await calls.images.remove({ dataset, target: { kind: 'images', ids: ids.slice(2, 5) } });
  session.commit(['z'], ({ current }) => current);
  expect(workspace.blobs.count()).toBe(9);
  expect(workspace.check().problems).toEqual([]);
});

test('parts are redrawn for all, and shares that do not add up are refused', async () => {
  const { dataset, calls, open } = twelve();
  const shares = { train: 0.5, validation: 0.25, test: 0.25 };
  await calls.splits.redraw({ dataset, ...shares, seed: 1 });
  const { splits } = calls.datasetInfo(dataset);
  expect(splits.none).toBe(0);
  expect(splits.train + splits.validation + splits.test).toBe(12);
  expect((await open({ parts: ['test'] })).count).toBe(splits.test);
  await expect(calls.splits.redraw({ dataset, ...shares, test: 0.5, seed: 1 })).rejects.toThrow(
    /add up to 1.25/,
  );
});

test('details tell the history by name, newest first, and the twins', async () => {
  const { dataset, calls, a, b, idsOf, workspace } = twelve();
  const [, , third] = await idsOf();
  const [, twin] = await idsOf({ duplicate: true });
  await calls.labels.set({ dataset, target: { kind: 'images', ids: [third!] }, class: b });
  workspace.classes.merge(dataset, a, b);
  const info = await calls.images.info({ image: third! });
  expect(info).toMatchObject({ name: 'n02', class: b, encoding: 'raw', bytes: 6, width: 3 });
  expect(info.history.map(({ origin, from, to }) => [origin, from, to])).toEqual([
    ['human', 'a', 'b'],
    ['import', null, 'a'],
  ]);
  expect((await calls.images.info({ image: twin! })).duplicates).toMatchObject([{ name: 'n10' }]);
});

test('a page packs records and tiles, and stops where the view ends', async () => {
  const { dataset, calls, open, idsOf } = twelve();
  const ids = await idsOf();
  const chosen = { kind: 'images' as const, ids: [ids[11]!] };
  await calls.images.flag({ dataset, target: chosen, flagged: true });
  const { view } = await open();
  const page = await calls.pageOf(view, 9, 100, 16);
  expect(page.length).toBe(8 + 3 * (12 + 16 * 16 * 4));
  expect([page.readUInt32LE(0), page.readUInt32LE(4)]).toEqual([3, 16]);
  const records = [0, 1, 2].map((i) => {
    const at = 8 + 12 * i;
    return [page.readUInt32LE(at), page.readInt32LE(at + 4), page[at + 8], page[at + 9]];
  });
  expect(records).toEqual([
    [ids[9], 1, 1, 0],
    [ids[10], -1, 0, 0],
    [ids[11], -1, 0, 1],
  ]);
  const middle = 8 + 36 + 16 * 16 * 4 + (8 * 16 + 8) * 4;
  expect([...page.subarray(middle, middle + 4)]).toEqual([10, 10, 10, 255]);
  await expect(calls.pageOf(view, 0, 5000, 16)).rejects.toThrow(/5000 tiles/);
  await expect(calls.pageOf(view, 0, 5, 65)).rejects.toThrow(/65 pixels/);
  expect((await calls.imagePng(ids[0]!)).subarray(1, 4).toString()).toBe('PNG');
  expect(calls.originalOf(ids[1]!)).toEqual({ bytes: Buffer.alloc(6, 1), encoding: 'raw' });
});
