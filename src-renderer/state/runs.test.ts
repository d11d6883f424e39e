/** @file The list of runs: what is shown at once, what waits for the beat, and that nothing older comes after it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RunInfo } from '../../src-core/contract/training.ts';
import { runs } from './runs.svelte.ts';

const run = (facts: Partial<RunInfo>): RunInfo =>
  ({ run: 'r1', name: 'digits', status: 'running', step: 0, ...facts }) as RunInfo;
const shown = () => runs.list.map(({ name, status, step }) => `${name} ${status} ${step}`);
const beatMost = 1000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, 16));
  runs.set([run({})]);
});
afterEach(() => {
  vi.advanceTimersByTime(beatMost);
  runs.set([]);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('new figures come with the beat, the last of them only', () => {
  runs.put(run({ step: 1 }));
  runs.put(run({ step: 2 }));
  expect(shown()).toEqual(['digits running 0']);
  vi.advanceTimersByTime(beatMost);
  expect(shown()).toEqual(['digits running 2']);
});

test.each<[string, Partial<RunInfo>, string]>([
  ['status', { status: 'paused', step: 2 }, 'digits paused 2'],
  ['name', { name: 'letters', step: 2 }, 'letters running 2'],
])('another %s is there at once, and figures that waited do not undo it', (_what, facts, now) => {
  runs.put(run({ step: 1 }));
  runs.put(run(facts));
  expect(shown()).toEqual([now]);
  vi.advanceTimersByTime(beatMost);
  expect(shown()).toEqual([now]);
});

test('a run that was removed does not come back, nor do figures from before the whole list was read', () => {
  runs.put(run({ step: 1 }));
  runs.set([run({ step: 5 })]);
  vi.advanceTimersByTime(beatMost);
  expect(shown()).toEqual(['digits running 5']);
  runs.put(run({ step: 6 }));
  runs.drop('r1');
  vi.advanceTimersByTime(beatMost);
  expect(shown()).toEqual([]);
});
