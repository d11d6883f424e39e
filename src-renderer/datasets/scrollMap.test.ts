/** @file The scrollbar reaches every image, however many there are, and small moves are exact. */
import { describe, expect, it } from 'vitest';
import { elementHeightMax, ScrollMap } from './scrollMap.ts';

const viewport = 800;

function mapOf(content: number): ScrollMap {
  const map = new ScrollMap();
  map.resize(content, viewport);
  return map;
}

describe('content that fits an element', () => {
  it('is where the bar is', () => {
    const map = mapOf(20_000);
    expect(map.elementHeight).toBe(20_000);
    for (const bar of [1, 500, 15_000, 19_200, 3, 0]) expect(map.scrolled(bar)).toBeCloseTo(bar);
  });
});

describe.each([5_000_000, 20_000_000, 97_000_000])('content of %i px', (content) => {
  const barMax = elementHeightMax - viewport;

  it('has an element that a browser can show', () => {
    expect(mapOf(content).elementHeight).toBe(elementHeightMax);
  });

  it('starts at the start and ends at the end', () => {
    const map = mapOf(content);
    expect(map.scrolled(barMax)).toBe(content - viewport);
    expect(map.scrolled(0)).toBe(0);
  });

  it('moves in proportion when the bar jumps', () => {
    expect(mapOf(content).scrolled(barMax / 4)).toBeCloseTo((content - viewport) / 4, 3);
  });

  it('moves exactly when it is scrolled', () => {
    const map = mapOf(content);
    const start = map.scrolled(1_000_000);
    expect(map.scrolled(1_000_120)).toBeCloseTo(start + 120);
    expect(map.scrolled(1_000_040)).toBeCloseTo(start + 40);
  });

  it('puts the bar back in proportion when scrolling rests, and stays', () => {
    const map = mapOf(content);
    map.scrolled(1_000_000);
    for (let step = 1; step <= 100; step++) map.scrolled(1_000_000 + step * 100);
    const { top } = map;
    const bar = map.moveTo(top);
    expect(bar).toBeLessThan(1_010_000);
    expect(map.scrolled(bar)).toBe(top);
  });

  it('comes to the end by scrolling alone', () => {
    const map = mapOf(content);
    let bar = map.moveTo(content - viewport - 5000);
    for (let step = 0; step < 60; step++) {
      map.scrolled(Math.min(barMax, bar + 100));
      bar = map.moveTo(map.top);
    }
    expect(map.top).toBe(content - viewport);
  });
});

it('keeps the place when the window is resized', () => {
  const map = mapOf(20_000_000);
  map.moveTo(12_345_678);
  map.resize(20_000_000, 400);
  expect(map.top).toBe(12_345_678);
});
