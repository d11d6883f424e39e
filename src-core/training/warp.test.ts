import { expect, test } from 'vitest';
import { stream } from '../random.ts';
import { createWarper, type Displacement, type Transform } from './warp.ts';

const none: Transform = { shiftX: 0, shiftY: 0, rotateRadians: 0, scale: 1, shear: 0 };

/** `rows` of gray levels warped, as rows rounded to whole levels. */
function warped(rows: number[][], change: Partial<Transform>, displacement?: Displacement) {
  const height = rows.length;
  const width = rows[0]!.length;
  const out = new Float32Array(height * width);
  const warp = createWarper({ channels: 1, height, width });
  warp(Uint8Array.from(rows.flat()), 0, { ...none, ...change }, displacement ?? null, out);
  return rows.map((_, y) => Array.from(out.subarray(width * y, width * (y + 1)), Math.round));
}

const rows = [
  [10, 20, 30],
  [40, 50, 60],
  [70, 80, 90],
];

test.each<[string, Partial<Transform>, number[][]]>([
  ['nothing', {}, rows],
  [
    'a shift right and down',
    { shiftX: 1, shiftY: 1 },
    [
      [10, 10, 20],
      [10, 10, 20],
      [40, 40, 50],
    ],
  ],
  [
    'a shift left',
    { shiftX: -1 },
    [
      [20, 30, 30],
      [50, 60, 60],
      [80, 90, 90],
    ],
  ],
  [
    'a shift beyond the image',
    { shiftX: -9, shiftY: 9 },
    [
      [30, 30, 30],
      [30, 30, 30],
      [30, 30, 30],
    ],
  ],
  [
    'half a pixel right',
    { shiftX: 0.5 },
    [
      [10, 15, 25],
      [40, 45, 55],
      [70, 75, 85],
    ],
  ],
  [
    'a quarter turn clockwise',
    { rotateRadians: Math.PI / 2 },
    [
      [70, 40, 10],
      [80, 50, 20],
      [90, 60, 30],
    ],
  ],
  [
    'a half turn',
    { rotateRadians: Math.PI },
    [
      [90, 80, 70],
      [60, 50, 40],
      [30, 20, 10],
    ],
  ],
  [
    'twice the size',
    { scale: 2 },
    [
      [30, 35, 40],
      [45, 50, 55],
      [60, 65, 70],
    ],
  ],
  [
    'a shear of one pixel a row',
    { shear: 1 },
    [
      [10, 10, 20],
      [40, 50, 60],
      [80, 90, 90],
    ],
  ],
  [
    'a shear, then a turn',
    { shear: 1, rotateRadians: Math.PI / 2 },
    [
      [80, 40, 10],
      [90, 50, 10],
      [90, 60, 20],
    ],
  ],
])('%s moves pixels exactly', (_, change, expected) => {
  expect(warped(rows, change)).toEqual(expected);
});

test('a quarter turn carries the corners of an image with even sides', () => {
  const random = stream(1, 'test-image');
  const image = Array.from({ length: 28 }, () =>
    Array.from({ length: 28 }, () => random.below(256)),
  );
  const turned = warped(image, { rotateRadians: Math.PI / 2 });
  expect(turned).toEqual(image.map((row, y) => row.map((_, x) => image[27 - x]![y]!)));
});

test('a displacement makes each pixel look elsewhere', () => {
  const displacement = new Float32Array(18);
  displacement.set([1, 2], 2 * 0);
  displacement.set([-1, 0], 2 * 4);
  expect(warped(rows, {}, displacement)).toEqual([
    [80, 20, 30],
    [40, 40, 60],
    [70, 80, 90],
  ]);
});

test('an image of one pixel stays what it is', () => {
  expect(warped([[7]], { shiftX: 0.3, rotateRadians: 1, scale: 0.1, shear: 1 })).toEqual([[7]]);
});
