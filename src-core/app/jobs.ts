/**
 * @file What takes a while: imports, samples, exports of datasets. Each is a job that pages see from its start
 * until it is dismissed, with progress, and that can be canceled. Jobs live as long as the program; what they made
 * is stored.
 */
import type { ImportReport, Job, Problem } from '../contract.ts';
import { InklingError } from '../errors.ts';
import type { Tell } from './hub.ts';

export type JobPorts = {
  readonly tell: Tell;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Told of a failure that no catalogue lists, with its stack. */
  readonly reportDefect: (error: unknown) => void;
};

export type JobRequest = {
  readonly kind: Job['kind'];
  readonly title: string;
  readonly work: (call: JobCall) => Promise<JobResult>;
  /** Takes away what the work needed, however it ended. */
  readonly cleanUp?: () => Promise<void>;
};

export type JobCall = {
  readonly signal: AbortSignal;
  readonly progress: (progress: { readonly done: number; readonly total: number }) => void;
};

export type JobResult = {
  readonly report?: ImportReport;
  /** What was written: where a desktop may show it, or a browser download it. */
  readonly file?: string;
  /** Takes `file` away when the job is dismissed; absent for a file that is the user's. */
  readonly discard?: () => Promise<void>;
};

/** Ten times a second is as often as anyone can read. */
const progressIntervalMs = 100;
/** Older jobs that are over make room: nobody scrolls through more. */
const keptMax = 100;

type Entry = {
  job: Job;
  readonly abort: AbortController;
  over: Promise<void>;
  discard: (() => Promise<void>) | null;
};

export class Jobs {
  readonly #ports: JobPorts;
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  constructor(ports: JobPorts) {
    this.#ports = ports;
  }

  list(): Job[] {
    return [...this.#entries.values()].map(({ job }) => job);
  }

  /** The file a finished job made, or null. */
  file(id: string): string | null {
    const state = this.#entries.get(id)?.job.state;
    return state?.kind === 'done' ? state.file : null;
  }

  /** Begins at once. Returns the job's id. */
  start(request: JobRequest): string {
    this.#dropOldest();
    const id = `j${++this.#count}`;
    const { kind, title } = request;
    const startedAt = this.#ports.now();
    const entry: Entry = {
      job: { id, kind, title, done: 0, total: null, startedAt, state: { kind: 'running' } },
      abort: new AbortController(),
      over: Promise.resolve(),
      discard: null,
    };
    this.#entries.set(id, entry);
    this.#tell(entry);
    entry.over = this.#run(entry, request);
    return id;
  }

  /** Does nothing for a job that is over: it may have ended meanwhile. */
  cancel(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.job.state.kind === 'running') entry.abort.abort(new Canceled());
  }

  /** Forgets a job that is over. */
  dismiss(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.job.state.kind === 'running') return;
    this.#entries.delete(id);
    this.#ports.tell({ kind: 'jobGone', id });
    entry.discard?.().catch(this.#ports.reportDefect);
  }

  /** Resolves when the job is over, however it ended. */
  async ended(id: string): Promise<Job> {
    const entry = this.#entries.get(id);
    if (!entry) throw new Error(`no job ${id}`);
    await entry.over;
    return entry.job;
  }

  /** Cancels what runs, waits for it, and takes away what was to be downloaded. */
  async close(): Promise<void> {
    for (const id of this.#entries.keys()) this.cancel(id);
    const entries = [...this.#entries.values()];
    await Promise.all(entries.map(({ over }) => over));
    await Promise.all(entries.map(({ discard }) => discard?.()));
  }

  async #run(entry: Entry, { work, cleanUp }: JobRequest): Promise<void> {
    const { signal } = entry.abort;
    // The start is told before the work may hold the thread for a moment.
    await new Promise((resolve) => setImmediate(resolve));
    let state: Job['state'];
    try {
      signal.throwIfAborted();
      const result = await work({ signal, progress: this.#progress(entry) });
      entry.discard = result.discard ?? null;
      state = { kind: 'done', report: result.report ?? null, file: result.file ?? null };
    } catch (error) {
      state = this.#failed(error);
    }
    await cleanUp?.().catch(this.#ports.reportDefect);
    entry.job = { ...entry.job, state };
    this.#tell(entry);
  }

  #failed(error: unknown): Job['state'] {
    if (error instanceof Canceled) return { kind: 'canceled' };
    if (!(error instanceof InklingError)) this.#ports.reportDefect(error);
    return { kind: 'failed', problem: problemOf(error) };
  }

  #progress(entry: Entry): JobCall['progress'] {
    const { clock } = this.#ports;
    let toldAt = clock() - progressIntervalMs;
    return ({ done, total }) => {
      entry.job = { ...entry.job, done, total };
      if (clock() - toldAt < progressIntervalMs) return;
      toldAt = clock();
      this.#tell(entry);
    };
  }

  #tell({ job }: Entry): void {
    this.#ports.tell({ kind: 'job', job });
  }

  #dropOldest(): void {
    const over = this.list().filter(({ state }) => state.kind !== 'running');
    for (const { id } of over.slice(0, Math.max(0, this.#entries.size + 1 - keptMax)))
      this.dismiss(id);
  }
}

class Canceled extends Error {}

/** A failure as data. One that no catalogue lists tells nothing of the program's inside. */
export function problemOf(error: unknown): Problem {
  if (error instanceof InklingError)
    return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'internal',
    message: 'Something went wrong inside the program.',
    hint: 'Try again; if it happens again, please report it with the log.',
  };
}
