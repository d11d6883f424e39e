/** @file Tiles and points of the grid belong to each other, and keys stay among the tiles. */
import { describe, expect, it } from 'vitest';
import { boxOf, geometryOf, indexAt, moved, visibleTiles } from './geometry.ts';

const count = 1_000_003;

describe.each([16, 28, 96])('tiles of %i px', (tile) => {
  const geometry = geometryOf(count, 1000, tile);

  it('fit the width', () => {
    const last = boxOf(geometry, geometry.columns - 1);
    expect(last.x + tile).toBeLessThanOrEqual(1000);
    expect(last.x + tile + geometry.pitch).toBeGreaterThan(1000 - 16);
  });

  it.each([0, 1, 4567, count - 1])('number %i is found where it is', (index) => {
    const { x, y } = boxOf(geometry, index);
    expect(indexAt(geometry, count, { x, y })).toBe(index);
    expect(indexAt(geometry, count, { x: x + tile - 1, y: y + tile - 1 })).toBe(index);
  });

  it('the last one is visible at the end', () => {
    const { last } = visibleTiles(geometry, count, geometry.height - 600, 600);
    expect(last).toBe(count - 1);
  });
});

it('finds nothing beside the tiles', () => {
  const geometry = geometryOf(5, 1000, 96);
  expect(indexAt(geometry, 5, { x: 2, y: 20 })).toBeNull();
  expect(indexAt(geometry, 5, { x: 990, y: 20 })).toBeNull();
  expect(indexAt(geometry, 5, { x: boxOf(geometry, 5).x + 1, y: 20 })).toBeNull();
});

it('shows no tile of an empty view', () => {
  const { first, last } = visibleTiles(geometryOf(0, 1000, 32), 0, 0, 600);
  expect(last).toBeLessThan(first);
});

it('has one column where the window is narrower than a tile', () => {
  expect(geometryOf(7, 20, 96)).toMatchObject({ columns: 1, rows: 7 });
});

describe('keys, from tile 25 of 100 in rows of 10', () => {
  it.each([
    ['ArrowLeft', 24],
    ['ArrowRight', 26],
    ['ArrowUp', 15],
    ['ArrowDown', 35],
    ['PageDown', 65],
    ['PageUp', 0],
    ['Home', 0],
    ['End', 99],
    ['x', null],
  ])('%s leads to %s', (key, to) => {
    expect(moved(key, 25, 100, { columns: 10, rowsPerPage: 4 })).toBe(to);
  });

  it('stays where there is no row above or below', () => {
    const step = { columns: 10, rowsPerPage: 4 };
    expect(moved('ArrowUp', 3, 100, step)).toBe(3);
    expect(moved('ArrowDown', 95, 100, step)).toBe(95);
    expect(moved('ArrowRight', 99, 100, step)).toBe(99);
  });
});
