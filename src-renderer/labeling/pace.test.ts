import { describe, expect, test } from 'vitest';
import { labelsPerMinute, recentTimes } from './pace.ts';

const every = (ms: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i * ms);

describe('labels per minute', () => {
  test.each([
    { what: 'nothing labeled', times: [], now: 90_000, expected: null },
    { what: 'too early to tell', times: [0, 1000], now: 3000, expected: null },
    { what: 'ten in the first ten seconds', times: every(1000, 10), now: 10_000, expected: 60 },
    { what: 'one a second for two minutes', times: every(1000, 120), now: 119_000, expected: 60 },
    { what: 'a minute without any', times: every(1000, 10), now: 80_000, expected: null },
    { what: 'half of the last minute', times: every(1000, 120), now: 149_000, expected: 30 },
  ])('$what: $expected', ({ times, now, expected }) => {
    expect(labelsPerMinute(times, now)).toBe(expected);
  });

  test('old times are left out without changing the rate', () => {
    const times = every(500, 1000);
    const now = 500_000;
    expect(recentTimes(times, now).length).toBeLessThan(250);
    expect(labelsPerMinute(recentTimes(times, now), now)).toBe(labelsPerMinute(times, now));
  });
});
