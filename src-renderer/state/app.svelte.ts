/**
 * @file What the page knows of the core: the program, the datasets, the jobs. Read once, then kept current by events;
 * after a lost connection everything is read again.
 */
import type { AppEvent, DatasetInfo, Job, Problem } from '../../src-core/contract.ts';
import { api, connection, problemOf, type ConnectionState } from '../transport.ts';
import { runs } from './runs.svelte.ts';
import { settings } from './settings.svelte.ts';
import { toasts } from './toasts.svelte.ts';

export type AppInfo = Awaited<ReturnType<typeof api.app.info>>;
export type SaveState = 'none' | 'saving' | 'saved' | 'failed';

/** Counts may lag behind labels by this; reading them for each of many keys in a row would slow the keys down. */
const datasetDelayMs = 100;
/** Before a subscription that ended by itself is tried again. */
const resubscribeMs = 1000;

class AppState {
  info: AppInfo | null = $state.raw(null);
  datasets: readonly DatasetInfo[] = $state.raw([]);
  /** Newest first. */
  jobs: readonly Job[] = $state.raw([]);
  connection: ConnectionState = $state('connecting');
  /** Why the page could not be filled; null while it can. */
  failure: Problem | null = $state.raw(null);
  isReady = $state(false);
  saved: SaveState = $state('none');

  readonly runningJobs: readonly Job[] = $derived(
    this.jobs.filter((job) => job.state.kind === 'running'),
  );

  #saving = 0;
  #jobWaiters: (() => void)[] = [];
  #listeners = new Map<number, Set<() => void>>();
  /** Datasets being read; true: changed again meanwhile. */
  #reading = new Map<number, boolean>();

  dataset(id: number): DatasetInfo | undefined {
    return this.datasets.find((dataset) => dataset.id === id);
  }

  /** Calls back whenever images, labels, classes or splits of a dataset changed, until the returned call. */
  onDataset(id: number, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Shows in the status bar that something is being stored, and that it is. */
  async saving<T>(stored: Promise<T>): Promise<T> {
    this.#saving++;
    this.saved = 'saving';
    try {
      const result = await stored;
      if (this.#saving === 1 && this.saved === 'saving') this.saved = 'saved';
      return result;
    } catch (error) {
      this.saved = 'failed';
      throw error;
    } finally {
      this.#saving--;
    }
  }

  /** The job once it is over; null when it was dismissed before. */
  async ended(id: string): Promise<Job | null> {
    let known = false;
    for (;;) {
      const job = this.jobs.find((each) => each.id === id);
      if (job && job.state.kind !== 'running') return job;
      // Its first event may come after the answer to the call that started it.
      if (!job && known) return null;
      known ||= job !== undefined;
      await new Promise<void>((resolve) => this.#jobWaiters.push(resolve));
    }
  }

  /** Shows a failure: what happened, what to do, the code. */
  problem = (error: unknown): void => toasts.problem(problemOf(error));

  toast = (text: string): void => void toasts.note(text);

  /** Follows the core for as long as the page is open. */
  start(): void {
    connection.listen((state) => (this.connection = state));
    connection.start();
    void this.#follow();
  }

  /** Reads everything again. */
  async load(): Promise<void> {
    this.failure = null;
    try {
      const [info, datasets, jobs, ran] = await Promise.all([
        api.app.info(),
        api.datasets.list(),
        api.jobs.list(),
        api.runs.list(),
        settings.load(this.problem),
      ]);
      this.info = info;
      this.datasets = datasets;
      runs.set(ran);
      this.#setJobs(jobs.toReversed());
      this.isReady = true;
      for (const id of this.#listeners.keys()) this.#tell(id);
    } catch (error) {
      this.failure = problemOf(error);
    }
  }

  async #follow(): Promise<void> {
    for (;;) {
      try {
        // Subscribed before reading, so that no change falls between the two.
        const events = await api.app.events();
        await this.load();
        for await (const event of events) this.#apply(event);
      } catch (error) {
        if (connection.state === 'open' && !this.isReady) this.failure = problemOf(error);
      }
      if (connection.state === 'open') {
        await new Promise((resolve) => setTimeout(resolve, resubscribeMs));
      }
    }
  }

  #apply(event: AppEvent): void {
    switch (event.kind) {
      case 'job':
        return this.#setJobs(withJob(this.jobs, event.job));
      case 'jobGone':
        return this.#setJobs(this.jobs.filter((job) => job.id !== event.id));
      case 'dataset':
        return this.#readDataset(event.dataset);
      case 'datasets':
        return this.#readDatasets();
      case 'run':
        return runs.put(event.run);
      case 'runGone':
        return runs.drop(event.run);
      default:
        event satisfies never;
    }
  }

  #setJobs(jobs: readonly Job[]): void {
    this.jobs = jobs;
    for (const resolve of this.#jobWaiters.splice(0)) resolve();
  }

  #readDatasets(): void {
    api.datasets
      .list()
      .then((datasets) => (this.datasets = datasets))
      .catch(this.problem);
  }

  /** One reading at a time and dataset, a moment after the change: many changes in a row cost a few. */
  #readDataset(id: number): void {
    this.#tell(id);
    if (this.#reading.has(id)) {
      this.#reading.set(id, true);
      return;
    }
    this.#readSoon(id);
  }

  #readSoon(id: number): void {
    this.#reading.set(id, false);
    setTimeout(() => this.#fetchDataset(id), datasetDelayMs);
  }

  #fetchDataset(id: number): void {
    this.#reading.set(id, false);
    api.datasets
      .get({ dataset: id })
      .then((info) => this.#putDataset(info))
      // Gone meanwhile, most likely: the list says so, or why it cannot be read.
      .catch(() => this.#readDatasets())
      .finally(() => {
        const isStale = this.#reading.get(id);
        this.#reading.delete(id);
        if (isStale) this.#readSoon(id);
      });
  }

  #putDataset(info: DatasetInfo): void {
    this.datasets = this.dataset(info.id)
      ? this.datasets.map((each) => (each.id === info.id ? info : each))
      : [...this.datasets, info];
  }

  #tell(id: number): void {
    for (const listener of this.#listeners.get(id) ?? []) listener();
  }
}

/** Where it was, or in front when it is new. */
function withJob(jobs: readonly Job[], job: Job): readonly Job[] {
  return jobs.some(({ id }) => id === job.id)
    ? jobs.map((each) => (each.id === job.id ? job : each))
    : [job, ...jobs];
}

export const app = new AppState();
