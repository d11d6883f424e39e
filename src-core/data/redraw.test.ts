import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partCode } from '../workspace/records.ts';
import { redrawSplits } from './redraw.ts';

const request = (labels: readonly number[], groups: readonly number[]) => ({
  labels: Int32Array.from(labels),
  groups: Int32Array.from(groups),
});
const count = (values: Uint8Array, code: number): number =>
  values.filter((value) => value === code).length;

test('every class is divided in the shares, the unlabeled as well', () => {
  const labels = Array.from({ length: 500 }, (_, i) => (i % 5) - 1);
  const drawn = redrawSplits(
    request(
      labels,
      labels.map((_, i) => i),
    ),
    { train: 0.7, validation: 0.2, test: 0.1 },
    3,
  );
  for (let label = -1; label < 4; label++) {
    const ofClass = drawn.filter((_, i) => labels[i] === label);
    expect([1, 2, 3].map((code) => count(ofClass, code))).toEqual([70, 20, 10]);
  }
});

test('equal pictures stay together, every image gets a part, and a seed is a draw', () => {
  const images = fc.array(
    fc.tuple(fc.integer({ min: -1, max: 3 }), fc.integer({ min: 0, max: 20 })),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(images, fc.nat(100), (all, seed) => {
      const input = request(
        all.map(([label]) => label),
        all.map(([, group]) => group),
      );
      const shares = { train: 0.5, validation: 0.25, test: 0.25 };
      const drawn = redrawSplits(input, shares, seed);
      const partOf = new Map<number, number>();
      all.forEach(([, group], i) => {
        expect(drawn[i]).toBeGreaterThan(partCode.none);
        expect(drawn[i]).toBe(partOf.get(group) ?? drawn[i]);
        partOf.set(group, drawn[i]!);
      });
      expect(redrawSplits(input, shares, seed)).toEqual(drawn);
    }),
  );
});

test('a share of nothing is nothing', () => {
  const labels = Array.from({ length: 50 }, (_, i) => i % 3);
  const input = request(
    labels,
    labels.map((_, i) => i),
  );
  const drawn = redrawSplits(input, { train: 0, validation: 1, test: 0 }, 1);
  expect(count(drawn, partCode.validation)).toBe(50);
});
