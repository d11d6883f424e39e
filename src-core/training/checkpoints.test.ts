import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tensors } from '../engine/engine.ts';
import { temporaryFolder } from '../workspace/fixture.ts';
import {
  parametersHash,
  pruneCheckpoints,
  readCheckpoint,
  readResumable,
  writeCheckpoint,
  type Checkpoint,
} from './checkpoints.ts';

const params: Tensors = {
  'dense1/kernel': { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  'dense1/bias': { shape: [2], data: Float32Array.of(5, 6) },
};

function checkpoint(step: number, average: Tensors | null = null): Checkpoint {
  const time = { seconds: 1.5, stepSeconds: 1, engineSeconds: 0.1 + 0.2 };
  return {
    settings: 'abc',
    progress: {
      step,
      stepsPerEpoch: 10,
      epochs: 3,
      lossSum: 0.1 + 0.7,
      correctSum: 5,
      ...time,
      epochStart: time,
      lastEpoch: null,
      best: null,
      epochsSinceBest: 1,
      stoppedEarly: false,
    },
    state: { params, optimizer: { 'm/dense1/kernel': params['dense1/kernel']! }, average },
  };
}

/** A folder with checkpoints of these steps. */
async function folderWith(...steps: number[]): Promise<string> {
  const folder = join(temporaryFolder(), 'r1');
  for (const step of steps) await writeCheckpoint(folder, 'last', checkpoint(step));
  return folder;
}

describe('a checkpoint', () => {
  it('too large to be read again is refused before it is written', async () => {
    const folder = join(temporaryFolder(), 'r1');
    // One array of 256 MiB, never touched, under eight names.
    const tensor = { shape: [2 ** 26], data: new Float32Array(2 ** 26) };
    const large = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`${n}`, tensor]));
    const { state, ...rest } = checkpoint(10);
    const written = writeCheckpoint(folder, 'last', {
      ...rest,
      state: { ...state, params: large },
    });
    await expect(written).rejects.toMatchObject({
      code: 'checkpoint-too-large',
      message: expect.stringMatching(/would have 2\.\d+ GiB; the limit is 2 GiB/),
    });
    expect(existsSync(folder)).toBe(false);
  });

  it.each([null, params])('is read as it was written, average %#', async (average) => {
    const folder = await folderWith();
    const written = await writeCheckpoint(folder, 'last', checkpoint(27, average));
    expect(written).toMatchObject({ file: 'last-27.safetensors', step: 27, epoch: 2 });
    expect(await readCheckpoint(folder, written.file)).toEqual(checkpoint(27, average));
    expect(readdirSync(folder)).toEqual(['last-27.safetensors']);
  });

  it.each([
    ['cut', (path: string) => truncateSync(path, 300)],
    ['emptied', (path: string) => truncateSync(path, 0)],
    ['changed in one bit of its values', (path: string) => flipLastBit(path)],
  ])('that was %s is refused, and the one before it taken', async (_what, damage) => {
    const folder = await folderWith(10, 20, 30);
    damage(join(folder, 'last-30.safetensors'));
    await expect(readCheckpoint(folder, 'last-30.safetensors')).rejects.toMatchObject({
      code: 'checkpoint-damaged',
      message: expect.stringContaining('last-30.safetensors'),
    });
    const { last } = await readResumable(folder, 'last-30.safetensors');
    expect(last).toMatchObject({ step: 20 });
  });

  it('that is not there is replaced by an older one, never by a newer', async () => {
    const folder = await folderWith(10, 30);
    expect(await readResumable(folder, 'last-20.safetensors')).toMatchObject({
      last: { step: 10 },
    });
    await expect(readResumable(folder, 'last-5.safetensors')).rejects.toMatchObject({
      code: 'checkpoint-damaged',
      message: expect.stringContaining('it is not there'),
    });
  });

  it('of another program is refused', async () => {
    const folder = await folderWith(10);
    const path = join(folder, 'last-10.safetensors');
    const text = readFileSync(path, 'latin1').replace(
      'inkling-checkpoint-1',
      'someone-checkpoint-1',
    );
    writeFileSync(path, text, 'latin1');
    await expect(readCheckpoint(folder, 'last-10.safetensors')).rejects.toMatchObject({
      message: expect.stringContaining('not a checkpoint of this program'),
    });
  });

  it('gives way to newer ones, with what a crash left, and nothing else does', async () => {
    const folder = await folderWith(10, 20, 30, 40);
    for (const name of ['last-15.safetensors.tmp', 'last-50.safetensors.tmp', 'notes.txt'])
      writeFileSync(join(folder, name), '');
    pruneCheckpoints(folder, 'last-30.safetensors', new Set(['last-20.safetensors']));
    expect(readdirSync(folder).sort()).toEqual([
      'last-20.safetensors',
      'last-30.safetensors',
      'last-40.safetensors',
      'last-50.safetensors.tmp',
      'notes.txt',
    ]);
    expect(existsSync(join(folder, 'last-10.safetensors'))).toBe(false);
  });
});

describe('the hash of parameters', () => {
  const kernel = params['dense1/kernel']!;
  it.each<[string, Tensors]>([
    ['a value', { ...params, 'dense1/bias': { shape: [2], data: Float32Array.of(5, 6.000001) } }],
    ['a name', { 'dense1/kernel': kernel, 'dense2/bias': params['dense1/bias']! }],
    ['a shape', { ...params, 'dense1/kernel': { ...kernel, shape: [4, 1] } }],
    ['the order', { 'dense1/bias': params['dense1/bias']!, 'dense1/kernel': kernel }],
  ])('changes with %s', (_what, other) =>
    expect(parametersHash(other)).not.toBe(parametersHash(params)),
  );

  it('is the same for the same', () =>
    expect(parametersHash(structuredClone(params))).toBe(parametersHash(params)));
});

function flipLastBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
}
