/** @file From strokes to what networks read, and to what datasets store. */
import { describe, expect, test } from 'vitest';
import { inspectImage, decodeToTensor } from '../../src-core/data/decode/decode.ts';
import { pictureOf } from '../../src-core/export/page/drawing.js';
import { Answers } from './answers.svelte.ts';
import { stamp } from './adding.svelte.ts';
import { base64Of } from './base64.ts';
import { paintPiece, radiusOf, type Plane } from './ink.ts';
import { pngOf } from './png.ts';
import { readingOf, usualSteps, type Steps } from './steps.ts';
import { emptySurface, paintOn, surfaceOf, surfaceSide, type Surface } from './surface.ts';

const digitShape = { channels: 1, height: 28, width: 28 } as const;
const none: Steps = { ink: false, crop: false, fit: false, center: false, invert: false };

const blank = (width: number, height: number): Plane => ({
  levels: new Uint8Array(width * height),
  width,
  height,
});
const rows = ({ levels, width, height }: Plane): number[][] =>
  Array.from({ length: height }, (_, y) => [...levels.subarray(y * width, (y + 1) * width)]);

describe('strokes', () => {
  test('a dot covers what lies within its radius, softly at the edge', () => {
    const plane = blank(5, 5);
    const at = { x: 2.5, y: 2.5, radius: 1 };
    paintPiece(plane, at, at, true);
    // Distances 0, 1, √2 from the middle of the dot: 1 + 0.5 − distance, 1 at most.
    const edge = Math.floor(0.5 * 255);
    const corner = Math.floor((1.5 - Math.SQRT2) * 255);
    expect(rows(plane)).toEqual([
      [0, 0, 0, 0, 0],
      [0, corner, edge, corner, 0],
      [0, edge, 255, edge, 0],
      [0, corner, edge, corner, 0],
      [0, 0, 0, 0, 0],
    ]);
  });

  test('a piece is as wide as its points say, and painting it twice changes nothing', () => {
    const plane = blank(60, 20);
    const ends = [
      { x: 10, y: 10, radius: 2 },
      { x: 50, y: 10, radius: 6 },
    ] as const;
    paintPiece(plane, ...ends, true);
    const inkAt = (x: number): number => rows(plane).reduce((sum, row) => sum + row[x]!, 0) / 255;
    expect(inkAt(20)).toBeCloseTo(6, 0);
    expect(inkAt(40)).toBeCloseTo(10, 0);
    const once = plane.levels.slice();
    paintPiece(plane, ...ends, true);
    expect(plane.levels).toEqual(once);
  });

  test('the eraser takes away what was drawn, and nothing else', () => {
    const surface = emptySurface();
    const [from, to] = [
      { x: 50, y: 100, radius: 10 },
      { x: 300, y: 100, radius: 10 },
    ];
    paintOn(surface, from, to, false);
    const hole = { x: 175, y: 100, radius: 20 };
    const box = paintOn(surface, hole, hole, true);
    expect(surface.ink[100 * surfaceSide + 175]).toBe(0);
    expect(surface.ink[100 * surfaceSide + 60]).toBe(255);
    expect(box).toEqual({ left: 154, top: 79, right: 196, bottom: 121 });
  });

  test('a pen pressed half draws as wide as a mouse', () => {
    expect(radiusOf(40, 0.5)).toBe(radiusOf(40, null));
    expect(radiusOf(40, 1)).toBeGreaterThan(radiusOf(40, 0));
  });
});

/** Full ink in a box of a drawing. */
function boxSurface(left: number, top: number, width: number, height: number): Surface {
  const surface = emptySurface();
  for (let y = top; y < top + height; y++)
    surface.ink.fill(255, y * surfaceSide + left, y * surfaceSide + left + width);
  return surface;
}

describe('steps', () => {
  test('a bar by hand: 20 high in the middle of 28, each pixel full', () => {
    // 96 × 320 scales by 20 ⁄ 320 to 6 × 20: from column 11 to 17 and row 4 to 24.
    const { pixels, mass } = readingOf(
      boxSurface(16, 100, 96, 320),
      digitShape,
      usualSteps(digitShape),
    );
    const expected = new Uint8Array(28 * 28);
    for (let y = 4; y < 24; y++) expected.fill(255, y * 28 + 11, y * 28 + 17);
    expect(pixels).toEqual(expected);
    expect(mass).toEqual({ x: 64, y: 260 });
  });

  test('with all steps of MNIST it is what exported pages read; with none, the drawing in its place', () => {
    const surface = boxSurface(30, 40, 50, 200);
    paintOn(surface, { x: 60, y: 60, radius: 12 }, { x: 300, y: 90, radius: 20 }, false);
    const drawing = { ...surface };
    const all = readingOf(surface, digitShape, usualSteps(digitShape));
    expect(all.pixels).toEqual(pictureOf(drawing, { width: 28, height: 28 }, true).pixels);
    const bare = readingOf(surface, digitShape, none);
    expect(bare.pixels).toEqual(pictureOf(drawing, { width: 28, height: 28 }, false).pixels);
  });

  test('the windows shown lead to the same picture as centering at once', () => {
    const surface = boxSurface(30, 40, 50, 200);
    paintOn(surface, { x: 60, y: 60, radius: 12 }, { x: 300, y: 90, radius: 20 }, false);
    const { center, pixels } = readingOf(surface, digitShape, usualSteps(digitShape));
    // 28 ⁄ 20 of the longer side of the ink, and its mass in the middle.
    const ink = pictureOf({ ...surface }, { width: 28, height: 28 }, true);
    expect(center.width).toBeCloseTo((Math.max(ink.crop!.width, ink.crop!.height) * 28) / 20, 6);
    expect(center.left + center.width / 2).toBeCloseTo(ink.mass!.x, 6);
    expect(pixels.some(Boolean)).toBe(true);
  });

  test.each<[string, Partial<Steps>, readonly [number, number, number, number]]>([
    ['cropped, the ink fills all', { crop: true }, [0, 28, 0, 28]],
    ['with a margin, 20 of 28', { crop: true, fit: true }, [4, 24, 4, 24]],
    ['a margin around the whole drawing', { fit: true }, [4, 9, 4, 9]],
  ])('%s', (_name, chosen, [left, right, top, bottom]) => {
    // A quarter of the side in the corner: 7 of 28, with a margin 5 of 20.
    const { pixels } = readingOf(boxSurface(0, 0, 112, 112), digitShape, { ...none, ...chosen });
    const inked = Array.from(pixels, (level, i) => (level > 127 ? i : -1)).filter((i) => i >= 0);
    const columns = inked.map((i) => i % 28);
    expect([Math.min(...columns), Math.max(...columns) + 1]).toEqual([left, right]);
    expect([Math.floor(inked[0]! / 28), Math.floor(inked.at(-1)! / 28) + 1]).toEqual([top, bottom]);
  });

  test('inverted, ink is dark on light', () => {
    const surface = boxSurface(100, 100, 50, 50);
    const steps = usualSteps(digitShape);
    const { pixels } = readingOf(surface, digitShape, steps);
    const inverted = readingOf(surface, digitShape, { ...steps, invert: true }).pixels;
    expect(inverted).toEqual(pixels.map((level) => 255 - level));
  });
});

describe('pictures', () => {
  test('dark ink on uneven paper is found, and the paper is not', () => {
    const [width, height] = [60, 40];
    const pixels = new Uint8Array(width * height * 4);
    for (let i = 0; i < width * height; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const isInk = x >= 20 && x < 30 && y >= 10 && y < 30;
      pixels.set(isInk ? [40, 50, 90, 255] : [190 + (x % 9), 185, 170 + (y % 7), 255], 4 * i);
    }
    const surface = surfaceOf(pixels, width, height);
    expect(surface.isDark).toBe(false);
    const inked = [...surface.ink].filter((level) => level > 0);
    expect(inked.length).toBe(200);
    expect(Math.min(...inked)).toBeGreaterThan(240);
  });

  test('a picture of the size that is read comes through unchanged, dark channels too', () => {
    const side = 32;
    const pixels = Uint8Array.from({ length: side * side * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : i % 4 === 2 ? i % 11 : (i * 7) % 256,
    );
    const shape = { channels: 3, height: side, width: side } as const;
    const reading = readingOf(surfaceOf(pixels, side, side), shape, usualSteps(shape));
    const planar = [0, 1, 2].flatMap((c) => [...pixels].filter((_, i) => i % 4 === c));
    expect([...reading.pixels]).toEqual(planar);
  });

  test.each([1, 3] as const)('a PNG of %i channels is read back as it was', async (channels) => {
    const [width, height] = [13, 9];
    const pixels = Uint8Array.from({ length: channels * width * height }, (_, i) => (i * 37) % 256);
    const bytes = Buffer.from(await pngOf(pixels, { channels, width, height }));
    const info = await inspectImage(bytes);
    expect(info).toMatchObject({ width, height, channels, depth: 8, encoding: 'png' });
    const read = await decodeToTensor({ ...info, bytes }, { channels, width, height });
    expect([...read]).toEqual([...pixels]);
    expect(Buffer.from(base64Of(bytes), 'base64')).toEqual(bytes);
  });
});

test('the newest question waits, those between are not asked, and what was cleared is not shown', async () => {
  const asked: string[] = [];
  const open: ((probability: number) => void)[] = [];
  const answers = new Answers({
    predict: ({ asked: [one] }) => {
      asked.push(one!.pixels);
      const { promise, resolve } = Promise.withResolvers<number>();
      open.push(resolve);
      return promise.then((probability) => ({
        answers: [
          { kind: 'answer', probabilities: [probability], predicted: 0, milliseconds: 1 } as const,
        ],
      }));
    },
    now: () => 0,
    fail: (error) => {
      throw error;
    },
  });
  const model = { kind: 'run', run: 'r1', epoch: null } as const;
  const ask = (pixels: string): void => answers.ask([{ key: 'r1', model, pixels }]);
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
  for (const pixels of ['a', 'b', 'c']) ask(pixels);
  expect(asked).toEqual(['a']);
  open[0]!(0.1);
  await settled();
  expect(asked).toEqual(['a', 'c']);
  expect(answers.byKey.get('r1')).toMatchObject({ probabilities: [0.1] });
  answers.clear();
  open[1]!(0.2);
  await settled();
  expect(answers.byKey.size).toBe(0);
  ask('d');
  open[2]!(0.3);
  await settled();
  expect(answers.byKey.get('r1')).toMatchObject({ probabilities: [0.3] });
});

test('a name for a drawing that every system can store', () => {
  expect(stamp(new Date(2026, 10, 5, 9, 4, 3, 7))).toBe('2026-11-05 09.04.03.007');
});
