import { expect, test } from 'vitest';
import { shownSize } from './shownSize.ts';

const side = 430;

test.each([
  { picture: [28, 28], density: 1, expected: [420, 420], isEnlarged: true },
  { picture: [28, 28], density: 2, expected: [420, 420], isEnlarged: true },
  { picture: [100, 50], density: 1, expected: [400, 200], isEnlarged: true },
  { picture: [400, 400], density: 1, expected: [400, 400], isEnlarged: false },
  { picture: [4000, 3000], density: 1, expected: [430, 323], isEnlarged: false },
])(
  '$picture at density $density is shown as $expected',
  ({ picture, density, expected, ...it }) => {
    const [width, height] = [picture[0]!, picture[1]!];
    const shown = shownSize({ width, height }, side, density);
    expect([shown.width, shown.height]).toEqual(expected);
    expect(shown.isEnlarged).toBe(it.isEnlarged);
  },
);
