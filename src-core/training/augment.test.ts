import { describe, expect, test } from 'vitest';
import { AugmentationSpec } from '../model/spec.ts';
import { stream } from '../random.ts';
import { createAugmenter, drawTransform } from './augment.ts';
import type { ImageShape } from '../model/spec.ts';
import type { Transform } from './warp.ts';

type Settings = Partial<AugmentationSpec>;

const gray: ImageShape = { channels: 1, height: 28, width: 28 };
const color: ImageShape = { channels: 3, height: 12, width: 17 };
const everything: Settings = {
  shiftPixels: 3,
  rotateDegrees: 20,
  scale: 0.2,
  shearDegrees: 15,
  elasticPixels: 5,
  noise: 12,
  invert: 0.5,
};

/** One image of `shape` filled with uniform bytes. */
function randomImage({ channels, height, width }: ImageShape, seed = 1): Uint8Array {
  const image = new Uint8Array(channels * height * width);
  stream(seed, 'test-image').fill(image);
  return image;
}

/** The changed copy of `image`, drawn by sample number `sample`. */
function augmented(settings: Settings, shape: ImageShape, image: Uint8Array, sample = 0) {
  const out = new Uint8Array(image.length);
  const augmenter = createAugmenter(AugmentationSpec.parse(settings), shape);
  augmenter.apply(image, 0, out, 0, stream(7, 'augment', 0, sample));
  return out;
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

describe('an augmenter', () => {
  test('that changes nothing copies every byte', () => {
    const image = randomImage(color);
    expect(augmented({}, color, image)).toEqual(image);
  });

  test('writes its image where told and leaves the neighbors alone', () => {
    const image = randomImage(gray);
    const batch = new Uint8Array(3 * 784).fill(99);
    const augmenter = createAugmenter(AugmentationSpec.parse(everything), gray);
    const source = new Uint8Array([...randomImage(gray, 2), ...image]);
    augmenter.apply(source, 784, batch, 784, stream(7, 'augment', 0, 0));
    expect(batch.subarray(784, 1568)).toEqual(augmented(everything, gray, image));
    expect(batch.subarray(0, 784).every((value) => value === 99)).toBe(true);
    expect(batch.subarray(1568).every((value) => value === 99)).toBe(true);
  });

  test('may write over the image it reads', () => {
    const image = randomImage(gray);
    const expected = augmented(everything, gray, image);
    const augmenter = createAugmenter(AugmentationSpec.parse(everything), gray);
    augmenter.apply(image, 0, image, 0, stream(7, 'augment', 0, 0));
    expect(image).toEqual(expected);
  });

  test('gives the same image for the same stream, whatever came before, and another for another', () => {
    const image = randomImage(gray);
    const augmenter = createAugmenter(AugmentationSpec.parse(everything), gray);
    const [first, other, again] = [3, 4, 3].map((sample) => {
      const out = new Uint8Array(784);
      augmenter.apply(image, 0, out, 0, stream(7, 'augment', 0, sample));
      return out;
    });
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('leaves a plain image plain when it only moves pixels', () => {
    const plain = new Uint8Array(784).fill(137);
    const moving = { ...everything, noise: 0, invert: 0, shiftPixels: 64, scale: 0.9 };
    for (let sample = 0; sample < 50; sample++)
      expect(augmented(moving, gray, plain, sample)).toEqual(plain);
  });

  test('moves the channels of a color image together', () => {
    const one = randomImage({ ...color, channels: 1 });
    const image = new Uint8Array([...one, ...one, ...one]);
    const out = augmented({ ...everything, noise: 0 }, color, image);
    const area = color.height * color.width;
    expect(out).not.toEqual(image);
    expect(out.subarray(area, 2 * area)).toEqual(out.subarray(0, area));
    expect(out.subarray(2 * area)).toEqual(out.subarray(0, area));
  });

  test('swaps black and white as often as asked', () => {
    const dark = new Uint8Array(784).fill(10);
    const inverted = Array.from({ length: 2000 }, (_, sample) =>
      Number(augmented({ invert: 0.3 }, gray, dark, sample)[0] === 245),
    );
    expect(mean(inverted)).toBeGreaterThan(0.26);
    expect(mean(inverted)).toBeLessThan(0.34);
  });

  test('adds noise of the deviation asked, without moving the mean', () => {
    const shape: ImageShape = { channels: 1, height: 200, width: 200 };
    const out = augmented({ noise: 20 }, shape, new Uint8Array(40_000).fill(128));
    const squares = Array.from(out, (value) => (value - 128) ** 2);
    expect(Math.abs(mean(out) - 128)).toBeLessThan(0.5);
    expect(Math.sqrt(mean(squares))).toBeGreaterThan(19.5);
    expect(Math.sqrt(mean(squares))).toBeLessThan(20.5);
  });

  test('stops noise at black and white instead of wrapping round', () => {
    const noisy = { noise: 30 };
    expect(Math.max(...augmented(noisy, gray, new Uint8Array(784)))).toBeLessThan(128);
    expect(Math.min(...augmented(noisy, gray, new Uint8Array(784).fill(255)))).toBeGreaterThan(127);
  });

  test('draws the other changes alike when one is turned off', () => {
    const image = randomImage(gray);
    const still = { ...everything, noise: 0, elasticPixels: 0 };
    const turnedOff = { ...still, rotateDegrees: 0 };
    const draws = [still, turnedOff].map((settings) => drawn(settings, 5));
    expect(draws[1]).toEqual({ ...draws[0], rotateRadians: 0 });
    expect(augmented(still, gray, image)).not.toEqual(augmented(turnedOff, gray, image));
  });
});

function drawn(settings: Settings, sample: number): Transform {
  const transform = { shiftX: 0, shiftY: 0, rotateRadians: 0, scale: 1, shear: 0 };
  const random = stream(7, 'augment', 0, sample);
  drawTransform(AugmentationSpec.parse(settings), random, transform);
  return transform;
}

test.each<[keyof Transform, Settings, number, number]>([
  ['shiftX', { shiftPixels: 3 }, -3, 3],
  ['shiftY', { shiftPixels: 3 }, -3, 3],
  ['rotateRadians', { rotateDegrees: 90 }, -Math.PI / 2, Math.PI / 2],
  ['scale', { scale: 0.1 }, 0.9, 1.1],
  ['shear', { shearDegrees: 45 }, -1, 1],
])('%s is drawn over the whole of its range and never beyond', (name, settings, least, most) => {
  const draws = Array.from({ length: 4000 }, (_, sample) => drawn(settings, sample)[name]);
  const range = most - least;
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...draws)).toBeLessThanOrEqual(most);
  expect(Math.min(...draws)).toBeLessThan(least + 0.01 * range);
  expect(Math.max(...draws)).toBeGreaterThan(most - 0.01 * range);
  expect(Math.abs(mean(draws) - (least + most) / 2)).toBeLessThan(0.02 * range);
});
