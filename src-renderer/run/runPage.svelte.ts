/** @file What the page of one run shows beyond its line in the table: its epochs and its capsule, read as it goes on. */
import type { Problem } from '../../src-core/contract.ts';
import type { Capsule, EpochRow, RunInfo } from '../../src-core/contract/training.ts';
import { runs } from '../state/runs.svelte.ts';
import { api, problemOf } from '../transport.ts';

/** Epochs that end shortly after one another are read together. */
const gapMs = 250;

export class RunPage {
  readonly run: string;
  epochs: readonly EpochRow[] = $state.raw([]);
  capsule: Capsule | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  /** Names of activations for people, by their names in the spec. */
  titles: ReadonlyMap<string, string> = $state.raw(new Map());
  #isReading = false;
  #isStale = false;

  readonly info: RunInfo | undefined = $derived.by(() => runs.get(this.run));
  /** Changes when there is something new to read. */
  readonly version: string = $derived(
    this.info === undefined ? '' : `${this.info.status} ${this.info.epoch} ${this.info.epochs}`,
  );
  readonly repetitions: readonly RunInfo[] = $derived.by(() =>
    runs.list.filter(({ repeats }) => repeats?.run === this.run),
  );
  /** The epoch whose parameters are kept. */
  readonly kept: EpochRow | null = $derived.by(() => {
    const epoch = this.capsule?.kept?.epoch;
    return this.epochs.find((row) => row.epoch === epoch) ?? null;
  });

  constructor(run: string) {
    this.run = run;
  }

  /** One reading at a time: changes in the meantime cost one more. */
  async read(): Promise<void> {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#readOnce();
        await new Promise((resolve) => setTimeout(resolve, gapMs));
      }
    } finally {
      this.#isReading = false;
    }
  }

  async #readOnce(): Promise<void> {
    const { run } = this;
    try {
      if (this.titles.size === 0) {
        const { activations } = await api.training.catalog();
        this.titles = new Map(activations.map(({ name, title }) => [name, title]));
      }
      const [capsule, read] = await Promise.all([
        api.runs.capsule({ run }),
        api.runs.epochs({ runs: [run] }),
      ]);
      this.capsule = capsule;
      this.epochs = read[0]?.epochs ?? [];
      this.problem = null;
    } catch (error) {
      this.problem = problemOf(error);
    }
  }
}
