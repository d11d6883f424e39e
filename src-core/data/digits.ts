/**
 * @file The built-in sample: handwritten-looking digits, 28 × 28, white on black like MNIST, as many as asked.
 * Image `index` of a seed depends on nothing but the two, and is the same bytes on every machine. Each run of
 * ten consecutive images holds every digit once.
 */
import { stream } from '../random.ts';
import { IMAGE_SIDE, render, type Pen } from './digits/render.ts';
import { spread, writeDigit } from './digits/strokes.ts';
import type { Stream } from '../random.ts';

export const DIGIT_SIDE = IMAGE_SIDE;
export const DIGIT_BYTES = IMAGE_SIDE * IMAGE_SIDE;

export type DigitRequest = {
  readonly count: number;
  readonly seed: number;
  /** Index of the first image, 0 unless given: a second request can go on where one ended. */
  readonly first?: number;
};

/** Writes image `index` of `seed` over the first 784 bytes of `out`, row by row, and returns its digit. */
export function digitImage(seed: number, index: number, out: Uint8Array): number {
  const digit = digitAt(seed, index);
  const random = stream(seed, 'digits', index);
  const pen = takePen(random);
  render(writeDigit(digit, random), pen, out);
  return digit;
}

/** The images asked for, each with pixels of its own. */
export function* generateDigits(
  request: DigitRequest,
): Generator<{ index: number; pixels: Uint8Array; label: number }> {
  const first = request.first ?? 0;
  for (let index = first; index < first + request.count; index++) {
    const pixels = new Uint8Array(DIGIT_BYTES);
    const label = digitImage(request.seed, index, pixels);
    yield { index, pixels, label };
  }
}

/** The images asked for as an import source gives them; no split, so that the import draws one. */
export function* sampleDigits(request: DigitRequest) {
  for (const { index, pixels, label } of generateDigits(request))
    yield {
      name: `generated/${String(index).padStart(5, '0')}`,
      bytes: pixels,
      encoding: 'raw' as const,
      width: DIGIT_SIDE,
      height: DIGIT_SIDE,
      channels: 1 as const,
      depth: 8 as const,
      label: String(label),
      split: null,
    };
}

/** The digits of each ten images are a shuffle of 0 … 9. */
function digitAt(seed: number, index: number): number {
  const random = stream(seed, 'digit-labels', Math.floor(index / 10));
  const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  for (let i = 9; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order[index % 10]!;
}

/** From a fine liner to a felt pen. */
function takePen(random: Stream): Pen {
  return {
    radius: Math.max(0.65, 1.12 + 0.34 * spread(random) + 0.9 * random.float() ** 3),
    edge: 1 + 0.4 * random.float(),
    level: 255 - 8 * random.float() * random.float(),
  };
}
