/** @file The trainer with what Node gives it, whichever channel its host speaks through. */
import { setImmediate } from 'node:timers/promises';
import { openCache } from '../src-core/data/cache.ts';
import { serveTrainer } from '../src-core/training/trainer.ts';

type Channel = Pick<Parameters<typeof serveTrainer>[0], 'send' | 'onMessage'>;

/** Resolves when the trainer has done what it was started for. */
export const runTrainer = (channel: Channel): Promise<void> =>
  serveTrainer({
    ...channel,
    openCache,
    clock: () => performance.now(),
    breathe: () => setImmediate(),
    every(ms, work) {
      const timer = setInterval(work, ms);
      return () => clearInterval(timer);
    },
  });
