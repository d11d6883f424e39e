/** @file What charts compute before anything is drawn. */
import { expect, test } from 'vitest';
import { liveSteps } from '../../src-core/app/liveSteps.ts';
import { studentT } from '../../src-core/inspect/statistics.ts';
import { stream } from '../../src-core/random.ts';
import { chartCsv } from './chartCsv.ts';
import type { ChartLine } from './chartLine.ts';
import { chartSvg } from './chartSvg.ts';
import { toColumns } from './columns.ts';
import { curveOf, extentOf, gapsOf, nearest, type Curve, type Range } from './curve.ts';
import { meanOf, t95, type Band } from './mean.ts';
import { bySteps, PackedSeries, readSeries, toldSteps } from './packedSeries.ts';
import { paintLines, type Axes, type Pen, type Stroke } from './paint.ts';
import { closestTo, readoutAt } from './readout.ts';
import { xRoom, yRoom } from './room.ts';
import { smooth } from './smoothing.ts';

const list = (values: Iterable<number>, digits = 4): number[] =>
  [...values].map((value) => Number(value.toFixed(digits)));
const line = (y: readonly number[], x: readonly number[] = y.map((_, i) => i + 1)): Curve =>
  curveOf(y.map((value, i) => [x[i]!, value]));

test.each<[string, readonly number[], number, readonly number[]]>([
  ['is a debiased average', [1, 2, 4], 0.5, [1, 1.6667, 3]],
  ['of weight 0 changes nothing', [1, 5, 2], 0, [1, 5, 2]],
  ['keeps gaps, which count for nothing', [1, NaN, 2, Infinity], 0.5, [1, NaN, 1.6667, Infinity]],
  ['keeps a constant', [3, 3, 3], 0.999, [3, 3, 3]],
])('smoothing %s', (_, y, weight, expected) => {
  expect(list(smooth(Float32Array.from(y), weight))).toEqual(expected);
});

test('a thinned curve keeps the extremes of every column, in order', () => {
  const curve = line(Array.from({ length: 10_000 }, (_, i) => (i === 5555 ? 9 : Math.sin(i))));
  const thin = toColumns(curve, { low: 1, high: 10_000 }, 100);
  expect(thin.x.length).toBeLessThanOrEqual(204);
  expect([...thin.x]).toEqual([...thin.x].sort((a, b) => a - b));
  expect(Math.max(...thin.y)).toBe(9);
  for (let column = 1; column < 99; column++) {
    const window = { low: column * 100, high: column * 100 + 99.5 };
    const [all, kept] = [extentOf(curve, window), extentOf(thin, window)];
    expect(kept!.low).toBeCloseTo(all!.low, 2);
  }
});

test('of each column the extremes that are kept are those of all its points, wherever the window is', () => {
  const noise = stream(1, 'thin');
  const curve = line(
    Array.from({ length: 9000 }, () => (noise.float() < 0.001 ? NaN : noise.float())),
    Array.from({ length: 9000 }, (_, i) => (i < 3000 ? i : 3000 + (i - 3000) * 0.37) / 3),
  );
  for (const [low, high, columns] of [
    [0, 1740, 100],
    [211.3, 1499.9, 73],
    [999.9, 1111.1, 31],
  ] as const) {
    const thin = toColumns(curve, { low, high }, columns);
    const of = ({ x, y }: Curve): Map<number, readonly [number, number, boolean]> => {
      const found = new Map<number, readonly [number, number, boolean]>();
      x.forEach((at, i) => {
        const perX = columns / (high - low);
        const column = Math.floor(at * perX);
        // Those at the edges are shared with points beyond the window.
        if (column < Math.ceil(low * perX) || column >= Math.floor(high * perX)) return;
        const [least, most, hasGap] = found.get(column) ?? [Infinity, -Infinity, false];
        const value = y[i]!;
        if (Number.isNaN(value)) found.set(column, [least, most, true]);
        else found.set(column, [Math.min(least, value), Math.max(most, value), hasGap]);
      });
      return found;
    };
    expect(of(thin)).toEqual(of(curve));
    expect(thin.x.length).toBeLessThan(3 * (columns + 4));
    expect([...thin.x]).toEqual([...thin.x].sort((a, b) => a - b));
  }
});

test('a line that grows is thinned anew, and one that does not is thinned once', () => {
  const series = new PackedSeries(1, 1, new Float32Array(5000).fill(1));
  const before = bySteps(series);
  const window = { low: 0, high: 5001 };
  const thin = toColumns(before, window, 50);
  expect(toColumns(before, window, 50)).toBe(thin);
  expect(toColumns(before, { low: 0, high: 2500 }, 50)).not.toBe(thin);
  series.append(5001, [9]);
  expect(extentOf(toColumns(bySteps(series), window, 50), window)).toEqual({ low: 1, high: 9 });
});

test('a gap stays a gap when its curve is thinned, and is marked once, where it begins', () => {
  const y = Array.from({ length: 5000 }, (_, i) => (i >= 2000 && i < 3000 ? NaN : i));
  const thin = toColumns(line(y), { low: 1, high: 5000 }, 50);
  expect([...thin.y].filter(Number.isNaN).length).toBeGreaterThan(0);
  expect(gapsOf(thin)).toHaveLength(1);
  expect(gapsOf(line(y))).toEqual([{ x: 2001, y: 1999 }]);
  expect(gapsOf(line([NaN, 1, Infinity]))).toEqual([
    { x: 1, y: NaN },
    { x: 3, y: 1 },
  ]);
});

test.each<[Band, number, number]>([
  ['none', NaN, NaN],
  ['range', 1, 3],
  ['sd', 1, 3],
  ['ci95', 2 - (4.3027 * 1) / Math.sqrt(3), 2 + 4.3027 / Math.sqrt(3)],
])('three curves have a mean and the band %s', (band, low, high) => {
  const mean = meanOf([line([1, 1]), line([2, 2]), line([3])], band);
  expect(list(mean.y)).toEqual([2, 1.5]);
  expect([...mean.n]).toEqual([3, 2]);
  expect(list(mean.low.subarray(0, 1))).toEqual(list([low]));
  expect(list(mean.high.subarray(0, 1))).toEqual(list([high]));
});

test('the mean of curves with other x lies between their points, each only as far as it goes', () => {
  const mean = meanOf([line([0, 10], [0, 10]), line([20, 30], [5, 15])], 'none');
  const at = (x: number): number => nearest(mean, x, 0);
  expect(mean.y[at(2)]).toBeCloseTo(2, 1);
  expect(mean.y[at(7)]).toBeCloseTo((7 + 22) / 2, 1);
  expect(mean.n[at(14)]).toBe(1);
});

test('a mean of many ragged runs is that of its definition, at every point and with every band', () => {
  const noise = stream(2, 'mean');
  const rows = Array.from({ length: 40 }, (_, run) =>
    Array.from({ length: run < 30 ? 300 : 200 }, () => 5 + noise.float()),
  );
  rows[35]![150] = Infinity;
  const of = (band: Band) =>
    meanOf(
      rows.map((row) => line(row)),
      band,
    );
  const [sd, ci95, range, none] = [of('sd'), of('ci95'), of('range'), of('none')];
  for (const i of [0, 149, 150, 199, 200, 299]) {
    const values = rows.map((row) => row[i]).filter((value) => value !== undefined);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const spread = Math.sqrt(squares / (values.length - 1));
    const half = (studentT(0.95, values.length - 1) * spread) / Math.sqrt(values.length);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const ends = [mean + spread, mean - half, least, most];
    expect(sd.n[i]).toBe(values.length);
    expect(none.y[i]).toBeCloseTo(mean, 5);
    expect(none.low[i]).toBeNaN();
    expect(list([sd.high[i]!, ci95.low[i]!, range.low[i]!, range.high[i]!])).toEqual(
      i === 150 ? [NaN, NaN, NaN, NaN] : list(ends),
    );
  }
});

test('where no curve has a value the mean is interrupted, and nothing is marked', () => {
  const mean = meanOf([line([1, 2], [0, 1]), line([3, 4], [9, 10])], 'none');
  expect(mean.n[nearest(mean, 5, 0)]).toBe(0);
  expect(gapsOf(mean)).toHaveLength(1);
  expect(gapsOf(mean, mean.n)).toEqual([]);
});

test('a run that diverged makes the mean a gap from there on', () => {
  expect(list(meanOf([line([1, NaN]), line([3, 3])], 'sd').y)).toEqual([2, NaN]);
});

test('t of the band is that of the comparison', () => {
  for (const degrees of [1, 2, 4, 29, 30, 31, 60, 199])
    expect(t95(degrees)).toBeCloseTo(studentT(0.95, degrees), 3);
});

test('a series is appended to once, thinned by its stride, and cut when the run goes back', () => {
  const series = new PackedSeries(1, 2, Float32Array.of(1, 2));
  expect(series.append(4, [9, 3, 5, NaN])).toBe(true);
  expect([...series.values]).toEqual([1, 2, 4]);
  expect(series.append(8, [1, 7, 7])).toBe(true);
  expect([...series.values]).toEqual([1, 2, 4, NaN, 7]);
  expect([...series.steps()]).toEqual([1.5, 3.5, 5.5, 7.5, 9.5]);
  expect(series.append(99, [1])).toBe(false);
  series.cutAfter(5);
  expect([...series.values]).toEqual([1, 2]);
  expect(series.append(5, [1, 1])).toBe(true);
  expect([...series.values]).toEqual([1, 2, 1]);
});

test('curves of one run are the same memory, and keep what they show when it goes back', () => {
  const [one, two] = [1, 2].map(() => new PackedSeries(1, 1, Float32Array.of(1, 2, 3)));
  const [first, second] = [bySteps(one!), bySteps(two!)];
  expect(first.x.buffer).toBe(second.x.buffer);
  one!.append(4, [4]);
  one!.cutAfter(1);
  one!.append(2, [8, 8, 8]);
  expect([...first.x]).toEqual([1, 2, 3]);
  expect([...first.y]).toEqual([1, 2, 3]);
  expect([...bySteps(one!).y]).toEqual([1, 8, 8, 8]);
});

test('the binary of several runs is read as it is described', () => {
  const content = new DataView(new ArrayBuffer(4 + 16 + 8 + 16));
  [2, 7, 1, 3, 2].forEach((value, i) => content.setUint32(i * 4, value, true));
  [0.5, NaN].forEach((value, i) => content.setFloat32(20 + i * 4, value, true));
  [12, 0, 1, 0].forEach((value, i) => content.setUint32(28 + i * 4, value, true));
  const read = readSeries(content.buffer);
  expect([...read.keys()]).toEqual(['r7', 'r12']);
  expect(read.get('r7')).toMatchObject({ first: 1, stride: 3, count: 2 });
  expect([...read.get('r7')!.values]).toEqual([0.5, NaN]);
  expect(() => readSeries(content.buffer.slice(0, 30))).toThrow(RangeError);
});

test.each<[number, number]>([
  [-9, -1],
  [0.9, 0],
  [1.4, 0],
  [1.6, 1],
  [3.2, 2],
  [5, -1],
])('the point nearest to %s', (x, expected) => {
  expect(nearest(line([5, 6, 7]), x, 0.5)).toBe(expected);
});

const drawn = (label: string, curve: Curve): ChartLine => ({
  ...{ key: label, label, part: 'train', curve, raw: null, mean: null, runs: 1 },
  ...{ color: { light: '#0072b2', dark: '#3690c2' }, dash: [3, 3], width: 2, opacity: 1 },
});

test('the pointer reads what was measured at its step, however few points are drawn', () => {
  const noise = stream(3, 'readout');
  const lines = Array.from({ length: 80 }, (_, run) =>
    drawn(`run ${run}`, line(Array.from({ length: 10_000 }, () => noise.float()))),
  );
  const axes: Axes = {
    x: { low: 0, high: 10_000, start: 40, slope: 0.045, isLog: false },
    y: { low: 0, high: 1, start: 200, slope: -200, isLog: false },
  };
  for (const step of [1, 4321, 9999]) {
    const { rows, more } = readoutAt(lines, axes, step + 0.3, 77);
    expect([rows.length, more]).toEqual([10, 70]);
    for (const { label, values } of rows) {
      const measured = lines.find((each) => each.label === label)!.curve.y[step - 1];
      expect(values).toEqual({ train: measured, validation: null });
    }
    const [closest] = rows;
    expect(closestTo(lines, axes, step + 0.3, 77)).toMatchObject({
      key: closest!.key,
      distance: closest!.distance,
    });
  }
  expect(closestTo(lines, axes, 20_000, 77)).toBeNull();
});

test('where a line is smoothed, the box says so, and what was measured', () => {
  const axis = { low: 0, high: 4, start: 0, slope: 10, isLog: false };
  const raw = line([1, 2, 4]);
  const smoothed = { ...drawn('a', { x: raw.x, y: smooth(raw.y, 0.5) }), raw };
  const { rows } = readoutAt([smoothed, drawn('b', raw)], { x: axis, y: axis }, 3, 0);
  const told = Object.fromEntries(rows.map((row) => [row.key, [row.values, row.measured]]));
  expect(told).toEqual({
    a: [
      { train: 3, validation: null },
      { train: 4, validation: null },
    ],
    b: [
      { train: 4, validation: null },
      { train: null, validation: null },
    ],
  });
});

test('many lines are thin and solid, few are as they were asked for, and so are few means among many runs', () => {
  const axis = { low: 0, high: 4, start: 0, slope: 10, isLog: false };
  const strokes = (count: number, means = 0): Stroke[] => {
    const found: Stroke[] = [];
    const nothing = (): void => undefined;
    const pen: Pen = {
      ...{ hairline: 0.5, area: nothing, dot: nothing, cross: nothing },
      line: (_, stroke) => found.push(stroke),
    };
    const curve = line([1, 2, 3]);
    const mean = meanOf([curve, curve], 'none');
    const lines = Array.from({ length: count }, (_, i) => {
      return i < means ? { ...drawn('mean', mean), mean } : drawn('a', curve);
    });
    paintLines(pen, lines, { x: axis, y: axis }, 'light');
    return found;
  };
  expect(strokes(60)).toHaveLength(60);
  for (const stroke of strokes(60)) expect(stroke).toMatchObject({ width: 2, dash: [3, 3] });
  for (const stroke of strokes(61)) expect(stroke).toMatchObject({ width: 0.5, dash: [] });
  const [mean, one] = strokes(61, 1);
  expect([mean!.width, one!.width]).toEqual([2, 0.5]);
  for (const stroke of strokes(61, 61)) expect(stroke).toMatchObject({ width: 0.5, dash: [] });
});

test('a figure has each line once, its gap marked, and names that cannot break it', () => {
  const axis = { low: 0, high: 4, start: 0, slope: 10, isLog: false };
  const layout = {
    ...{ width: 40, height: 60, area: { left: 0, right: 40, top: 0, bottom: 40 } },
    ...{ axes: { x: axis, y: axis }, xTicks: [{ at: 10, text: '1' }], yTicks: [] },
  };
  const line1 = drawn('a <b> & "c"', line([1, 2, NaN, 3]));
  const { svg } = chartSvg(layout, [line1], {
    ...{ title: 'Loss', xTitle: 'step', note: '' },
    legend: [{ text: line1.label, line: line1 }],
  });
  expect(svg).toContain('d="M10 10L20 20"');
  expect(svg).toContain('cx="40" cy="30"');
  expect(svg).toContain('stroke-width="2"/>');
  expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
});

test('the CSV has every point as it was measured, NaN too', () => {
  const lines = [drawn('=SUM(1,2)', line([0.5, NaN]))];
  expect(chartCsv([{ metric: 'loss', lines }], 'step').split('\r\n')).toEqual([
    'metric,part,line,step,value,measured,low,high,n',
    `loss,train,"'=SUM(1,2)",1,0.5,0.5,,,1`,
    `loss,train,"'=SUM(1,2)",2,NaN,NaN,,,1`,
    '',
  ]);
});

test('steps that are told live come out as they were measured', () => {
  const measured = {
    loss: Float32Array.of(2.3, NaN, Infinity),
    accuracy: Float32Array.of(0.125, 0.5, 1),
    seconds: Float32Array.of(0.001, 0.002, 0.003),
  };
  expect(toldSteps(liveSteps('r1', 4, measured))).toEqual(measured);
});

test.each<[string, Range, boolean, Range, Range | undefined]>([
  [
    'leaves room in even steps',
    { low: 0.13, high: 0.97 },
    false,
    { low: 0.08, high: 1.02 },
    undefined,
  ],
  [
    'keeps to its limits',
    { low: 0.13, high: 0.97 },
    false,
    { low: 0.08, high: 1 },
    { low: 0, high: 1 },
  ],
  ['has room for a constant', { low: 2, high: 2 }, false, { low: 1.99, high: 2.01 }, undefined],
  [
    'goes by tenths of powers of ten',
    { low: 0.11, high: 9 },
    true,
    { low: 0.1, high: 10 },
    undefined,
  ],
])('y %s', (_, range, isLog, expected, limits) => {
  const { low, high } = yRoom(range, isLog, limits);
  expect([low, high]).toEqual([expect.closeTo(expected.low), expect.closeTo(expected.high)]);
});

test('x stands still while a run grows by up to a fifth, and never ends before it', () => {
  const ends = Array.from({ length: 1000 }, (_, i) => xRoom(100 + i));
  ends.forEach((end, i) => {
    expect(end).toBeGreaterThanOrEqual((100 + i) * (1 - 1e-9));
    expect(end).toBeLessThanOrEqual((100 + i) * 1.2 * (1 + 1e-9));
  });
  expect(new Set(ends).size).toBeLessThanOrEqual(15);
});

test('y leaves out what ends before the part of x that is shown, and what begins behind it', () => {
  const ended = line([9, 8], [1, 2]);
  const led = line([9, 1], [2, 4]);
  const window = { low: 3, high: 5 };
  expect(extentOf(ended, window)).toBeNull();
  expect(extentOf(line([7], [6]), window)).toBeNull();
  expect(extentOf(led, window)).toEqual({ low: 1, high: 9 });
});
