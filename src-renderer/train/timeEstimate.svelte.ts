/**
 * @file How long a plan will take: what the core knows from earlier runs, else a short measurement. It is made by itself
 * once the plan has been left alone for a moment, but never beside a run that is on: both would be wrong.
 */
import type { PlanReport, TrainPlan } from '../../src-core/contract/training.ts';
import { runs } from '../state/runs.svelte.ts';
import { api, problemOf } from '../transport.ts';

/** How long a plan is left alone before it is measured. */
const quietMs = 1200;

export type Estimate =
  | { readonly kind: 'none' }
  /** It will be measured in a moment. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'measuring' }
  | { readonly kind: 'known'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly message: string };

export class TimeEstimate {
  current: Estimate = $state.raw({ kind: 'none' });
  #timer: ReturnType<typeof setTimeout> | undefined;
  #measuring = new AbortController();

  /** A plan that can be started is as it will be, for now. */
  judged(plan: TrainPlan, report: PlanReport): void {
    this.stop();
    if (report.seconds !== null) {
      this.current = { kind: 'known', seconds: report.seconds };
    } else if (report.problems.length === 0 && runs.active.length === 0) {
      this.current = { kind: 'waiting' };
      this.#timer = setTimeout(() => this.measure(plan), quietMs);
    }
  }

  /** The plan changes: what was measured is about another one. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#measuring.abort();
    this.current = { kind: 'none' };
  }

  measure(plan: TrainPlan): void {
    this.stop();
    const measuring = new AbortController();
    this.#measuring = measuring;
    this.current = { kind: 'measuring' };
    api.training
      .calibrate(plan, { signal: measuring.signal })
      .then(({ seconds }) => this.#tell(measuring, { kind: 'known', seconds }))
      .catch((error: unknown) =>
        this.#tell(measuring, { kind: 'failed', message: problemOf(error).message }),
      );
  }

  #tell(measuring: AbortController, estimate: Estimate): void {
    if (!measuring.signal.aborted) this.current = estimate;
  }
}
