import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { stream } from '../random.ts';
import { DIGIT_BYTES, DIGIT_SIDE, digitImage, generateDigits, sampleDigits } from './digits.ts';
import { render } from './digits/render.ts';
import { writeDigit } from './digits/strokes.ts';

const images = [...generateDigits({ count: 1000, seed: 1 })];

describe('generated digits', () => {
  test('are the same bytes on every machine', () => {
    const hash = createHash('sha256');
    for (const { pixels, label } of images) hash.update(pixels).update(String(label));
    expect(hash.digest('hex').slice(0, 16)).toBe('0138c8cf3f89be8a');
  });

  test('depend on seed and index alone', () => {
    const pixels = new Uint8Array(DIGIT_BYTES).fill(7);
    expect(digitImage(1, 617, pixels)).toBe(images[617]!.label);
    expect(pixels).toEqual(images[617]!.pixels);
    expect([...generateDigits({ count: 5, seed: 1, first: 995 })]).toEqual(images.slice(995));
    digitImage(2, 617, pixels);
    expect(pixels).not.toEqual(images[617]!.pixels);
  });

  test('hold every digit once in each ten, in changing order', () => {
    const tens = Array.from({ length: 100 }, (_, ten) =>
      images.slice(10 * ten, 10 * ten + 10).map(({ label }) => label),
    );
    for (const ten of tens) expect(ten.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(tens.map(String)).size).toBeGreaterThan(95);
  });

  test('are all different', () => {
    expect(new Set(images.map(({ pixels }) => pixels.join())).size).toBe(images.length);
  });

  test('fill a box of 20 pixels and have their center of mass in the middle', () => {
    for (const { pixels } of images) {
      const { width, height, centerX, centerY } = measure(pixels);
      expect(Math.max(width, height)).toBeGreaterThanOrEqual(18);
      expect(Math.max(width, height)).toBeLessThanOrEqual(20);
      expect(Math.abs(centerX - 14)).toBeLessThanOrEqual(0.51);
      expect(Math.abs(centerY - 14)).toBeLessThanOrEqual(0.51);
    }
  });

  test('are white ink on black paper, with soft edges', () => {
    for (const { pixels } of images) {
      const count = (wanted: (value: number) => boolean) => pixels.filter(wanted).length;
      expect(Math.max(...pixels)).toBeGreaterThan(130);
      expect(count((value) => value === 0)).toBeGreaterThan(DIGIT_BYTES / 2);
      expect(count((value) => value > 0 && value < 240)).toBeGreaterThan(10);
    }
  });
});

test('as an import source they are raw pixels with labels and no part', async () => {
  const source = sampleDigits({ count: 1000, seed: 1 });
  const found = [];
  for await (const batch of source.batches()) found.push(...batch.found);
  expect(found.map(({ item }) => item)).toEqual(source.items);
  expect(source.items[42]).toEqual({
    path: 'generated/00042',
    label: String(images[42]!.label),
    part: null,
  });
  expect(found[999]!.raw).toEqual({ width: DIGIT_SIDE, height: DIGIT_SIDE });
  expect(new Uint8Array(found[999]!.bytes)).toEqual(images[999]!.pixels);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])('every way of writing %d is drawn', (digit) => {
  for (let i = 0; i < 200; i++) {
    const strokes = writeDigit(digit, stream(3, 'test-strokes', digit, i));
    expect(strokes.every((stroke) => stroke.every(Number.isFinite))).toBe(true);
  }
});

test('a straight line is drawn as wide as the pen, fitted and centered', () => {
  const out = new Uint8Array(DIGIT_BYTES).fill(9);
  const stroke = Float64Array.of(0, 0, 1, 0, 100, 1);
  render([stroke], { radius: 2, edge: 1, level: 250 }, out);
  const row = [...out.subarray(14 * DIGIT_SIDE, 15 * DIGIT_SIDE)];
  expect(row).toEqual([...Array(12).fill(0), 250, 250, 250, 250, ...Array(12).fill(0)]);
  expect(measure(out)).toEqual({ width: 4, height: 20, centerX: 14, centerY: 14 });
});

/** The box around the ink and its center of mass, in pixels from the top left corner of the image. */
function measure(pixels: Uint8Array) {
  const inked = [...pixels.keys()].filter((i) => pixels[i]! > 0);
  const xs = inked.map((i) => i % DIGIT_SIDE);
  const ys = inked.map((i) => Math.floor(i / DIGIT_SIDE));
  const mass = inked.reduce((sum, i) => sum + pixels[i]!, 0);
  const center = (places: number[]) =>
    places.reduce((sum, place, n) => sum + (place + 0.5) * pixels[inked[n]!]!, 0) / mass;
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
    centerX: center(xs),
    centerY: center(ys),
  };
}
