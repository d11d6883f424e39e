/** @file Jobs: seen from start to end, told often enough and not more, canceled, kept until dismissed. */
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { AppEvent, Job } from '../contract.ts';
import { failure } from '../errors.ts';
import { Hub } from './hub.ts';
import { Jobs, type JobCall, type JobResult } from './jobs.ts';

function made() {
  const told: AppEvent[] = [];
  const defects: unknown[] = [];
  const time = { now: 0 };
  const jobs = new Jobs({
    tell: (event) => told.push(event),
    now: () => 1000 + time.now,
    clock: () => time.now,
    reportDefect: (error) => defects.push(error),
  });
  const start = (work: (call: JobCall) => Promise<JobResult>): string =>
    jobs.start({ kind: 'import', title: 'Importing', work });
  return { jobs, told, defects, time, start };
}

const states = (told: readonly AppEvent[]): string[] =>
  told.map((event) => (event.kind === 'job' ? event.job.state.kind : event.kind));

test('a job is told at its start and end, and stays until it is dismissed', async () => {
  const { jobs, told, start } = made();
  const id = start(async () => ({ file: '/tmp/x.zip' }));
  expect(jobs.list()).toMatchObject([{ id, startedAt: 1000, state: { kind: 'running' } }]);
  expect((await jobs.ended(id)).state).toEqual({ kind: 'done', report: null, file: '/tmp/x.zip' });
  expect(states(told)).toEqual(['running', 'done']);
  expect(jobs.file(id)).toBe('/tmp/x.zip');
  jobs.dismiss(id);
  expect(jobs.list()).toEqual([]);
  expect(told.at(-1)).toEqual({ kind: 'jobGone', id });
});

test('progress is told ten times a second at most, and always known', async () => {
  const { jobs, told, time, start } = made();
  const id = start(async ({ progress }) => {
    for (let done = 1; done <= 1000; done++) {
      progress({ done, total: 1000 });
      time.now++;
    }
    return {};
  });
  const end = await jobs.ended(id);
  expect(end).toMatchObject({ done: 1000, total: 1000 });
  expect(told.length).toBeLessThanOrEqual(12);
  expect(told.length).toBeGreaterThanOrEqual(10);
});

test('a canceled job ends as such, and what it needed is taken away', async () => {
  const { jobs, told } = made();
  let isClean = false;
  const id = jobs.start({
    kind: 'export',
    title: 'Exporting',
    async work({ signal }) {
      for (;;) {
        await turn();
        signal.throwIfAborted();
      }
    },
    cleanUp: async () => void (isClean = true),
  });
  jobs.cancel(id);
  expect((await jobs.ended(id)).state).toEqual({ kind: 'canceled' });
  expect(isClean).toBe(true);
  jobs.cancel(id);
  expect(states(told)).toEqual(['running', 'canceled']);
});

test('a running job is not dismissed', async () => {
  const { jobs, start } = made();
  const id = start(async () => ({}));
  jobs.dismiss(id);
  expect(jobs.list()).toHaveLength(1);
  await jobs.ended(id);
});

test('an expected failure is told; a defect is reported and told without its inside', async () => {
  const { jobs, defects, start } = made();
  const expected = await jobs.ended(
    start(async () => {
      throw failure('disk-full', { folder: '/data' });
    }),
  );
  expect(expected.state).toMatchObject({ kind: 'failed', problem: { code: 'disk-full' } });
  const bug = new Error('secret detail');
  const broken = await jobs.ended(
    start(async () => {
      throw bug;
    }),
  );
  expect(broken.state).toMatchObject({ kind: 'failed', problem: { code: 'internal' } });
  expect(JSON.stringify(broken)).not.toContain('secret');
  expect(defects).toEqual([bug]);
});

test('only so many jobs that are over are kept', async () => {
  const { jobs, start } = made();
  for (let i = 0; i < 110; i++) await jobs.ended(start(async () => ({})));
  expect(jobs.list()).toHaveLength(100);
});

const jobEvent = (id: string, done: number): AppEvent => {
  const job: Job = {
    id,
    kind: 'import',
    title: '',
    done,
    total: null,
    startedAt: 0,
    state: { kind: 'running' },
  };
  return { kind: 'job', job };
};

test('events are heard from the call on; a slow reader is told the newest of each thing', async () => {
  const hub = new Hub();
  const end = new AbortController();
  const events = hub.events(end.signal);
  for (let done = 0; done < 1000; done++) hub.tell(jobEvent('j1', done));
  hub.tell({ kind: 'datasets' });
  hub.tell({ kind: 'datasets' });
  expect((await events.next()).value).toEqual(jobEvent('j1', 999));
  expect((await events.next()).value).toEqual({ kind: 'datasets' });
  const waiting = events.next();
  hub.tell(jobEvent('j2', 1));
  expect((await waiting).value).toEqual(jobEvent('j2', 1));
  const last = events.next();
  end.abort();
  expect(await last).toEqual({ done: true, value: undefined });
});
