/** @file The trainer with what Node gives it, whichever channel its host speaks through. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { openCache } from '../src-core/data/cache.ts';
import { serveTrainer } from '../src-core/training/trainer.ts';

type Channel = Pick<Parameters<typeof serveTrainer>[0], 'send' | 'onMessage'>;

/**
 * The heap of a trainer is small, and V8 collects it whole whenever it has grown by half: where epochs are short, their
 * checkpoints made it mark all the time, on the cores that train. It may grow tenfold, to some 130 MB, instead. Buffers
 * outside of the heap have limits of their own, which stay.
 */
const heapGrowingPercent = 900;

/** Resolves when the trainer has done what it was started for. */
export function runTrainer(channel: Channel): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`);
  return serveTrainer({
    ...channel,
    openCache,
    clock: () => performance.now(),
    breathe: () => setImmediate(),
    every(ms, work) {
      const timer = setInterval(work, ms);
      return () => clearInterval(timer);
    },
  });
}
