/**
 * @file What is judged in the view of one run: at which epoch, on which images, beside which other run; and what came
 * of it. One judgment at a time: a slider that is drawn along skips the epochs in between.
 */
import type { Problem } from '../../src-core/contract.ts';
import type {
  CheckpointInfo,
  Disagreement,
  EvaluatedOn,
  EvaluationInfo,
  ModelInfo,
} from '../../src-core/contract/inspecting.ts';
import type { Capsule, RunInfo } from '../../src-core/contract/training.ts';
import { app } from '../state/app.svelte.ts';
import { runs } from '../state/runs.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { Judgments } from './judgments.ts';
import { firstPart, pairOn, type Compared } from './subject.ts';

export class Inspection {
  readonly run: string;
  readonly judgments = new Judgments(api.inspect);
  capsule: Capsule | null = $state.raw(null);
  checkpoints: readonly CheckpointInfo[] = $state.raw([]);
  /** Null: the kept one, or of a run that has not finished the last. */
  epoch: number | null = $state(null);
  on: EvaluatedOn = $state.raw({ kind: 'snapshot', part: 'test' });
  /** The run beside this one; null: none. */
  other: string | null = $state(null);
  evaluation: EvaluationInfo | null = $state.raw(null);
  compared: Compared | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  isBusy = $state(false);
  /** Labels of the images that were judged have changed since. */
  isStale = $state(false);
  models: readonly ModelInfo[] = $state.raw([]);

  readonly info: RunInfo | undefined = $derived.by(() => runs.get(this.run));
  readonly keptEpoch: number | null = $derived(
    this.checkpoints.find(({ isKept }) => isKept)?.epoch ?? null,
  );
  /** Other runs that answer with some of the same classes. */
  readonly others: readonly ModelInfo[] = $derived.by(() => {
    const own = this.capsule?.snapshot.classes ?? [];
    return this.models.filter(
      ({ model, classes }) =>
        model.kind === 'run' &&
        model.run !== this.run &&
        classes.some((name) => own.includes(name)),
    );
  });

  #wanted = 0;

  constructor(run: string) {
    this.run = run;
  }

  /** Changes when there may be another checkpoint. */
  readonly version: string = $derived(
    this.info === undefined ? '' : `${this.info.status} ${this.info.epoch} ${this.info.epochs}`,
  );

  /** Reads what there is to look at, and judges it. */
  async read(): Promise<void> {
    const { run } = this;
    try {
      const isFirst = this.capsule === null;
      [this.capsule, this.checkpoints, this.models] = await Promise.all([
        api.runs.capsule({ run }),
        api.inspect.checkpoints({ run }),
        api.models.list(),
      ]);
      if (isFirst) this.on = { kind: 'snapshot', part: firstPart(this.capsule.snapshot.images) };
      this.judgments.forgetAll();
      await this.judge();
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  choose(on: EvaluatedOn): void {
    this.on = on;
    void this.judge();
  }

  setEpoch(epoch: number | null): void {
    this.epoch = epoch === this.keptEpoch ? null : epoch;
    void this.judge();
  }

  compareWith(run: string | null): void {
    this.other = run;
    void this.judge();
  }

  /** Labels have changed: what was judged on the dataset is judged by them when asked for again. */
  labelsChanged(dataset: number): void {
    this.judgments.forgetDataset(dataset);
    if (this.evaluation?.on.kind === 'dataset' && this.evaluation.dataset === dataset)
      this.isStale = true;
  }

  /** The core has forgotten what it had found. */
  again(): Promise<void> {
    this.judgments.forgetAll();
    return this.judge();
  }

  /** Judges what is chosen; a choice made meanwhile is judged next. */
  async judge(): Promise<void> {
    this.#wanted++;
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (let done = 0; done !== this.#wanted;) {
        done = this.#wanted;
        await this.#judgeOnce();
      }
    } finally {
      this.isBusy = false;
    }
  }

  async #judgeOnce(): Promise<void> {
    try {
      const { evaluation, compared } = await this.#found();
      this.evaluation = evaluation;
      this.compared = compared;
      this.isStale = false;
      this.problem = null;
    } catch (error) {
      this.evaluation = null;
      this.compared = null;
      this.problem = problemOf(error);
    }
  }

  async #found(): Promise<{ evaluation: EvaluationInfo; compared: Compared | null }> {
    const { run, epoch, other } = this;
    const model = { kind: 'run', run, epoch } as const;
    if (other === null)
      return { evaluation: await this.judgments.of(model, this.on), compared: null };
    const on = pairOn(this.on, this.info, runs.get(other));
    if (!on) {
      const words = `${other} learned from another dataset that has been removed`;
      app.toast(`The two cannot be compared on these images: ${words}.`);
      this.other = null;
      return { evaluation: await this.judgments.of(model, this.on), compared: null };
    }
    const evaluation = await this.judgments.of(model, on);
    const second = await this.judgments.of({ kind: 'run', run: other, epoch: null }, on);
    const disagreement: Disagreement = await api.inspect.disagreement({
      a: evaluation.evaluation,
      b: second.evaluation,
    });
    return { evaluation, compared: { run: other, evaluation: second, disagreement } };
  }
}
