import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { temporaryWorkspace } from '../workspace/fixture.ts';
import type { NewImage } from '../workspace/imports.ts';
import { parts, type Part } from '../workspace/records.ts';
import { ensureCache } from './cache.ts';
import { freezeSnapshot, type FreezeOptions } from './snapshot.ts';
import { assignSplits } from './splits.ts';

type Picture = { width?: number; height?: number; channels?: number };

function picture(
  name: string,
  content: number,
  label: string | null,
  size: Picture = {},
): NewImage {
  const { width = 3, height = 2, channels = 1 } = size;
  const bytes = Buffer.alloc(width * height * channels);
  bytes.writeUInt32LE(content);
  const blob = { bytes, encoding: 'raw', width, height, channels, depth: 8 } as const;
  return { name, blob, label, part: null };
}

/** `count` images of three classes, with `prefix` in their names. */
function pictures(count: number, prefix = ''): NewImage[] {
  return Array.from({ length: count }, (_, i) => picture(`${prefix}${i}`, i, `${i % 3}`));
}

function workspaceOf(images: readonly NewImage[], classes = ['0', '1', '2']) {
  const workspace = temporaryWorkspace();
  const session = workspace.beginImport('digits');
  session.add(images);
  session.commit(classes, assignSplits);
  const dataset = workspace.datasets.get('digits');
  return {
    workspace,
    dataset,
    freeze: (options?: FreezeOptions) => freezeSnapshot(workspace, dataset, options),
  };
}

describe('a snapshot', () => {
  test('comes back from the store as it was frozen', () => {
    const { workspace, freeze } = workspaceOf(pictures(60));
    const snapshot = freeze();
    const stored = workspace.snapshots.get(snapshot.hash);
    expect(stored).toEqual({ ...snapshot, hashes: Buffer.from(snapshot.hashes) });
    expect(snapshot.ranges).toEqual({
      train: { start: 0, end: 48 },
      validation: { start: 48, end: 54 },
      test: { start: 54, end: 60 },
    });
  });

  test('of the same content is the same, and stored once', () => {
    const { workspace, freeze } = workspaceOf(pictures(60));
    expect(freeze().hash).toBe(freeze().hash);
    expect(workspace.check().counts).toMatchObject({ snapshot: 1, snapshot_item: 3 });
  });

  test('does not depend on names or on the order of import, where the source gives the parts', () => {
    const given = (images: NewImage[]) =>
      images.map((one, i) => ({ ...one, part: parts[i % 3]! satisfies Part }));
    const plain = workspaceOf(given(pictures(30)));
    const renamed = workspaceOf(given(pictures(30, 'scan-')).reverse());
    expect(renamed.freeze().hash).toBe(plain.freeze().hash);
  });

  test.each<[string, (images: NewImage[]) => NewImage[]]>([
    ['a label', ([first, ...rest]) => [{ ...first!, label: '1' }, ...rest]],
    ['a part', ([first, ...rest]) => [{ ...first!, part: 'test' }, ...rest]],
    ['a pixel', ([, ...rest]) => [{ ...picture('0', 999, '0'), part: 'train' }, ...rest]],
  ])('changes with %s', (_, change) => {
    const images = pictures(30).map((one, i) => ({ ...one, part: parts[i % 3]! }));
    expect(workspaceOf(change(images)).freeze().hash).not.toBe(workspaceOf(images).freeze().hash);
  });

  test('changes with the class names', () => {
    const images = pictures(30);
    const renamed = images.map((one) => ({ ...one, label: `class ${one.label}` }));
    const names = ['class 0', 'class 1', 'class 2'];
    expect(workspaceOf(renamed, names).freeze().hash).not.toBe(workspaceOf(images).freeze().hash);
  });

  test('leaves unlabeled images out, and draws a part for one that is labeled later', () => {
    const { workspace, dataset, freeze } = workspaceOf([...pictures(30), picture('new', 99, null)]);
    const before = freeze();
    expect(before.labels).toHaveLength(30);
    const [image] = workspace.datasets.images(dataset.id, { kind: 'unlabeled' }, 0, 1);
    const [zero] = workspace.datasets.classes(dataset.id);
    workspace.labels.set(dataset.id, [image!.id], zero!.id, 'human');
    expect(freeze().labels).toHaveLength(31);
    expect(workspace.splits.of(image!.id)).not.toBeNull();
  });

  test.each([
    ['fewer than two classes', [picture('a', 1, '0'), picture('b', 2, '0')], ['0']],
    ['no labeled images', [picture('a', 1, null)], ['0', '1']],
  ])('needs more than a dataset with %s', (problem, images, classes) => {
    const { freeze } = workspaceOf(images, classes);
    expect(freeze).toThrow(expect.objectContaining({ code: 'dataset-untrainable' }));
    expect(freeze).toThrow(problem);
  });
});

describe('a limited snapshot', () => {
  test('has so many training images, in proportion, and all the others', () => {
    const { freeze } = workspaceOf(pictures(600));
    const whole = freeze();
    const some = freeze({ limit: 100 });
    expect(some.ranges.train).toEqual({ start: 0, end: 100 });
    for (const label of [0, 1, 2]) {
      const count = some.labels.subarray(0, 100).filter((one) => one === label).length;
      expect(Math.abs(count - 100 / 3)).toBeLessThan(1);
    }
    const others = (one: typeof whole) =>
      Buffer.from(one.hashes.subarray(one.ranges.train.end * 32));
    expect(others(some)).toEqual(others(whole));
    expect(freeze({ limit: 100 }).hash).toBe(some.hash);
    expect(freeze({ limit: 10_000 }).hash).toBe(whole.hash);
  });

  test('is part of one with a larger limit', () => {
    const { freeze } = workspaceOf(pictures(600));
    const namesOf = (limit: number) => {
      const { hashes, ranges } = freeze({ limit });
      const name = (i: number) =>
        Buffer.from(hashes.subarray(i * 32, (i + 1) * 32)).toString('hex');
      return new Set(Array.from({ length: ranges.train.end }, (_, i) => name(i)));
    };
    expect([...namesOf(30)].filter((name) => !namesOf(300).has(name))).toEqual([]);
  });
});

describe('the input shape', () => {
  const sized = (...sizes: Picture[]) =>
    Array.from({ length: 12 }, (_, i) => picture(`${i}`, i, `${i % 3}`, sizes[i % sizes.length]));

  test.each<[string, Picture[], [number, number, number]]>([
    ['is the size all share', [{ width: 5, height: 7 }], [1, 7, 5]],
    ['is that size up to 128', [{ width: 128, height: 128 }], [1, 128, 128]],
    ['is 64×64 for larger ones', [{ width: 129, height: 20 }], [1, 64, 64]],
    [
      'is 64×64 for different ones',
      [
        { width: 5, height: 7 },
        { width: 7, height: 5 },
      ],
      [1, 64, 64],
    ],
    ['has three channels when one image has color', [{}, { channels: 3 }], [3, 2, 3]],
    ['has one channel for gray with alpha', [{ channels: 2 }], [1, 2, 3]],
  ])('%s', (_, sizes, [channels, height, width]) => {
    expect(workspaceOf(sized(...sizes)).freeze().shape).toEqual({ channels, height, width });
  });

  test('may be chosen', () => {
    const shape = { channels: 3, height: 32, width: 32 } as const;
    expect(workspaceOf(sized({})).freeze({ shape }).shape).toEqual(shape);
  });
});

const mnist = new URL('../../../shared/data/mnist/', import.meta.url);

describe.skipIf(!existsSync(mnist))('MNIST (skipped where ../shared/data/mnist is absent)', () => {
  /** The bytes of an IDX file behind its header. */
  const idx = (name: string, headerBytes: number) =>
    gunzipSync(readFileSync(new URL(`${name}.gz`, mnist))).subarray(headerBytes);

  test('goes in whole, gets its validation from train, and comes out of the cache as it was', async () => {
    const sources = [
      ['train', 'train'],
      ['t10k', 'test'],
    ] as const;
    const images = sources.flatMap(([file, part]) => {
      const pixels = idx(`${file}-images-idx3-ubyte`, 16);
      return [...idx(`${file}-labels-idx1-ubyte`, 8)].map((label, i): NewImage => {
        const bytes = pixels.subarray(i * 784, (i + 1) * 784);
        const blob = {
          bytes,
          encoding: 'raw',
          width: 28,
          height: 28,
          channels: 1,
          depth: 8,
        } as const;
        return { name: `${part}/${String(i).padStart(5, '0')}`, blob, label: `${label}`, part };
      });
    });
    const { workspace, freeze } = workspaceOf(images, [...'0123456789']);
    const snapshot = freeze();
    expect(snapshot.shape).toEqual({ channels: 1, height: 28, width: 28 });
    expect(snapshot.ranges.train.end).toBe(54_000);
    expect(snapshot.ranges.validation.end).toBe(60_000);
    expect(snapshot.ranges.test.end).toBe(70_000);
    const decode = () => Promise.reject(new Error('raw images need no decoder'));
    const cache = await ensureCache(workspace, snapshot, { decode });
    const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => total + byte, 0);
    expect(sum(cache.readPixels(cache.ranges.test))).toBe(sum(idx('t10k-images-idx3-ubyte', 16)));
  }, 60_000);
});
