/**
 * @file What runs measure, told to pages in as few messages as they can be drawn in: it waits until it is released,
 * with the line of its run. A page that reads too slowly is not sent everything late: what waits for it of a run gives
 * way to one word that there is a gap, and it reads that run's series again.
 */
import type { LiveSteps } from '../contract/training.ts';

/** Steps of one run that wait for one page: two seconds of the fastest network there is, some 400 kB. */
export const waitingStepsMax = 10_000;

/** @param series all of the same length */
export function liveSteps(
  run: string,
  firstStep: number,
  { loss, accuracy, seconds }: Record<'loss' | 'accuracy' | 'seconds', Float32Array>,
): Extract<LiveSteps, { kind: 'steps' }> {
  const bytes = [loss, accuracy, seconds].map((values) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  const packed = Buffer.concat(bytes).toString('base64');
  return { kind: 'steps', run, firstStep, count: loss.length, packed };
}

type Waiting = { events: LiveSteps[]; steps: number; isGap: boolean };
type Reader = {
  /** Told and not yet read, by run. */
  readonly waiting: Map<string, Waiting>;
  /** Runs of which it may be read. */
  readonly released: Set<string>;
  wake: () => void;
};

export class LiveFeed {
  readonly #readers = new Set<Reader>();

  tell(event: LiveSteps): void {
    for (const { waiting } of this.#readers) put(waiting, event);
  }

  /** Sends what was told of a run. */
  release(run: string): void {
    for (const reader of this.#readers) {
      if (!reader.waiting.has(run)) continue;
      reader.released.add(run);
      reader.wake();
    }
  }

  /** False: nobody reads, and there is no need to prepare anything. */
  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  /** Everything told from this call on, until `signal` aborts: of one run at a time, in order. */
  events(signal: AbortSignal | undefined): AsyncGenerator<LiveSteps[], void, void> {
    const reader: Reader = { waiting: new Map(), released: new Set(), wake: () => {} };
    this.#readers.add(reader);
    const onAbort = (): void => reader.wake();
    const stop = (): void => {
      this.#readers.delete(reader);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) stop();
    return read(reader, signal, stop);
  }
}

function put(waiting: Map<string, Waiting>, event: LiveSteps): void {
  const held = waiting.get(event.run) ?? { events: [], steps: 0, isGap: false };
  waiting.set(event.run, held);
  // Whoever reads the series again after the gap finds this there.
  if (held.isGap) return;
  held.events.push(event);
  held.steps += event.kind === 'steps' ? event.count : 1;
  if (held.steps <= waitingStepsMax) return;
  held.events = [{ kind: 'gap', run: event.run }];
  held.isGap = true;
}

async function* read(
  reader: Reader,
  signal: AbortSignal | undefined,
  stop: () => void,
): AsyncGenerator<LiveSteps[], void, void> {
  const { waiting, released } = reader;
  try {
    while (!signal?.aborted) {
      const [run] = released;
      if (run === undefined) {
        await new Promise<void>((resolve) => (reader.wake = resolve));
        continue;
      }
      released.delete(run);
      const { events } = waiting.get(run)!;
      waiting.delete(run);
      yield events;
    }
  } finally {
    stop();
  }
}
