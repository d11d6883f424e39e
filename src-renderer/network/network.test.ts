import { describe, expect, test } from 'vitest';
import type { LayerInfo, NetworkInfo } from '../../src-core/contract/inspecting.ts';
import { aligned } from './aligned.ts';
import { columnsOf, readsFrom } from './columns.ts';
import {
  cssColor,
  divergingColor,
  divergingColors,
  divergingRaster,
  largestSize,
} from './diverging.ts';
import { edgesMax, strongestEdges } from './edges.ts';
import { NewestWish } from './newestWish.ts';
import { filled, pictureShape, unitValues } from './grid.ts';
import { ridgesOf } from './histograms.ts';
import { insideOf, isInside, type Point } from './lasso.ts';
import { cellAt, cellBox, layOut, neighborCell, pointOf } from './layout.ts';
import { moved, nearestPoint, onMap, wholeMap, zoomed } from './mapView.ts';
import { Recent } from './recent.ts';
import { termWords } from './termWords.ts';

type Row = readonly [
  kind: string,
  name: string,
  input: readonly number[],
  output: readonly number[],
];

function layer([kind, name, input, output]: Row): LayerInfo {
  const shape =
    kind === 'dense'
      ? [input[0]!, output[0]!]
      : kind === 'conv2d'
        ? [output[0]!, input[0]!, 3, 3]
        : null;
  const count = shape?.reduce((product, dim) => product * dim, 1) ?? 0;
  return {
    ...{ kind, name, within: null, input: [...input], output: [...output] },
    activation: kind === 'activation' ? { name: 'relu' } : null,
    parameters: shape ? [{ name: `${name}/kernel`, role: 'kernel', shape, count }] : [],
  };
}

function network(rows: readonly Row[], side: number, classes: number): NetworkInfo {
  return {
    ...{ run: 'r1', epoch: 0, output: 'softmax', parameterCount: 0 },
    input: { channels: 1, height: side, width: side },
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    layers: rows.map(layer),
  };
}

const small = network(
  [
    ['conv2d', 'conv2d1', [1, 8, 8], [4, 6, 6]],
    ['batchNorm', 'batchNorm1', [4, 6, 6], [4, 6, 6]],
    ['activation', 'activation1', [4, 6, 6], [4, 6, 6]],
    ['dropout', 'dropout1', [4, 6, 6], [4, 6, 6]],
    ['flatten', 'flatten1', [4, 6, 6], [144]],
    ['dense', 'dense1', [144], [20]],
    ['dense', 'output', [20], [3]],
  ],
  8,
  3,
);
const room = { width: 1200, height: 400, likely: [2, 0, 1] };

describe('columns', () => {
  test('layers that only change the one before are folded into it', () => {
    expect(columnsOf(small).map(({ kind, tensor, count }) => [kind, tensor, count])).toEqual([
      ['image', 'image', 1],
      ['maps', 'activation1/output', 4],
      ['units', 'dense1/output', 20],
      ['classes', 'probabilities', 3],
    ]);
  });

  test('a dense layer reads the column whose numbers fit its kernel, a convolution draws no lines', () => {
    const columns = columnsOf(small);
    expect(columns.map((_, at) => readsFrom(columns, at))).toEqual([null, null, 1, 2]);
  });
});

describe('layout', () => {
  const layout = layOut(columnsOf(small), room);

  test('everything has a place of its own, inside, and is found there again', () => {
    layout.columns.forEach((column, at) => {
      for (let unit = 0; unit < column.count; unit++) {
        const box = cellBox(column, unit)!;
        expect(box.y + box.height).toBeLessThanOrEqual(room.height);
        const found = cellAt(layout, box.x + box.width / 2, box.y + box.height / 2);
        expect(found).toEqual({ column: at, unit });
      }
    });
    expect(layout.width).toBe(room.width);
  });

  test('a number of a map lies in its pixel', () => {
    const maps = layout.columns[1]!;
    const box = cellBox(maps, 2)!;
    const [x, y] = pointOf(maps, 2 * 36 + 6 + 3)!;
    expect((x - box.x) / box.width).toBeCloseTo(3.5 / 6);
    expect((y - box.y) / box.height).toBeCloseTo(1.5 / 6);
  });

  test('of many classes the likely ones are shown', () => {
    const many = columnsOf(network([['dense', 'output', [64], [100]]], 8, 100));
    const likely = [42, 7, ...Array.from({ length: 100 }, (_, i) => i).filter((i) => i !== 42)];
    const [, classes] = layOut(many, { ...room, likely }).columns;
    expect(classes!.order!.length).toBeLessThan(100);
    expect(cellBox(classes!, 42)).not.toBeNull();
    expect(cellBox(classes!, 99)).toBeNull();
  });

  test('64 layers stand beside one another, wider than the window; 8192 units fit its height', () => {
    const rows = Array.from({ length: 64 }, (_, i): Row => ['dense', `dense${i}`, [64], [64]]);
    const deep = layOut(columnsOf(network(rows, 8, 3)), room);
    expect(deep.columns).toHaveLength(65);
    expect(deep.width).toBeGreaterThan(room.width);
    const wide = layOut(columnsOf(network([['dense', 'dense1', [64], [8192]]], 8, 3)), room);
    expect(cellBox(wide.columns[1]!, 8191)!.y).toBeLessThan(room.height);
  });

  test('arrows walk up and down a column and to the one beside', () => {
    const down = neighborCell(layout, { column: 2, unit: 0 }, 'ArrowDown');
    expect(down).toEqual({ column: 2, unit: 1 });
    expect(neighborCell(layout, down, 'ArrowUp')).toEqual({ column: 2, unit: 0 });
    expect(neighborCell(layout, { column: 0, unit: 0 }, 'ArrowLeft').column).toBe(0);
    expect(neighborCell(layout, { column: 2, unit: 19 }, 'ArrowRight')).toEqual({
      column: 3,
      unit: 2,
    });
  });
});

describe('edges', () => {
  // [in 3, out 2]
  const kernel = { shape: [3, 2], data: Float32Array.of(1, -5, -2, 0, 3, 4) };

  test('of each unit the strongest, by weight', () => {
    expect(strongestEdges(kernel, null, { perUnit: 1 })).toEqual([
      { from: 2, to: 0, value: 3 },
      { from: 0, to: 1, value: -5 },
    ]);
  });

  test('by weight × input, where nothing comes in there is no edge', () => {
    const found = strongestEdges(kernel, Float32Array.of(0, 1, 0.5), { perUnit: 3 });
    expect(found).toEqual([
      { from: 1, to: 0, value: -2 },
      { from: 2, to: 0, value: 1.5 },
      { from: 2, to: 1, value: 2 },
    ]);
  });

  test('what is not a number is drawn, not left out', () => {
    const data = Float32Array.of(1, NaN, 9);
    expect(strongestEdges({ shape: [3, 1], data }, null, { perUnit: 1 })).toEqual([
      { from: 1, to: 0, value: NaN },
    ]);
  });

  test('no more than can be seen, the pieces of maxout lead to one unit', () => {
    const data = new Float32Array(2 * 4000).fill(1);
    const found = strongestEdges({ shape: [2, 4000], data }, null, { perUnit: 2, pieces: 2 });
    expect(found).toHaveLength(edgesMax);
    expect(Math.max(...found.map(({ to }) => to))).toBeLessThan(2000);
  });
});

describe('colors of values', () => {
  const { light } = divergingColors;

  test('orange below, gray at zero, blue above, and another where there is no number', () => {
    expect(divergingColor(light, -1)).toEqual(light.negative);
    expect(divergingColor(light, 0)).toEqual(light.zero);
    expect(divergingColor(light, 7)).toEqual(light.positive);
    expect(divergingColor(light, NaN)).toEqual(light.broken);
    expect(cssColor(light.zero)).toBe('rgb(236 239 244)');
  });

  test('infinity does not hide the other values', () => {
    const values = Float32Array.of(1, -4, Infinity, NaN);
    expect(largestSize(values)).toBe(4);
    const { pixels } = divergingRaster(values, [0, 2, 2], 4, light);
    expect([...pixels.subarray(4, 7)]).toEqual([...light.negative]);
    expect([...pixels.subarray(8, 11)]).toEqual([...light.positive]);
    expect([...pixels.subarray(12, 15)]).toEqual([...light.broken]);
  });
});

describe('lasso', () => {
  // A U: what lies between its legs is outside.
  const line: Point[] = [
    [0, 0],
    [6, 0],
    [6, 6],
    [4, 6],
    [4, 2],
    [2, 2],
    [2, 6],
    [0, 6],
  ];

  test.each([
    [1, 5, true],
    [3, 1, true],
    [5, 5, true],
    [3, 5, false],
    [7, 1, false],
    [-1, 3, false],
  ])('a point at %d, %d', (x, y, inside) => expect(isInside(line, x, y)).toBe(inside));

  test('takes the points inside, in their order', () => {
    expect(insideOf(line, Float32Array.of(3, 5, 1, 5, 9, 9, 5, 1))).toEqual([1, 3]);
    expect(insideOf([], Float32Array.of(0, 0))).toEqual([]);
  });
});

describe('map', () => {
  const points = Float32Array.of(0, 0, 4, 0, 4, 2, 1, 5);

  test('is turned and mirrored back to where it lay', () => {
    const angle = 2.1;
    const turned = Float32Array.from(points, (_, i) => {
      const [x, y] = [points[i - (i % 2)]!, -points[i - (i % 2) + 1]!];
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
      return i % 2 === 0 ? cos * x - sin * y : sin * x + cos * y;
    });
    const back = aligned(turned, points);
    const distance = (i: number): number =>
      Math.hypot(back[2 * i]! - back[0]!, back[2 * i + 1]! - back[1]!);
    for (let i = 0; i < 4; i++) {
      expect(back[2 * i]! - back[0]!).toBeCloseTo(points[2 * i]!, 4);
      expect(back[2 * i + 1]! - back[1]!).toBeCloseTo(points[2 * i + 1]!, 4);
      expect(distance(i)).toBeCloseTo(Math.hypot(points[2 * i]!, points[2 * i + 1]!), 4);
    }
    expect(aligned(turned, new Float32Array(2))).toBe(turned);
  });

  test('all points are in sight, and zooming keeps what is under the pointer', () => {
    const view = wholeMap(points, { width: 300, height: 200 });
    for (let i = 0; i < 8; i += 2) {
      expect(points[i]! * view.scale + view.x).toBeGreaterThan(0);
      expect(points[i + 1]! * view.scale + view.y).toBeLessThan(200);
    }
    const at = { x: 90, y: 40 };
    const near = zoomed(moved(view, 5, -3), 3, at, view.scale);
    expect(onMap(near, at)[0]).toBeCloseTo(onMap(moved(view, 5, -3), at)[0]);
    expect(near.scale).toBeCloseTo(3 * view.scale);
  });

  test('the nearest point that is shown', () => {
    const view = { scale: 10, x: 0, y: 0 };
    const at = { x: 41, y: 9 };
    expect(nearestPoint(points, view, at, { reach: 12, isShown: () => true })).toBe(1);
    expect(nearestPoint(points, view, at, { reach: 12, isShown: (i) => i !== 1 })).toBe(2);
    expect(nearestPoint(points, view, at, { reach: 2, isShown: () => true })).toBeNull();
  });
});

test('weights of one unit, as a picture where they are one, else as a rectangle', () => {
  const dense = { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  expect([...unitValues(dense, 1)]).toEqual([2, 4, 6]);
  const conv = { shape: [2, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4) };
  expect([...unitValues(conv, 1)]).toEqual([3, 4]);
  expect(pictureShape([1, 28, 28])).toEqual([1, 28, 28]);
  const shape = pictureShape([16]);
  expect(shape[1] * shape[2]).toBeGreaterThanOrEqual(16);
  expect(filled(new Float32Array(16).fill(1), shape)).toHaveLength(shape[1] * shape[2]);
});

test('the newest epoch lies in front, at the bottom', () => {
  const about = { notFinite: 0, mean: 0, sd: 1 };
  const epochs = [0, 1, 2].map((epoch) => ({ epoch, counts: [1, 2000, 3, 4], ...about }));
  const ridges = ridgesOf({ name: 'dense1/kernel', from: 0, to: 1, epochs }, 200, 100);
  expect(ridges.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
  expect(ridges[2]!.base).toBe(100);
  expect(ridges[0]!.base).toBeLessThan(ridges[1]!.base);
});

test('what a unit reads has a name', () => {
  const [image = null, maps = null, units = null] = columnsOf(small);
  expect(termWords(image, 8 + 3)).toBe('pixel 1, 3');
  expect(termWords(maps, 36 + 6 + 2)).toBe('map 1 at 1, 2');
  expect(termWords(units, 7)).toBe('unit 7');
});

test('while one thing is worked on, of all that is wanted meanwhile the newest is next', async () => {
  const done: string[] = [];
  const gate = Promise.withResolvers<void>();
  const last = Promise.withResolvers<void>();
  const wish = new NewestWish((error) => done.push(String(error)));
  wish.want(async () => {
    await gate.promise;
    throw new Error('first failed');
  });
  wish.want(async () => void done.push('second'));
  wish.want(async () => {
    done.push('third');
    last.resolve();
  });
  gate.resolve();
  await last.promise;
  expect(done).toEqual(['Error: first failed', 'third']);
});

test('an answer is asked for once, a failure again, the oldest is forgotten', async () => {
  const recent = new Recent<number>(2);
  let asked = 0;
  const make = async (): Promise<number> => ++asked;
  await Promise.all([recent.get('a', make), recent.get('a', make)]);
  expect([asked, recent.peek('a')]).toEqual([1, 1]);
  await expect(recent.get('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await recent.get('b', make);
  await recent.get('c', make);
  expect([recent.peek('a'), recent.peek('b'), recent.peek('c')]).toEqual([undefined, 2, 3]);
});
