/** @file Augmented pictures as they come from the core. */
import { expect, test } from 'vitest';
import { parseAugmented, rgbaOf } from './augmented.ts';

function bytes(header: readonly number[], pixels: readonly number[]): ArrayBuffer {
  const buffer = new ArrayBuffer(header.length * 4 + pixels.length);
  const view = new DataView(buffer);
  header.forEach((value, at) => view.setUint32(at * 4, value, true));
  new Uint8Array(buffer, header.length * 4).set(pixels);
  return buffer;
}

test('a gray picture has its value in every color', () => {
  const found = parseAugmented(bytes([1, 1, 1, 1, 2], [10, 20, 30, 40]));
  expect(found).toMatchObject({ images: 1, variants: 1, height: 1, width: 2 });
  expect([...rgbaOf(found, 1)]).toEqual([30, 30, 30, 255, 40, 40, 40, 255]);
});

test('the planes of a color picture are put together', () => {
  const found = parseAugmented(bytes([1, 0, 3, 1, 2], [1, 2, 3, 4, 5, 6]));
  expect([...rgbaOf(found, 0)]).toEqual([1, 3, 5, 255, 2, 4, 6, 255]);
});

test.each([bytes([1, 1, 1, 1, 2], [10, 20, 30]), bytes([1], [])])(
  'bytes that are cut off are refused',
  (cut) => {
    expect(() => parseAugmented(cut)).toThrow(RangeError);
  },
);
