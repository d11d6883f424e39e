/** @file Drawings become pictures as MNIST's did: 20 of 28 pixels, the center of mass in the middle. */
import { describe, expect, test } from 'vitest';
import { pictureOf } from './drawing.js';

const size = { width: 28, height: 28 };

/** A drawing of 100 × 80 with full ink in a box. */
function boxDrawing(left: number, top: number, width: number, height: number) {
  const drawing = { ink: new Uint8Array(100 * 80), width: 100, height: 80 };
  for (let y = top; y < top + height; y++)
    drawing.ink.fill(255, y * 100 + left, y * 100 + left + width);
  return drawing;
}

function massOf(pixels: Uint8Array) {
  const sum = pixels.reduce((total, level) => total + level, 0);
  const mean = (at: (i: number) => number) =>
    pixels.reduce((total, level, i) => total + level * (at(i) + 0.5), 0) / sum;
  return { sum, x: mean((i) => i % 28), y: mean((i) => Math.floor(i / 28)) };
}

describe('centered', () => {
  test.each([
    [0, 0, 10, 40],
    [60, 5, 40, 8],
    [33, 21, 50, 50],
    [97, 77, 3, 3],
  ])('ink of %i, %i, %i × %i fills 20 pixels around the middle', (left, top, width, height) => {
    const { pixels, crop, mass } = pictureOf(boxDrawing(left, top, width, height), size, true);
    expect(crop).toEqual({ left, top, width, height });
    expect(mass).toEqual({ x: left + width / 2, y: top + height / 2 });
    const { sum, x, y } = massOf(pixels);
    expect([x, y].map((place) => Math.round(place * 10) / 10)).toEqual([14, 14]);
    // Ink is neither lost nor made: a box of 20 on its longer side.
    const scale = 20 / Math.max(width, height);
    expect(sum / 255 / (width * height * scale * scale)).toBeCloseTo(1, 1);
  });

  test('the center of mass decides, but no ink leaves the picture', () => {
    const drawing = boxDrawing(10, 10, 60, 4);
    for (let y = 10; y < 70; y++) drawing.ink.fill(255, y * 100 + 10, y * 100 + 14);
    const { pixels, mass } = pictureOf(drawing, size, true);
    const { x, y } = massOf(pixels);
    expect(mass!.x).toBeLessThan(40);
    expect(x).toBeCloseTo(14, 0);
    expect(y).toBeCloseTo(14, 0);
    // A heavy blot at one end of a long line cannot push the line over the edge.
    const blot = boxDrawing(0, 38, 90, 1);
    for (let row = 30; row < 48; row++) blot.ink.fill(255, row * 100, row * 100 + 18);
    const { pixels: shifted } = pictureOf(blot, size, true);
    const columns = Array.from({ length: 28 }, (_, c) =>
      shifted.filter((_, i) => i % 28 === c).some(Boolean),
    );
    expect(columns.filter(Boolean).length).toBeGreaterThanOrEqual(20);
  });
});

test('not centered, the whole drawing is scaled down in its place', () => {
  const { pixels } = pictureOf(boxDrawing(50, 0, 50, 40), size, false);
  const { x, y } = massOf(pixels);
  expect(x).toBeCloseTo(21, 1);
  expect(y).toBeCloseTo(5.6, 1);
});

test('nothing drawn is a black picture without a box', () => {
  const { pixels, crop, mass } = pictureOf(boxDrawing(0, 0, 0, 0), size, true);
  expect([crop, mass]).toEqual([null, null]);
  expect(pixels.every((level) => level === 0)).toBe(true);
});
