/**
 * @file What a run predicts for the images of a dataset: chosen in the sidebar, used by filters, orders and the queue
 * for labeling. Kept while the page is open, so that leaving and coming back costs nothing.
 */
import type { EvaluationInfo, ModelInfo } from '../../src-core/contract/inspecting.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';
import { fittingModels, newestFinished } from './models.ts';

export class Predictions {
  readonly dataset: number;
  /** Runs that know classes of this dataset, newest first. */
  models: readonly ModelInfo[] = $state.raw([]);
  /** The run that predicts; null: none. */
  run: string | null = $state(null);
  evaluation: EvaluationInfo | null = $state.raw(null);
  isBusy = $state(false);

  constructor(dataset: number) {
    this.dataset = dataset;
  }

  async load(): Promise<void> {
    const classes = app.dataset(this.dataset)?.classes.map(({ name }) => name) ?? [];
    this.models = fittingModels(await api.models.list(), classes);
  }

  /** @throws what judging throws; then no run predicts */
  async choose(run: string | null): Promise<void> {
    this.run = run;
    this.evaluation = null;
    if (run === null) return;
    this.isBusy = true;
    try {
      const evaluation = await api.inspect.evaluate({
        model: { kind: 'run', run, epoch: null },
        on: { kind: 'dataset', dataset: this.dataset, part: null },
      });
      if (this.run === run) this.evaluation = evaluation;
    } catch (error) {
      if (this.run === run) this.run = null;
      throw error;
    } finally {
      this.isBusy = false;
    }
  }

  /** The core has forgotten what was predicted. */
  renew(): Promise<void> {
    return this.choose(this.run);
  }

  /** An evaluation by the run chosen, else by the newest that has finished and knows the classes; null: none does. */
  async any(): Promise<string | null> {
    await this.load();
    const run = this.run ?? newestFinished(this.models);
    if (run !== null && (this.run !== run || !this.evaluation)) await this.choose(run);
    return this.evaluation?.evaluation ?? null;
  }
}

const known = new Map<number, Predictions>();

export function predictionsOf(dataset: number): Predictions {
  const found = known.get(dataset) ?? new Predictions(dataset);
  known.set(dataset, found);
  return found;
}
