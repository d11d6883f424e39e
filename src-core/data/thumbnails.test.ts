import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { NewBlob } from '../workspace/blobs.ts';
import { Thumbnails, toPng } from './thumbnails.ts';

const raw = (width: number, height: number, bytes: readonly number[]): NewBlob => ({
  bytes: Uint8Array.from(bytes),
  encoding: 'raw',
  width,
  height,
  channels: 1,
  depth: 8,
});

async function tileOf(picture: NewBlob, side: number): Promise<number[][]> {
  const out = new Uint32Array(side * side);
  await new Thumbnails(() => picture).draw([1], side, out);
  const bytes = new Uint8Array(out.buffer);
  return Array.from({ length: side * side }, (_, i) => [...bytes.subarray(4 * i, 4 * i + 4)]);
}

test('a picture of the tile’s size is copied', async () => {
  const values = Array.from({ length: 256 }, (_, i) => i);
  const tile = await tileOf(raw(16, 16, values), 16);
  expect(tile).toEqual(values.map((v) => [v, v, v, 255]));
});

test('an even picture stays even at every size', async () => {
  for (const side of [16, 20, 31, 64])
    for (const size of [1, 7, 28, 65]) {
      const tile = await tileOf(raw(size, size, Array<number>(size * size).fill(200)), side);
      expect(new Set(tile.map(String)), `${size} to ${side}`).toEqual(new Set(['200,200,200,255']));
    }
});

test('what is not square stands whole in the middle, transparent around', async () => {
  const tile = await tileOf(raw(8, 4, Array<number>(32).fill(9)), 16);
  expect(tile[0]).toEqual([0, 0, 0, 0]);
  expect(tile[3 * 16 + 5]).toEqual([0, 0, 0, 0]);
  expect(tile[4 * 16]).toEqual([9, 9, 9, 255]);
  expect(tile[11 * 16 + 15]).toEqual([9, 9, 9, 255]);
  expect(tile[12 * 16]).toEqual([0, 0, 0, 0]);
});

const red = { r: 250, g: 20, b: 60 };
const colored = async (format: 'png' | 'jpeg', side: number): Promise<NewBlob> => {
  const image = sharp({ create: { width: side, height: side, channels: 3, background: red } });
  const bytes = await image.toFormat(format, { quality: 100 }).toBuffer();
  return { bytes, encoding: format, width: side, height: side, channels: 3, depth: 8 };
};

test.each([
  ['png', 40],
  ['jpeg', 40],
  ['jpeg', 300],
] as const)('a %s of %i pixels keeps its color', async (format, side) => {
  const [r, g, b, a] = (await tileOf(await colored(format, side), 24))[300]!;
  expect(Math.abs(r! - red.r) + Math.abs(g! - red.g) + Math.abs(b! - red.b)).toBeLessThan(8);
  expect(a).toBe(255);
});

test('decoded tiles are kept up to a limit, and read again beyond it', async () => {
  const pictures = [await colored('png', 20), await colored('png', 20), await colored('png', 20)];
  const reads: number[] = [];
  const thumbnails = new Thumbnails(
    (blob) => {
      reads.push(blob);
      return pictures[blob];
    },
    2 * 16 * 16 * 4,
  );
  const draw = (blobs: number[]) =>
    thumbnails.draw(blobs, 16, new Uint32Array(16 * 16 * blobs.length));
  await draw([0, 1]);
  await draw([0, 1]);
  expect(reads).toEqual([0, 1]);
  await draw([2]);
  await draw([1, 2]);
  expect(reads).toEqual([0, 1, 2]);
  await draw([0]);
  expect(reads).toEqual([0, 1, 2, 0]);
});

test('a picture as PNG is the same pixels', async () => {
  const values = Array.from({ length: 12 }, (_, i) => i * 20);
  const png = await toPng(raw(4, 3, values));
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: 4, height: 3 });
  const gray = Array.from({ length: 12 }, (_, i) => data[i * info.channels]);
  expect(gray).toEqual(values);
});
