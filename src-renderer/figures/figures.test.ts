/** @file What figures draw: where values stand, what they say in words, and that a file holds the same marks. */
import { describe, expect, test } from 'vitest';
import { dotPlot, hasFarDots, spread, type DotRow } from './dotPlot.ts';
import type { Figure, Mark } from './figure.ts';
import { figureSvg } from './figureFile.ts';
import { forestPlot, hasFarRows, signedPoints, type ForestRow } from './forestPlot.ts';
import { healthLines, layersOf, measures, measuresOf, type RunGroup } from './healthLines.ts';
import { linePlot, thinned, type PlotLine } from './linePlot.ts';
import { covers, linearScale, logScale, rangeOf, tickText } from './scale.ts';

const ofKind = <K extends Mark['kind']>(figure: Figure, kind: K) =>
  figure.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
const texts = (figure: Figure): readonly string[] => ofKind(figure, 'text').map(({ text }) => text);

describe('scales', () => {
  test.each<[number, number, number, string[]]>([
    [0, 1, 5, ['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [97.13, 98.4, 4, ['97.0', '97.5', '98.0', '98.5']],
    [-69.2, 1.8, 4, ['−80', '−60', '−40', '−20', '0', '20']],
    [5, 5, 2, ['4.5', '5.0', '5.5']],
  ])('from %j to %j in about %j steps are round', (low, high, count, ticks) => {
    const scale = linearScale({ low, high }, 0, 100, count);
    expect(scale.ticks.map((tick) => tickText(scale, tick))).toEqual(ticks);
    expect([scale.at(scale.low), scale.at(scale.high)]).toEqual([0, 100]);
  });

  test.each<[number, number, string[]]>([
    [0.0012, 3, ['0.001', '0.01', '0.1', '1']],
    [0.3, 0.9, ['0.2', '0.5', '1']],
    [1e-9, 1e-5, ['1e−9', '1e−7', '1e−5']],
  ])('logarithmic from %j to %j', (low, high, ticks) => {
    const scale = logScale({ low, high }, 0, 100, 3);
    expect(scale.ticks.map((tick) => tickText(scale, tick))).toEqual(ticks);
    expect(scale.at(Math.sqrt(scale.low * scale.high))).toBeCloseTo(50, 9);
    expect(covers(scale, low) && covers(scale, high)).toBe(true);
  });

  test('a range leaves out what is not finite', () => {
    expect(rangeOf([NaN, 3, -Infinity, 1])).toEqual({ low: 1, high: 3 });
    expect(rangeOf([NaN])).toBeNull();
  });
});

describe('a forest plot', () => {
  const row = (difference: number, ci95: ForestRow['ci95']): ForestRow => {
    const text = 'Swish beats ReLU by 0.12 ± 0.05 points over 5 seeds.';
    return { name: 'Swish − ReLU', activation: 'swish', difference, ci95, seeds: 5, text };
  };
  const drawn = (rows: readonly ForestRow[], isClose = false) =>
    forestPlot(rows, { width: 720, isClose });

  test('puts the point between the ends of its interval, right of the line of no difference', () => {
    const figure = drawn([row(0.0012, [0.0007, 0.0017])]);
    const [point] = ofKind(figure, 'point');
    const colored = ofKind(figure, 'line').filter(({ ink }) => typeof ink === 'object');
    const [bar] = colored;
    expect(point!.x).toBeCloseTo((bar!.x1 + bar!.x2) / 2, 6);
    expect(colored).toHaveLength(3);
    const zero = ofKind(figure, 'line').find(({ ink }) => ink === 'border')!;
    expect(bar!.x1).toBeGreaterThan(zero.x1);
    expect(figure.label).toContain('Swish − ReLU: +0.12 ± 0.05 (n = 5)');
  });

  test('without an interval draws the point alone', () => {
    const figure = drawn([row(0.005, null)]);
    expect(ofKind(figure, 'line').every(({ ink }) => typeof ink === 'string')).toBe(true);
    expect(texts(figure)).toContain('+0.50 (n = 5)');
    // 100 · 0.005 is more than 0.5 by rounding: it is on the axis all the same.
    expect(texts(figure).some((text) => text.includes('outside'))).toBe(false);
    expect(ofKind(figure, 'point')).toHaveLength(1);
  });

  test('can leave out what lies far off, and says that it does', () => {
    const near = [0.001, 0.002, 0.003, 0.002].map((d) => row(d, [d - 0.001, d + 0.001]));
    expect(hasFarRows(near)).toBe(false);
    const rows = [...near, row(-0.7, [-0.72, -0.68])];
    expect(hasFarRows(rows)).toBe(true);
    expect(ofKind(drawn(rows), 'point')).toHaveLength(5);
    const close = drawn(rows, true);
    expect(ofKind(close, 'point')).toHaveLength(4);
    expect(texts(close)).toEqual(expect.arrayContaining(['◂ outside', '−70.00 ± 2.00 (n = 5)']));
  });

  test.each([
    [0.0012, '+0.12'],
    [-0.014, '−1.40'],
    [-0.00001, '0.00'],
  ])('%j is %s points', (share, text) => expect(signedPoints(share)).toBe(text));
});

describe('a dot plot', () => {
  const row = (title: string, accuracies: readonly number[]): DotRow => ({
    title,
    activation: 'relu',
    runs: accuracies.map((accuracy, i) => {
      const run = `r${i + 1}`;
      return { run, name: `${title} · seed ${i}`, seed: i, accuracy, href: `#/runs/${run}` };
    }),
  });

  test('has the best mean on top, and a point for every run that leads to it', () => {
    const figure = dotPlot([row('ReLU', [0.9]), row('Swish', [0.95, 0.97])], {
      width: 600,
      isClose: false,
    });
    expect(texts(figure).filter((text) => /ReLU|Swish/.test(text))).toEqual(['Swish', 'ReLU']);
    const points = ofKind(figure, 'point');
    expect(points.map(({ href }) => href)).toEqual(['#/runs/r1', '#/runs/r2', '#/runs/r1']);
    expect(points[1]!.title).toBe('97.00 %, seed 1: Swish · seed 1 (r2)');
    const mean = ofKind(figure, 'line').find(({ ink }) => ink === 'text')!;
    expect(mean.x1).toBeCloseTo((points[0]!.x + points[1]!.x) / 2, 6);
    expect(figure.label).toContain('Swish: mean 96.00 % of 2');
  });

  test('marks runs that lie outside', () => {
    const rows = [row('ReLU', [0.97, 0.971, 0.972, 0.973]), row('Binary step', [0.1])];
    expect(hasFarDots(rows)).toBe(true);
    const close = dotPlot(rows, { width: 600, isClose: true });
    expect(ofKind(close, 'point')).toHaveLength(4);
    expect(texts(close)).toContain('◂ outside');
  });

  test('keeps equal values apart', () => {
    expect(new Set(spread([10, 10, 10])).size).toBe(3);
    expect(spread([10, 30])).toEqual([0, 0]);
  });
});

describe('lines', () => {
  const line = (y: readonly number[]): PlotLine => ({
    ...{ title: 'ReLU', ink: { activation: 'relu' }, dash: [], y },
    x: y.map((_, i) => i + 1),
  });
  const options = { width: 300, height: 120, title: 'dense1: Gradient norm', isLog: false };

  test('break at NaN, which is shown, and not drawn as zero', () => {
    const { figure } = linePlot([line([1, 2, NaN, 3, 4])], options);
    expect(ofKind(figure, 'path')).toHaveLength(2);
    const sign = ofKind(figure, 'text').find(({ text }) => text === '×');
    expect(sign?.title).toBe('ReLU, epoch 3: NaN');
  });

  test('of nothing but NaN say so', () =>
    expect(linePlot([line([NaN])], options).figure.label).toContain('nothing measured'));

  test('of one epoch are a point', () =>
    expect(ofKind(linePlot([line([0.5])], options).figure, 'point')).toHaveLength(1));

  test('are thinned to means, and keep their end', () => {
    const thin = thinned(line(Array.from({ length: 1000 }, (_, i) => i)), 100);
    expect(thin.x).toHaveLength(100);
    expect([thin.x.at(-1), thin.y[0]]).toEqual([1000, 4.5]);
    expect(thinned(line([1, NaN, 1, 1]), 2).y).toEqual([NaN, 1]);
  });
});

describe('layer health', () => {
  const rowOf = (epoch: number, deadShare: number) => {
    const score = { loss: 1, accuracy: 0.5 };
    const base = { step: epoch, seconds: epoch, learningRate: 0.1, train: score };
    const rest = { gradientNorm: 1, saturatedShare: 0, activationMean: 0, activationSd: 1 };
    const layer = { layer: 'dense1', activation: 'relu', deadShare, slopes: null, ...rest };
    return { ...base, epoch, validation: null, samplesPerSecond: 1, layers: [layer] };
  };
  const runs = [[rowOf(1, 0.1), rowOf(2, 0.2)], [rowOf(1, 0.3)]];
  const groups: readonly RunGroup[] = [{ title: 'ReLU', activation: 'relu', runs }];

  test('is the mean over the runs that came to the epoch', () => {
    const [line] = healthLines(groups, 'dense1', measures[0]!);
    expect(line!.x).toEqual([1, 2]);
    expect(line!.y.map((y) => y.toFixed(6))).toEqual(['20.000000', '20.000000']);
  });

  test('has only layers and measures that exist', () => {
    expect(layersOf(groups)).toEqual(['dense1']);
    expect(measuresOf(groups).map(({ id }) => id)).not.toContain('slope');
    expect(healthLines(groups, 'dense2', measures[0]!)).toEqual([]);
  });
});

test('a file is XML, whatever names hold', () => {
  const runs = [{ run: 'r1', name: '<&"\u0007', seed: 1, accuracy: 0.9, href: '#/runs/r1' }];
  const rows = [{ title: 'a < b & "c"', activation: 'relu', runs }];
  const svg = figureSvg(dotPlot(rows, { width: 400, isClose: false }));
  expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  expect(svg).toContain('&lt;&amp;&quot; (r1)');
  expect(svg).not.toMatch(/var\(|light-dark/);
  expect([...svg.matchAll(/<circle/g)]).toHaveLength(1);
});
