/** @file How fast the built-in sample is made. */
import { generateDigits } from '../src-core/data/digits.ts';
import type { Benchmark } from './bench.ts';
import { atMost, seconds } from './measure.ts';

const rounds = 3;
const digits = 5000;
const secondsBar = 3;

export const digitsMade: Benchmark = {
  about: `Generating ${digits} digits, without storing them: median, smallest and largest of ${rounds} times.`,
  async run() {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = performance.now();
      for (const _ of generateDigits({ count: digits, seed: round }));
      taken.push((performance.now() - before) / 1000);
    }
    return { rows: [atMost(`${digits} digits`, taken, secondsBar, seconds)], notes: [] };
  },
};
