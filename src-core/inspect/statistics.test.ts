/** @file Quantiles and test probabilities against published values and against exact or numeric sums. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mcNemar, studentT, summary } from './statistics.ts';

describe("Student's t", () => {
  // Two-sided 95 %: the 0.975 quantiles.
  test.each([
    [1, 12.7062047362],
    [2, 4.3026527297],
    [3, 3.1824463053],
    [4, 2.7764451052],
    [5, 2.5705818356],
    [9, 2.2621571628],
    [10, 2.228138852],
    [29, 2.0452296421],
    [30, 2.0422724563],
    [60, 2.000297822],
    [100, 1.9839715185],
    [120, 1.9799304051],
    [200, 1.9718962236],
  ])('with %i degrees of freedom is %f', (degrees, t) => {
    expect(Math.abs(studentT(0.95, degrees) - t)).toBeLessThan(1e-6);
  });

  /** (1 + t²/ν)^(−(ν+1)/2), integrated by Simpson's rule over angles t = √ν·tan θ: ∫ cos^(ν−1) θ dθ. */
  const within = (t: number, degrees: number) => {
    const area = (end: number) => {
      const steps = 4000;
      let sum = 0;
      for (let i = 0; i <= steps; i++) {
        const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
        sum += weight * Math.cos((end * i) / steps) ** (degrees - 1);
      }
      return (sum * end) / steps / 3;
    };
    return area(Math.atan(t / Math.sqrt(degrees))) / area(Math.PI / 2);
  };

  test('encloses the probability asked for, for 1 to 200 degrees of freedom', () => {
    for (let degrees = 1; degrees <= 200; degrees++)
      for (const confidence of [0.5, 0.95, 0.999])
        expect(within(studentT(confidence, degrees), degrees)).toBeCloseTo(confidence, 8);
  });
});

describe('a summary', () => {
  test('has the deviation of a sample', () => {
    const { mean, sd, min, max } = summary([2, 4, 4, 4, 5, 5, 7, 9])!;
    expect({ mean, min, max }).toEqual({ mean: 5, min: 2, max: 9 });
    expect(sd).toBeCloseTo(Math.sqrt(32 / 7), 12);
  });

  test('of one value has no deviation, and of none is null', () => {
    expect(summary([3])).toEqual({ n: 1, mean: 3, sd: null, min: 3, max: 3 });
    expect(summary([])).toBeNull();
  });
});

describe("McNemar's test", () => {
  /** Samples of which only the first, and only the second network, gets these many right. */
  const split = (onlyFirst: number, onlySecond: number, both = 0) => {
    const total = onlyFirst + onlySecond + both;
    const labels = new Int32Array(total).fill(1);
    const first = labels.map((_, n) => (n >= onlyFirst && n < onlyFirst + onlySecond ? 0 : 1));
    const second = labels.map((_, n) => (n < onlyFirst ? 0 : 1));
    return mcNemar(first, second, labels);
  };

  test('counts only where one of them is right', () => {
    expect(split(5, 1, 20)).toMatchObject({ onlyFirst: 5, onlySecond: 1 });
    expect(split(0, 0, 9)).toEqual({ onlyFirst: 0, onlySecond: 0, p: 1 });
  });

  /** Exact, by Pascal's rule in whole numbers. */
  const exact = (first: number, second: number) => {
    const n = first + second;
    let choose = 1n;
    let tail = 0n;
    for (let k = 0; k <= Math.min(first, second); k++) {
      tail += choose;
      choose = (choose * BigInt(n - k)) / BigInt(k + 1);
    }
    return Math.min(1, Number((tail * 2n * 10n ** 30n) / 2n ** BigInt(n)) / 1e30);
  };

  test('gives the exact probability, for either order', () =>
    fc.assert(
      fc.property(fc.nat(90), fc.nat(90), (first, second) => {
        expect(split(first, second).p).toBeCloseTo(exact(first, second), 12);
        expect(split(second, first).p).toBe(split(first, second).p);
      }),
    ));

  test('does not lose itself in large numbers', () => {
    // Summed exactly, in whole numbers.
    expect(split(50_000, 49_500).p).toBeCloseTo(0.113663647339, 9);
    expect(split(5000, 0).p).toBe(0);
    expect(split(1000, 0).p).toBeGreaterThan(0);
  });

  test('wants the same samples', () =>
    expect(() => mcNemar(new Int32Array(2), new Int32Array(3), new Int32Array(3))).toThrow(
      RangeError,
    ));
});
