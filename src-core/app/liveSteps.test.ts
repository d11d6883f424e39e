import { expect, test } from 'vitest';
import type { LiveSteps } from '../contract/training.ts';
import { LiveFeed, liveSteps, waitingStepsMax } from './liveSteps.ts';

const steps = (run: string, firstStep: number, count: number): LiveSteps => {
  const values = new Float32Array(count);
  return liveSteps(run, firstStep, { loss: values, accuracy: values, seconds: values });
};

/** All that is told, released run by run, as a page reads it. */
async function readAll(
  events: AsyncGenerator<LiveSteps[], void, void>,
  feed: LiveFeed,
  runs: readonly string[],
): Promise<LiveSteps[][]> {
  feed.tell({ kind: 'gap', run: 'end' });
  for (const run of [...runs, 'end']) feed.release(run);
  const read: LiveSteps[][] = [];
  for await (const batch of events) {
    if (batch[0]!.run === 'end') return read;
    read.push(batch);
  }
  return read;
}

test('a page that reads too slowly is told of a gap, once, and of other runs all', async () => {
  const feed = new LiveFeed();
  const events = feed.events(undefined);
  const half = waitingStepsMax / 2;
  for (const first of [1, half + 1, 2 * half + 1, 3 * half + 1])
    feed.tell(steps('r1', first, half));
  feed.tell(steps('r2', 1, 3));
  feed.tell({ kind: 'rewound', run: 'r2', step: 2 });
  expect(await readAll(events, feed, ['r1', 'r2'])).toEqual([
    [{ kind: 'gap', run: 'r1' }],
    [steps('r2', 1, 3), { kind: 'rewound', run: 'r2', step: 2 }],
  ]);
});

test('what is told of a run is one message once it is released, and nothing before', async () => {
  const feed = new LiveFeed();
  const events = feed.events(undefined);
  feed.tell(steps('r1', 1, 2));
  feed.tell(steps('r2', 1, 2));
  feed.tell(steps('r1', 3, 2));
  feed.release('r3');
  expect(await readAll(events, feed, ['r1'])).toEqual([[steps('r1', 1, 2), steps('r1', 3, 2)]]);
});

test('after the gap a page hears what follows, and a page that left hears nothing', async () => {
  const feed = new LiveFeed();
  const leaving = new AbortController();
  const events = feed.events(leaving.signal);
  feed.tell(steps('r1', 1, waitingStepsMax + 1));
  feed.release('r1');
  expect((await events.next()).value).toEqual([{ kind: 'gap', run: 'r1' }]);
  feed.tell(steps('r1', waitingStepsMax + 2, 1));
  feed.release('r1');
  expect((await events.next()).value).toMatchObject([{ firstStep: waitingStepsMax + 2 }]);
  const last = events.next();
  leaving.abort();
  expect(await last).toEqual({ done: true, value: undefined });
  expect(feed.isRead).toBe(false);
});
