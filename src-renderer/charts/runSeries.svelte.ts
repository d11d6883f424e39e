/**
 * @file What runs have measured, for charts: read once for the runs that are looked at, then appended to as steps
 * arrive. The one place where the page holds series. After a lost connection, and after a gap, they are read again.
 */
import {
  trainingPaths,
  type EpochRow,
  type LiveSteps,
  type RunInfo,
  type SeriesName,
} from '../../src-core/contract/training.ts';
import { api, connection, problemOf } from '../transport.ts';
import type { Problem } from '../../src-core/contract.ts';
import { beat } from '../state/beat.ts';
import { runs as known } from '../state/runs.svelte.ts';
import { PackedSeries, readSeries, toldSteps } from './packedSeries.ts';

/** Runs in one reading: an answer of some megabytes. */
const batchRuns = 50;
/** Runs that are kept though nobody looks at them, so that going back to them is at once. */
const keptRuns = 300;
/** A series grown beyond this is read again, and comes thinned. */
const pointsMax = 40_000;
/** Before a subscription that ended by itself is tried again. */
const resubscribeMs = 1000;

const readNames = ['loss', 'accuracy', 'seconds'] as const satisfies readonly SeriesName[];
export type ReadName = (typeof readNames)[number];

export type Measurements = {
  readonly series: Readonly<Record<ReadName, PackedSeries>>;
  readonly epochs: readonly EpochRow[];
  /** Changes with every change: what is computed from it is kept by it. */
  readonly version: number;
};

type Kept = { -readonly [K in keyof Measurements]: Measurements[K] } & { isStale: boolean };

class RunSeries {
  /** Rises when something that is looked at has changed, with the beat. */
  version = $state(0);
  /** Why measurements could not be read; null while they can. */
  failure: Problem | null = $state.raw(null);
  /** Some of what is wanted is not there yet. */
  isReading = $state(false);

  #kept = new Map<string, Kept>();
  #wanted: readonly string[] = [];
  /** What arrived while its run was being read. */
  #early = new Map<string, LiveSteps[]>();
  #followers = 0;
  #stop: AbortController | null = null;
  /** The runs as they were when listening ended. A line of the list is a new object whenever its run has changed. */
  #left = new Map<string, RunInfo | undefined>();

  /** Listens to what is measured until the returned function is called: made for `$effect`. */
  follow(): () => void {
    if (this.#followers++ === 0) {
      this.#stop = new AbortController();
      void this.#listen(this.#stop.signal);
    }
    return () => {
      if (--this.#followers > 0) return;
      this.#stop?.abort();
      this.#left = new Map([...this.#kept.keys()].map((run) => [run, known.get(run)]));
    };
  }

  /** These runs are looked at: what is not there of them is read. */
  want(runs: readonly string[]): void {
    this.#wanted = runs;
    this.#forget();
    void this.#read();
  }

  get(run: string): Measurements | null {
    return this.#kept.get(run) ?? null;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        // Subscribed before reading, so that no step falls between the two.
        const steps = await api.runs.live(undefined, { signal });
        for (const [run, kept] of this.#kept) kept.isStale ||= !this.#isUnchanged(run);
        this.#left.clear();
        void this.#read();
        for await (const events of steps) for (const event of events) this.#take(event);
      } catch (error) {
        if (!signal.aborted && connection.state === 'open') this.failure = problemOf(error);
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, resubscribeMs));
    }
  }

  #take(event: LiveSteps): void {
    const early = this.#early.get(event.run);
    if (early) return void early.push(event);
    const kept = this.#kept.get(event.run);
    if (!kept) return;
    if (!apply(kept, event)) {
      kept.isStale = true;
      if (this.#wanted.includes(event.run)) void this.#read();
    }
    if (this.#wanted.includes(event.run)) this.#tell();
  }

  /** One reading at a time; what is wanted meanwhile comes next. */
  async #read(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    try {
      for (let batch = this.#missing(); batch.length > 0; batch = this.#missing()) {
        await this.#readBatch(batch);
        this.failure = null;
        this.#tell();
      }
    } catch (error) {
      this.failure = problemOf(error);
    } finally {
      this.isReading = false;
    }
  }

  /** Since listening ended: it did not train then, and nothing was told of it, nor was the whole list read again. */
  #isUnchanged(run: string): boolean {
    const before = this.#left.get(run);
    const isOn = before?.status === 'running' || before?.status === 'paused';
    return before !== undefined && !isOn && before === known.get(run);
  }

  #missing(): readonly string[] {
    return this.#wanted.filter((run) => this.#kept.get(run)?.isStale ?? true).slice(0, batchRuns);
  }

  async #readBatch(runs: readonly string[]): Promise<void> {
    for (const run of runs) this.#early.set(run, []);
    try {
      const [epochs, ...series] = await Promise.all([
        api.runs.epochs({ runs: [...runs] }),
        ...readNames.map((name) => fetchSeries(runs, name)),
      ]);
      const epochsOf = new Map(epochs.map((each) => [each.run, each.epochs]));
      for (const run of runs) {
        const of = (at: number): PackedSeries => series[at]?.get(run) ?? new PackedSeries(1, 1);
        this.#put(run, {
          series: { loss: of(0), accuracy: of(1), seconds: of(2) },
          epochs: epochsOf.get(run) ?? [],
        });
      }
    } finally {
      for (const run of runs) this.#early.delete(run);
    }
  }

  #put(run: string, read: Pick<Kept, 'series' | 'epochs'>): void {
    const kept: Kept = {
      ...read,
      version: (this.#kept.get(run)?.version ?? 0) + 1,
      isStale: false,
    };
    // What cannot be joined is read once more.
    for (const event of this.#early.get(run) ?? []) kept.isStale ||= !apply(kept, event);
    this.#kept.delete(run);
    this.#kept.set(run, kept);
  }

  #forget(): void {
    const wanted = new Set(this.#wanted);
    const idle = [...this.#kept.keys()].filter((run) => !wanted.has(run));
    for (const run of idle.slice(0, Math.max(0, idle.length - keptRuns))) this.#kept.delete(run);
  }

  #tell(): void {
    beat.next(this, () => this.version++);
  }
}

export const runSeries = new RunSeries();

/** @returns false: something is missing in between */
function apply(kept: Kept, event: LiveSteps): boolean {
  const { series } = kept;
  kept.version++;
  switch (event.kind) {
    case 'gap':
      return false;
    case 'rewound':
      for (const each of Object.values(series)) each.cutAfter(event.step);
      kept.epochs = kept.epochs.filter(({ step }) => step <= event.step);
      return true;
    case 'epoch':
      kept.epochs = [...kept.epochs.filter(({ epoch }) => epoch < event.row.epoch), event.row];
      return true;
    case 'steps': {
      const told = toldSteps(event);
      // The first steps of a run say where it begins.
      if (series.loss.count === 0 && series.loss.first !== event.firstStep)
        restart(kept, event.firstStep);
      return (
        readNames.every((name) => kept.series[name].append(event.firstStep, told[name])) &&
        kept.series.loss.count <= pointsMax
      );
    }
    default:
      throw new TypeError(event satisfies never);
  }
}

function restart(kept: Kept, first: number): void {
  const make = (): PackedSeries => new PackedSeries(first, 1);
  kept.series = { loss: make(), accuracy: make(), seconds: make() };
}

async function fetchSeries(
  runs: readonly string[],
  name: ReadName,
): Promise<Map<string, PackedSeries>> {
  const response = await fetch(trainingPaths.series(runs, name));
  if (!response.ok) throw await response.json();
  return readSeries(await response.arrayBuffer());
}
