/** @file Which columns are in sight at rest: whole ones only. */
import { expect, test } from 'vitest';
import { actionsWidth, nameLeast, nameWidthIn } from './columnRoom.ts';

const pinned = nameLeast + actionsWidth;

test.each<[string, number, readonly number[], number]>([
  ['two of three fit', pinned + 250, [120, 100, 100], nameLeast + 30],
  ['a narrow one behind a wide one stays behind it', pinned + 150, [100, 120, 40], nameLeast + 50],
  ['all fit', pinned + 500, [120, 100], nameLeast],
  ['all fit to the pixel', pinned + 220, [120, 100], nameLeast],
  ['one fits', pinned + 160, [120, 100], nameLeast + 40],
  ['there is too little room for the pinned ones', 200, [120, 100], nameLeast],
  ['none fits, so what is left is for scrolling', pinned + 60, [120, 100], nameLeast],
])('%s: the name takes what it may', (_what, room, widths, expected) => {
  expect(nameWidthIn(room, widths)).toBe(expected);
});
