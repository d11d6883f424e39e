/**
 * @file What runs measure, told to pages as it comes. A page that reads too slowly is not sent everything late: what
 * waits for it of a run gives way to one word that there is a gap, and it reads that run's series again.
 */
import type { LiveSteps } from '../contract/training.ts';

/** Steps of one run that wait for one page: two seconds of the fastest network there is, some 400 kB. */
export const waitingStepsMax = 10_000;

type Waiting = { events: LiveSteps[]; steps: number; isGap: boolean };

export class LiveFeed {
  readonly #readers = new Set<(event: LiveSteps) => void>();

  tell(event: LiveSteps): void {
    for (const reader of this.#readers) reader(event);
  }

  /** False: nobody reads, and there is no need to prepare anything. */
  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  /** Everything told from this call on, until `signal` aborts. In order for each run. */
  events(signal: AbortSignal | undefined): AsyncGenerator<LiveSteps, void, void> {
    const waiting = new Map<string, Waiting>();
    let wake = (): void => {};
    const reader = (event: LiveSteps): void => {
      put(waiting, event);
      wake();
    };
    this.#readers.add(reader);
    const onAbort = (): void => wake();
    const stop = (): void => {
      this.#readers.delete(reader);
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) stop();
    return read(waiting, signal, (woken) => (wake = woken), stop);
  }
}

function put(waiting: Map<string, Waiting>, event: LiveSteps): void {
  const held = waiting.get(event.run) ?? { events: [], steps: 0, isGap: false };
  waiting.set(event.run, held);
  // Whoever reads the series again after the gap finds this there.
  if (held.isGap) return;
  held.events.push(event);
  held.steps += event.kind === 'steps' ? event.loss.length : 1;
  if (held.steps <= waitingStepsMax) return;
  held.events = [{ kind: 'gap', run: event.run }];
  held.isGap = true;
}

async function* read(
  waiting: Map<string, Waiting>,
  signal: AbortSignal | undefined,
  onWake: (woken: () => void) => void,
  stop: () => void,
): AsyncGenerator<LiveSteps, void, void> {
  try {
    while (!signal?.aborted) {
      const [next] = waiting;
      if (next) {
        waiting.delete(next[0]);
        yield* next[1].events;
      } else await new Promise<void>((resolve) => onWake(resolve));
    }
  } finally {
    stop();
  }
}
