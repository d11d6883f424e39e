/** @file What is said of a job that runs. */
import { expect, test } from 'vitest';
import { paceOf, progressText } from './progress.ts';

const job = (done: number, total: number | null) => ({ done, total, startedAt: 1000 });

test('the rate and the time left follow from the count and the time', () => {
  expect(paceOf(job(40_000, 60_000), 6000)).toEqual({ perSecond: 8000, secondsLeft: 2.5 });
});

test.each<[string, ReturnType<typeof job>, number, string]>([
  [
    'in the middle',
    job(40_000, 60_000),
    6000,
    '40\u202f000 / 60\u202f000 · 8\u202f000/s · 3 s left',
  ],
  ['too early for a rate', job(10, 100), 1100, '10 / 100'],
  ['nothing done yet', job(0, 100), 9000, '0 / 100'],
  ['of unknown length', job(10, null), 3000, '10 · 5.0/s'],
  ['at the end', job(100, 100), 3000, '100 / 100 · 50/s'],
])('%s', (_when, given, now, text) => {
  expect(progressText(given, now)).toBe(text);
});
