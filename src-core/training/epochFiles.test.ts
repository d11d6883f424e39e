import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensors } from '../engine/engine.ts';
import { temporaryFolder } from '../workspace/fixture.ts';
import { epochFiles, isKept, keepEpoch } from './epochFiles.ts';
import { loadEngine } from './engines.ts';
import { train } from './loop.ts';
import { readStored } from './stored.ts';
import { brightHalves, options, ports, smallSpec } from './testing.ts';

const params: Tensors = { 'dense1/kernel': { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } };
const fileBytes = 16;

/** The last byte is part of a value. */
const changed = (bytes: Buffer): Buffer => {
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
};

const keptAfter = (last: number, room: number): number[] =>
  Array.from({ length: last }, (_, i) => i + 1).filter((epoch) => isKept(epoch, last, room));

describe('the epochs that are kept', () => {
  it.each([
    [20, 64],
    [64, 64],
    [200, 64],
    [1000, 64],
    [100_000, 40],
    [50, 4],
  ])('after %i, with room for %i, fit and reach from the first to near the last', (last, room) => {
    const kept = keptAfter(last, room);
    expect(kept.length).toBeLessThanOrEqual(room);
    expect(kept[0]).toBe(1);
    if (last <= room) expect(kept).toHaveLength(last);
    expect(last - kept.at(-1)!).toBeLessThanOrEqual((4 * last) / room);
  });

  it('are never one that was let go before', () => {
    for (let last = 2; last < 400; last++) {
      const before = new Set(keptAfter(last - 1, 24));
      expect(keptAfter(last, 24).every((epoch) => epoch === last || before.has(epoch))).toBe(true);
    }
  });
});

describe('files of epochs', () => {
  it('are thinned as they are written, and hold what was given', async () => {
    const folder = join(temporaryFolder(), 'r1');
    for (let epoch = 1; epoch <= 30; epoch++)
      await keepEpoch(folder, { epoch, params }, 8 * fileBytes);
    expect(epochFiles(folder).map(({ epoch }) => epoch)).toEqual(keptAfter(30, 8));
    const stored = await readStored(folder, 'epoch-1.safetensors');
    expect(stored).toEqual({ params, optimizer: null, step: 0 });
  });

  it('are not written where there is room for too few', async () => {
    const folder = join(temporaryFolder(), 'r1');
    await keepEpoch(folder, { epoch: 1, params }, 3 * fileBytes);
    expect(epochFiles(folder)).toEqual([]);
  });

  it.each([
    ['cut', (file: string) => truncateSync(file, readFileSync(file).length - 1)],
    ['changed', (file: string) => writeFileSync(file, changed(readFileSync(file)))],
    ['of something else', (file: string) => writeFileSync(file, 'hello')],
  ])('that are %s are refused', async (_, spoil) => {
    const folder = join(temporaryFolder(), 'r1');
    await keepEpoch(folder, { epoch: 1, params }, 1e6);
    spoil(join(folder, 'epoch-1.safetensors'));
    await expect(readStored(folder, 'epoch-1.safetensors')).rejects.toMatchObject({
      code: 'checkpoint-damaged',
    });
  });
});

it('a run keeps what predicts after every epoch, the average where there is one', async () => {
  const onnx = await loadEngine('onnx');
  const folder = temporaryFolder();
  const { ports: own } = ports(onnx, brightHalves([100, 20, 30]), folder);
  const request = {
    spec: smallSpec([{ kind: 'flatten' }, { kind: 'dense', units: 4 }]),
    options: options({ epochs: 3, averaging: { decay: 0.9 } }),
    snapshot: 'a'.repeat(64),
    device: 'cpu',
    resumeFrom: null,
    startHash: null,
    isExtended: false,
  };
  await train(request, { ...own, epochBytesMax: 1e6 });
  expect(epochFiles(folder).map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  const last = await readStored(folder, 'last-18.safetensors');
  const third = await readStored(folder, 'epoch-3.safetensors');
  expect(third.params).toEqual(last.params);
  // The optimizer's memory belongs to the parameters that are trained, not to their average.
  expect(last.optimizer).toBeNull();
  expect((await readStored(folder, 'epoch-2.safetensors')).params).not.toEqual(last.params);
});
