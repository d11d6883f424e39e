/** @file What is told when runs end. */
import { expect, test } from 'vitest';
import type { RunInfo } from '../../src-core/contract/training.ts';
import { endOf } from './runEnds.ts';

// Only what the end of a run is judged by.
const run = (name: string, status: RunInfo['status'], comparison: string | null = null) =>
  ({
    ...{ run: name, name, status, comparison, problem: null, bestValidationAccuracy: 0.9 },
    test: { loss: 0.1, accuracy: 0.975 },
  }) as unknown as RunInfo;

const told = (before: RunInfo | undefined, now: RunInfo, others: readonly RunInfo[] = []) => {
  const end = endOf(before, now, [now, ...others]);
  return end && `${end.title}: ${end.text} ${end.link}`;
};

test.each<[string, string | null, string | null]>([
  [
    'a run that finishes',
    'r1 has finished: 97.50 % on the test part #/runs/r1',
    told(run('r1', 'running'), run('r1', 'finished')),
  ],
  [
    'a run whose process ended',
    'r1 was interrupted: It can be resumed. #/runs/r1',
    told(run('r1', 'running'), run('r1', 'interrupted')),
  ],
  ['a run that was stopped by hand', null, told(run('r1', 'running'), run('r1', 'stopped'))],
  ['a run that was over before', null, told(run('r1', 'finished'), run('r1', 'finished'))],
  ['a run that is new here', null, told(undefined, run('r1', 'finished'))],
  [
    'a run of a comparison that goes on',
    null,
    told(run('r1', 'running', 'c'), run('r1', 'finished', 'c'), [run('r2', 'queued', 'c')]),
  ],
  [
    'the last run of a comparison',
    'The comparison is over: 1 of 2 runs finished #/compare/r1,r2',
    told(run('r1', 'running', 'c'), run('r1', 'finished', 'c'), [
      run('r2', 'failed', 'c'),
      run('r3', 'running'),
    ]),
  ],
])('of %s is told: %s', (_, expected, said) => {
  expect(said).toBe(expected);
});
