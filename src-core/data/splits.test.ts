import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partCode } from '../workspace/records.ts';
import { apportion, assignSplits, byClass } from './splits.ts';

const { none, train, validation, test: held } = partCode;

/** N images with nothing given and nothing drawn. */
function fresh(labels: Int32Array, seed = 1) {
  const nothing = new Uint8Array(labels.length);
  return { labels, current: nothing, given: nothing, seed };
}

/** How many of each class are in `part`. */
function countsIn(part: number, labels: Int32Array, drawn: Uint8Array): number[] {
  return byClass(labels).map((images) => images.filter((i) => drawn[i] === part).length);
}

const anyLabels = fc
  .array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 400 })
  .map((list) => Int32Array.from(list));

describe('a fresh split', () => {
  test('of a thousand images of each of ten classes is 800, 100 and 100 of each', () => {
    const labels = Int32Array.from({ length: 10_000 }, (_, i) => i % 10);
    const drawn = assignSplits(fresh(labels));
    expect(countsIn(train, labels, drawn)).toEqual(Array(10).fill(800));
    expect(countsIn(validation, labels, drawn)).toEqual(Array(10).fill(100));
    expect(countsIn(held, labels, drawn)).toEqual(Array(10).fill(100));
  });

  test('gives every class its share within one image, and the exact totals', () => {
    fc.assert(
      fc.property(anyLabels, fc.nat(), (labels, seed) => {
        const drawn = assignSplits(fresh(labels, seed));
        const sizes = byClass(labels).map((images) => images.length);
        const shares = [
          [train, 0.8],
          [validation, 0.1],
          [held, 0.1],
        ] as const;
        for (const [part, share] of shares)
          countsIn(part, labels, drawn).forEach((count, label) => {
            expect(Math.abs(count - sizes[label]! * share)).toBeLessThanOrEqual(1 + 1e-9);
            if (part === train && sizes[label]! > 0) expect(count).toBeGreaterThan(0);
          });
      }),
    );
  });

  test('leaves unlabeled images out and gives every labeled one a part', () => {
    fc.assert(
      fc.property(anyLabels, (labels) => {
        const drawn = assignSplits(fresh(labels));
        labels.forEach((label, i) => expect(drawn[i] === none).toBe(label < 0));
      }),
    );
  });

  test('is the same for the same seed and another for another', () => {
    const labels = Int32Array.from({ length: 200 }, (_, i) => i % 2);
    expect(assignSplits(fresh(labels, 5))).toEqual(assignSplits(fresh(labels, 5)));
    expect(assignSplits(fresh(labels, 5))).not.toEqual(assignSplits(fresh(labels, 6)));
  });
});

describe('a split the source gives', () => {
  test('of train and test keeps test and takes a tenth of train for validation', () => {
    const labels = Int32Array.from({ length: 7000 }, (_, i) => i % 10);
    const given = Uint8Array.from(labels, (_, i) => (i < 6000 ? train : held));
    const drawn = assignSplits({ labels, current: given, given, seed: 1 });
    expect(drawn.subarray(6000)).toEqual(given.subarray(6000));
    expect(countsIn(validation, labels, drawn)).toEqual(Array(10).fill(60));
    expect(countsIn(train, labels, drawn)).toEqual(Array(10).fill(540));
  });

  test('of all three parts is kept, labeled or not', () => {
    const given = Uint8Array.of(train, train, validation, held, held, train);
    const labels = Int32Array.of(0, 1, 0, 1, -1, -1);
    expect(assignSplits({ labels, current: given, given, seed: 1 })).toEqual(given);
  });

  test('of validation and test sends all others to training', () => {
    const labels = new Int32Array(100);
    const given = Uint8Array.from(labels, (_, i) => (i === 0 ? validation : i === 1 ? held : none));
    const drawn = assignSplits({ labels, current: given, given, seed: 1 });
    expect(countsIn(train, labels, drawn)).toEqual([98]);
  });
});

test('images that come later fill up the tenths, and no earlier one moves', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 300 }), fc.integer({ min: 0, max: 300 }), (n, more) => {
      const nothing = new Uint8Array(n + more);
      const labels = Int32Array.from(nothing, (_, i) => i % 2);
      const first = assignSplits(fresh(labels.slice(0, n)));
      const current = Uint8Array.from(nothing, (_, i) => first[i] ?? none);
      const drawn = assignSplits({ labels, current, given: nothing, seed: 1 });
      expect(drawn.subarray(0, n)).toEqual(first);
      for (const part of [validation, held])
        for (const [label, count] of countsIn(part, labels, drawn).entries()) {
          const size = byClass(labels)[label]!.length;
          expect(Math.abs(count - size / 10)).toBeLessThanOrEqual(1.5);
        }
    }),
  );
});

describe('apportion', () => {
  test.each([
    [
      [0.5, 0.5],
      [1, 1],
      [1, 0],
    ],
    [
      [1.2, 1.7, 0.1],
      [9, 9, 9],
      [1, 2, 0],
    ],
    [
      [2.5, 2.5],
      [1, 9],
      [1, 3],
    ],
    [
      [-3, 1.6],
      [9, 9],
      [0, 2],
    ],
  ])('of %j with room for %j is %j', (needs, room, counts) => {
    expect(apportion(needs, room)).toEqual(counts);
  });

  test('gives the rounded total where there is room, and each within one', () => {
    const needs = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(needs, (wanted) => {
        const counts = apportion(wanted, wanted.map(Math.ceil));
        const total = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0);
        expect(Math.abs(total(counts) - total(wanted))).toBeLessThanOrEqual(0.5 + 1e-9);
        counts.forEach((count, i) => expect(Math.abs(count - wanted[i]!)).toBeLessThan(1));
      }),
    );
  });
});
