/**
 * @file The comparison that is shown: its runs as the page knows them, and what the core makes of them, read again when
 * one of them has changed.
 */
import type { Problem } from '../../src-core/contract.ts';
import type { Comparison, EpochRow, RunInfo } from '../../src-core/contract/training.ts';
import type { RunGroup } from '../figures/healthLines.ts';
import { runs } from '../state/runs.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { defaultBaseline } from './pairs.ts';

/** Runs that end shortly after one another are read together. */
const gapMs = 500;
/** Runs whose epochs are asked for at once: an answer of some megabytes at most. */
const runsPerCall = 25;

export class ComparisonState {
  /** As the address names them. */
  readonly names: readonly string[];
  /** Validation accuracy whose epochs and seconds are counted, 0 … 1. */
  target = $state(0.97);
  /** Whether values far off are left out of the figures. */
  isAccuracyClose = $state(false);
  areDifferencesClose = $state(false);
  /** Undefined: not chosen yet; null: all pairs. */
  #baseline: string | null | undefined = $state();
  result: Comparison | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  #epochs: ReadonlyMap<string, { readonly upTo: number; readonly rows: readonly EpochRow[] }> =
    $state.raw(new Map());
  #isReading = false;
  #isStale = false;

  readonly infos: readonly RunInfo[] = $derived.by(() =>
    this.names.flatMap((name) => runs.get(name) ?? []),
  );
  readonly gone: readonly string[] = $derived.by(() =>
    this.names.filter((name) => runs.get(name) === undefined),
  );
  /** Changes with every change of a run that the comparison depends on. */
  readonly version: string = $derived(
    this.infos.map((run) => `${run.run} ${run.status} ${run.test?.accuracy ?? ''}`).join(),
  );
  /** What was measured over time, by activation. */
  readonly health: readonly RunGroup[] = $derived.by(() =>
    (this.result?.groups ?? []).map(({ title, activation, runs: names }) => ({
      title,
      activation,
      runs: names.flatMap((name) => {
        const rows = this.#epochs.get(name)?.rows ?? [];
        return rows.length > 0 ? [rows] : [];
      }),
    })),
  );

  /** The activation that pairs are shown against; null: all pairs. */
  get baseline(): string | null {
    return this.#baseline === undefined ? defaultBaseline(this.result) : this.#baseline;
  }

  set baseline(activation: string | null) {
    this.#baseline = activation;
  }

  constructor(names: readonly string[]) {
    this.names = names;
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
    const known = this.infos.map(({ run }) => run);
    if (known.length === 0) return;
    try {
      this.result = await api.runs.compare({ runs: known, target: this.target });
      this.problem = null;
      await this.#readEpochs();
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  /** Of runs that are further than when they were last read. */
  async #readEpochs(): Promise<void> {
    const wanted = this.infos.filter(
      ({ run, epoch }) => epoch > 0 && this.#epochs.get(run)?.upTo !== epoch,
    );
    if (wanted.length === 0) return;
    const epochs = new Map(this.#epochs);
    for (let at = 0; at < wanted.length; at += runsPerCall) {
      const chunk = wanted.slice(at, at + runsPerCall);
      const read = await api.runs.epochs({ runs: chunk.map(({ run }) => run) });
      for (const { run, epochs: rows } of read)
        epochs.set(run, { upTo: chunk.find((each) => each.run === run)?.epoch ?? 0, rows });
    }
    // At once: every chart is drawn anew.
    this.#epochs = epochs;
  }
}
