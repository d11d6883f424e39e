import { describe, expect, it } from 'vitest';
import { shuffle, stream } from './random.ts';

const draws = 100_000;

describe('stream', () => {
  it('depends on seed, name and counters, and on nothing else', () => {
    const first = (...args: Parameters<typeof stream>) => stream(...args).uint32();
    const values = [
      first(1, 'a'),
      first(2, 'a'),
      first(1, 'b'),
      first(1, 'a', 0),
      first(1, 'a', 1),
    ];
    expect(new Set(values).size).toBe(values.length);
    expect(first(1, 'a', 7)).toBe(first(1, 'a', 7));
  });

  it('is the same on every machine', () => {
    const random = stream(1, 'pinned');
    expect([random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        3480523285,
        2174909914,
        627344469,
      ]
    `);
  });

  it('is uniform: mean ½, variance 1/12, every byte as often as the others', () => {
    const random = stream(5, 'uniform');
    const values = Float64Array.from({ length: draws }, () => random.float());
    const mean = values.reduce((sum, x) => sum + x, 0) / draws;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.002);
    const bytes = new Uint8Array(256 * 1000 + 3);
    random.fill(bytes);
    const counts = new Int32Array(256);
    for (const byte of bytes) counts[byte]!++;
    // χ² with 255 degrees of freedom: mean 255, standard deviation 22.6
    const chi =
      counts.reduce((sum, n) => sum + (n - bytes.length / 256) ** 2, 0) / (bytes.length / 256);
    expect(chi).toBeGreaterThan(160);
    expect(chi).toBeLessThan(370);
  });

  it('draws normal values: mean 0, variance 1, a third beyond one deviation', () => {
    const random = stream(5, 'normal');
    const values = Float64Array.from({ length: draws }, () => random.normal());
    const mean = values.reduce((sum, x) => sum + x, 0) / draws;
    const variance = values.reduce((sum, x) => sum + x * x, 0) / draws;
    const beyond = values.filter((x) => Math.abs(x) > 1).length / draws;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(beyond - 0.3173)).toBeLessThan(0.01);
  });
});

describe('shuffle', () => {
  it('keeps every item, and puts each at every place about equally often', () => {
    const counts = Array.from({ length: 4 }, () => new Int32Array(4));
    for (let trial = 0; trial < 4000; trial++) {
      const items = Int32Array.from([0, 1, 2, 3]);
      shuffle(items, stream(1, 'shuffle-test', trial));
      expect([...items].sort()).toEqual([0, 1, 2, 3]);
      items.forEach((item, place) => counts[item]![place]!++);
    }
    for (const row of counts) for (const n of row) expect(Math.abs(n - 1000)).toBeLessThan(140); // five standard errors
  });
});
