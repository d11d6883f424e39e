import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { image, importAll, temporaryWorkspace } from '../workspace/fixture.ts';
import type { NewImage } from '../workspace/imports.ts';
import { ensureCache, openCache, type DecodeToTensor } from './cache.ts';
import { freezeSnapshot, type FreezeOptions } from './snapshot.ts';

const none: DecodeToTensor = () => Promise.reject(new Error('nothing to decode here'));

/** More images than a chunk holds. */
const many = Array.from({ length: 600 }, (_, i) => image(`${i}`, i % 256, `${i % 3}`));

function frozen(images: readonly NewImage[] = many, options: FreezeOptions = {}) {
  const workspace = temporaryWorkspace();
  importAll(workspace, images);
  const snapshot = freezeSnapshot(workspace, workspace.datasets.get('digits'), options);
  const file = (ending: string) => join(workspace.cacheFolder, `${snapshot.hash}.${ending}`);
  return { workspace, snapshot, file };
}

describe('the tensor cache', () => {
  test('holds every pixel and label in snapshot order', async () => {
    const { workspace, snapshot } = frozen();
    const cache = await ensureCache(workspace, snapshot, { decode: none });
    const { labels, ranges, shape, classes } = snapshot;
    expect(cache).toMatchObject({
      hash: snapshot.hash,
      count: 600,
      labels,
      ranges,
      shape,
      classes,
    });
    const pixels = cache.readPixels({ start: 0, end: 600 });
    for (let i = 0; i < 600; i++) {
      const blob = workspace.blobs.get(snapshot.hashes.subarray(i * 32, (i + 1) * 32));
      expect(Buffer.from(pixels.subarray(i * 6, (i + 1) * 6))).toEqual(blob!.bytes);
    }
    expect(cache.readPixels({ start: 300, end: 310 })).toEqual(pixels.slice(1800, 1860));
    expect(() => cache.readPixels({ start: 590, end: 601 })).toThrow(RangeError);
  });

  test('opens from the folder alone, and tells its progress while built', async () => {
    const { workspace, snapshot } = frozen();
    const seen: number[] = [];
    await ensureCache(workspace, snapshot, { decode: none, onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([256, 512, 600]);
    expect(openCache(workspace.cacheFolder, snapshot.hash).labels).toEqual(snapshot.labels);
    expect(readdirSync(workspace.cacheFolder)).toHaveLength(3);
  });

  test('asks the decoder for what is not plain, with the snapshot’s shape', async () => {
    const shape = { channels: 3, height: 4, width: 4 } as const;
    const { workspace, snapshot } = frozen(many.slice(0, 10), { shape });
    const decode: DecodeToTensor = (blob, asked) => {
      expect(asked).toEqual(shape);
      return Promise.resolve(new Uint8Array(48).fill(blob.bytes[0]! + 1));
    };
    const cache = await ensureCache(workspace, snapshot, { decode });
    const total = cache.readPixels({ start: 0, end: 10 }).reduce((sum, byte) => sum + byte, 0);
    expect(total).toBe(48 * 55);
  });

  test('is not built again while it is whole', async () => {
    const shape = { channels: 1, height: 1, width: 1 } as const;
    const { workspace, snapshot } = frozen(many.slice(0, 10), { shape });
    let decoded = 0;
    const decode: DecodeToTensor = () => Promise.resolve(Uint8Array.of(++decoded));
    await ensureCache(workspace, snapshot, { decode });
    await ensureCache(workspace, snapshot, { decode });
    expect(decoded).toBe(10);
  });

  test.each<[string, (file: (ending: string) => string) => void]>([
    ['cut pixels', (file) => truncateSync(file('pixels'), 1000)],
    ['cut labels', (file) => truncateSync(file('labels'), 4)],
    ['cut header', (file) => truncateSync(file('json'), 20)],
    ['another version’s header', (file) => writeFileSync(file('json'), '{"format":0}')],
    ['no pixels', (file) => rmSync(file('pixels'))],
    ['no header', (file) => rmSync(file('json'))],
  ])('with %s is refused by the trainer and rebuilt by the owner', async (_, damage) => {
    const { workspace, snapshot, file } = frozen();
    await ensureCache(workspace, snapshot, { decode: none });
    const pixels = readFileSync(file('pixels'));
    damage(file);
    expect(() => openCache(workspace.cacheFolder, snapshot.hash)).toThrow(
      expect.objectContaining({ code: 'cache-missing' }),
    );
    await ensureCache(workspace, snapshot, { decode: none });
    expect(readFileSync(file('pixels'))).toEqual(pixels);
  });

  test('stays whole while a second build of it ends', async () => {
    const shape = { channels: 1, height: 1, width: 1 } as const;
    const { workspace, snapshot } = frozen(many.slice(0, 10), { shape });
    const held = Promise.withResolvers<void>();
    const pixel = Uint8Array.of(1);
    // Both begin while there is none, as for two runs that are started together.
    const second = ensureCache(workspace, snapshot, {
      decode: () => held.promise.then(() => pixel),
    });
    await ensureCache(workspace, snapshot, { decode: () => Promise.resolve(pixel) });
    held.resolve();
    let isOver = false;
    const over = second.then(() => (isOver = true));
    while (!isOver) {
      expect(openCache(workspace.cacheFolder, snapshot.hash).count).toBe(10);
      await setImmediate();
    }
    await over;
    expect(readdirSync(workspace.cacheFolder)).toHaveLength(3);
  });

  test('leaves nothing behind when decoding fails or is called off', async () => {
    const shape = { channels: 1, height: 1, width: 1 } as const;
    const { workspace, snapshot } = frozen(many, { shape });
    await expect(ensureCache(workspace, snapshot, { decode: none })).rejects.toThrow(
      /nothing to decode/,
    );
    const stop = new AbortController();
    const decode: DecodeToTensor = () => Promise.resolve(new Uint8Array(1));
    const build = ensureCache(workspace, snapshot, {
      decode,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(build).rejects.toThrow('enough');
    expect(readdirSync(workspace.cacheFolder)).toEqual([]);
  });

  test('takes no path for a hash', () => {
    const { workspace } = frozen();
    expect(() => openCache(workspace.cacheFolder, '../inkling')).toThrow(RangeError);
    expect(existsSync(workspace.cacheFolder)).toBe(true);
  });
});
