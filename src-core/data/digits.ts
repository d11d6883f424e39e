/**
 * @file The built-in sample: handwritten-looking digits, 28 × 28, white on black like MNIST, as many as asked.
 * Image `index` of a seed depends on nothing but the two, and is the same bytes on every machine. Each run of
 * ten consecutive images holds every digit once.
 */
import { stream } from '../random.ts';
import { IMAGE_SIDE, render, type Pen } from './digits/render.ts';
import { spread, writeDigit } from './digits/strokes.ts';
import type { Stream } from '../random.ts';
import type { Source } from './import/source.ts';

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

/** Images handed to an import at a time: between two batches whoever else uses the thread gets a turn. */
const batchImages = 64;

/** The images asked for as an import source; without parts, so that the import draws a split. */
export function sampleDigits(request: DigitRequest): Source {
  const first = request.first ?? 0;
  const items = Array.from({ length: request.count }, (_, i) => ({
    path: `generated/${String(first + i).padStart(5, '0')}`,
    label: String(digitAt(request.seed, first + i)),
    part: null,
  }));
  return {
    items,
    async *batches() {
      for (let start = 0; start < items.length; start += batchImages) {
        const found = items.slice(start, start + batchImages).map((item, i) => {
          const bytes = Buffer.alloc(DIGIT_BYTES);
          digitImage(request.seed, first + start + i, bytes);
          return { item, bytes, raw: { width: DIGIT_SIDE, height: DIGIT_SIDE } };
        });
        yield { found, skipped: [] };
      }
    },
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

/** From a fine liner to, rarely, a felt marker. */
function takePen(random: Stream): Pen {
  const fat = random.float();
  return {
    radius: Math.max(0.65, 1.12 + 0.34 * spread(random) + 0.9 * fat * fat * fat),
    edge: 1 + 0.4 * random.float(),
    level: 255 - 8 * random.float() * random.float(),
  };
}
