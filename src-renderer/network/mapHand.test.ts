/** @file A map under a hand: 200 × 200 pixels, four images in its corners, the last of a class that can be hidden. */
import { expect, test } from 'vitest';
import { MapHand, type MapScene } from './mapHand.svelte.ts';

const corners: MapScene = {
  map: {
    key: 'pca test 4 1',
    points: Float32Array.of(0, 0, 1, 0, 0, 1, 1, 1),
    info: { images: [11, 12, 0, 14], labels: [0, 0, 1, 1] },
  },
  ...{ width: 200, height: 200, isLasso: false, isHidden: [] },
};

function handOf(changes: Partial<MapScene> = {}) {
  const told: (number | readonly number[])[] = [];
  const acts = { select: told.push.bind(told), look: told.push.bind(told) };
  const scene = { ...corners, ...changes };
  const hand = new MapHand(() => scene, acts);
  /** Where a point is on screen. */
  const at = (point: number, dx = 0) => {
    const { scale, x, y } = hand.view;
    const [px, py] = [scene.map.points[2 * point]!, scene.map.points[2 * point + 1]!];
    return { x: px * scale + x + dx, y: py * scale + y };
  };
  return { hand, told, at };
}

test('the image under the pointer is told, and looked at by a click', () => {
  const { hand, told, at } = handOf();
  hand.move(at(1, 5));
  expect(hand.hovered).toBe(1);
  hand.press(at(1));
  hand.release(at(1));
  expect(told).toEqual([12]);
  hand.move(at(1, 40));
  expect(hand.hovered).toBeNull();
});

test('an image that was removed since, or whose class is hidden, is not looked at', () => {
  const { hand, told, at } = handOf({ isHidden: [true, false] });
  for (const point of [0, 2]) {
    hand.press(at(point));
    hand.release(at(point));
  }
  expect(told).toEqual([]);
});

test('dragged, the map moves along and nothing is clicked', () => {
  const { hand, told, at } = handOf();
  const { whole } = hand;
  const start = at(0);
  hand.press(start);
  hand.move({ x: start.x + 30, y: start.y + 20 });
  hand.release({ x: start.x + 30, y: start.y + 20 });
  expect(hand.view).toEqual({ scale: whole.scale, x: whole.x + 30, y: whole.y + 20 });
  expect(told).toEqual([]);
  hand.showAll();
  expect(hand.view).toEqual(whole);
});

test('a line around images selects those that are shown', () => {
  const { hand, told } = handOf({ isLasso: true, isHidden: [false, true] });
  hand.press({ x: 1, y: 1 });
  for (const place of [
    { x: 199, y: 1 },
    { x: 199, y: 199 },
    { x: 1, y: 199 },
  ])
    hand.move(place);
  expect(hand.lasso).toHaveLength(4);
  hand.release({ x: 1, y: 199 });
  expect(told).toEqual([[0, 1]]);
  expect(hand.lasso).toEqual([]);
});

test('by keys: moved, zoomed, all of it, and what is in sight selected', () => {
  const { hand, told } = handOf();
  const { whole } = hand;
  expect(hand.key('ArrowRight')).toBe(true);
  expect(hand.view.x).toBe(whole.x - 60);
  hand.key('0');
  hand.key('+');
  expect(hand.view.scale).toBeCloseTo(1.4 * whole.scale, 9);
  for (let i = 0; i < 5; i++) hand.key('+');
  hand.key('Enter');
  hand.key('0');
  hand.key('Enter');
  expect(told).toEqual([[], [0, 1, 2, 3]]);
  expect(hand.key('q')).toBe(false);
});

test('the wheel keeps what is under the pointer where it is', () => {
  const { hand, at } = handOf();
  const before = at(3);
  hand.wheel(before, -200);
  expect(hand.view.scale).toBeGreaterThan(hand.whole.scale);
  expect(at(3).x).toBeCloseTo(before.x, 6);
  expect(at(3).y).toBeCloseTo(before.y, 6);
});

test('a view is of one map: another epoch keeps it, another map does not', () => {
  let key = 'pca test 4 1';
  const hand = new MapHand(() => ({ ...corners, map: { ...corners.map, key } }), {
    select: () => {},
    look: () => {},
  });
  hand.key('+');
  const { view, whole } = hand;
  key = 'pca test 4 2';
  expect(hand.view).toEqual(view);
  key = 'umap test 4 2';
  expect(hand.view).toEqual(whole);
});
