/**
 * @file The one place through which pages are told what happened. Whoever changes something stores it first and
 * tells it here then. A page that reads slowly is told the newest state of each thing once, not every step to it.
 */
import type { AppEvent } from '../contract.ts';

export type Tell = (event: AppEvent) => void;

export class Hub {
  readonly #listeners = new Set<Tell>();

  tell(event: AppEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Returns what ends the listening. */
  listen(listener: Tell): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Everything told from this call on, until `signal` aborts. */
  events(signal: AbortSignal | undefined): AsyncGenerator<AppEvent, void, void> {
    // As many as there are jobs and datasets at most: a newer event about one thing replaces the older.
    const waiting = new Map<string, AppEvent>();
    let wake = (): void => {};
    const stop = this.listen((event) => {
      const about = subjectOf(event);
      waiting.delete(about);
      waiting.set(about, event);
      wake();
    });
    const onAbort = (): void => wake();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) stop();
    return read(
      waiting,
      signal,
      (woken) => (wake = woken),
      () => {
        stop();
        signal?.removeEventListener('abort', onAbort);
      },
    );
  }
}

async function* read(
  waiting: Map<string, AppEvent>,
  signal: AbortSignal | undefined,
  onWake: (woken: () => void) => void,
  stop: () => void,
): AsyncGenerator<AppEvent, void, void> {
  try {
    while (!signal?.aborted) {
      const [next] = waiting;
      if (next) {
        waiting.delete(next[0]);
        yield next[1];
      } else await new Promise<void>((resolve) => onWake(resolve));
    }
  } finally {
    stop();
  }
}

function subjectOf(event: AppEvent): string {
  switch (event.kind) {
    case 'job':
      return `job ${event.job.id}`;
    case 'jobGone':
      return `job ${event.id}`;
    case 'dataset':
      return `dataset ${event.dataset}`;
    case 'datasets':
      return 'datasets';
    case 'run':
      return `run ${event.run.run}`;
    case 'runGone':
      return `run ${event.run}`;
    default:
      throw new Error(`unknown event ${String(event satisfies never)}`);
  }
}
