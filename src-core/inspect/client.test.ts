/** @file The client and its clock: when a process is started, and when it is ended. With real processes: `app/inspect.test.ts`. */
import { expect, test } from 'vitest';
import { Inspector } from './client.ts';
import type { ToInspector } from './messages.ts';

/** A process that says nothing until it is told to, and a clock that stands still until it is moved. */
function silent() {
  let now = 0;
  let watch = (): void => {};
  let hear: (message: unknown) => void = () => {};
  const log: (string | ToInspector)[] = [];
  const inspector = new Inspector({
    startInspector() {
      log.push('started');
      return {
        send: (message) => void log.push(message),
        onMessage: (listener) => void (hear = listener),
        onExit: () => undefined,
        kill: () => void log.push('killed'),
      };
    },
    clock: () => now,
    every: (_, work) => {
      watch = work;
      return () => void log.push('unwatched');
    },
  });
  return {
    inspector,
    log,
    says: (message: unknown) => hear(message),
    pass(ms: number) {
      now += ms;
      watch();
    },
  };
}

const described = { input: { channels: 1, height: 2, width: 2 }, classes: ['a', 'b'] };

test('a process is started when it is needed, and ended when nobody asks', async () => {
  const { inspector, log, says, pass } = silent();
  expect(log).toEqual([]);
  const answer = inspector.call('describe', { path: 'x' });
  pass(1_000_000);
  says({ kind: 'result', id: 1, output: described });
  expect(await answer).toEqual(described);
  pass(299_999);
  expect(log).not.toContain('killed');
  pass(1);
  expect(log.at(-1)).toBe('killed');
});

test('work that nobody vouches for has a limit', async () => {
  const { inspector, log, pass } = silent();
  const limited = inspector.call('describe', { path: 'x' }, { limitMs: 60_000 });
  const beside = inspector.call('describe', { path: 'y' });
  pass(59_000);
  expect(log).not.toContain('killed');
  pass(1000);
  for (const call of [limited, beside])
    await expect(call).rejects.toMatchObject({ code: 'inspector-ended' });
});

test('an answer that is not what was asked for is no answer', async () => {
  const { inspector, says } = silent();
  const answer = inspector.call('describe', { path: 'x' });
  says({ kind: 'result', id: 1, output: { ...described, classes: [1] } });
  await expect(answer).rejects.toThrow(/classes/);
});

test('a defect over there keeps its stack', async () => {
  const { inspector, says } = silent();
  const answer = inspector.call('describe', { path: 'x' });
  says({ kind: 'failed', id: 1, error: null, stack: 'TypeError: there' });
  await expect(answer).rejects.toMatchObject({ stack: 'TypeError: there' });
});

test('a call that is canceled ends at once, and tells the process', async () => {
  const { inspector, log } = silent();
  const abort = new AbortController();
  const answer = inspector.call('describe', { path: 'x' }, { signal: abort.signal });
  abort.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
  expect(log.at(-1)).toEqual({ kind: 'cancel', id: 1 });
});
