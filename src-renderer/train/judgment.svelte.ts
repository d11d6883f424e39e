/**
 * @file What the core says about a plan: asked a moment after the last change, and only the answer about the newest plan
 * counts.
 */
import type { PlanReport, TrainPlan } from '../../src-core/contract/training.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';

/** After the last change before a plan is judged: typing is not judged letter by letter. */
const delayMs = 150;

type Drawn = {
  readonly input: PlanReport['input'];
  readonly network: NonNullable<PlanReport['network']>;
};

export class Judgment {
  /** Of the newest plan, or of the one before it while that is being judged. */
  report: PlanReport | null = $state.raw(null);
  /** The last network whose layers fitted each other. */
  drawn: Drawn | null = $state.raw(null);
  /** The plan that `report` is about. */
  #plan: TrainPlan | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = new AbortController();
  readonly #told: (plan: TrainPlan, report: PlanReport) => void;

  constructor(told: (plan: TrainPlan, report: PlanReport) => void) {
    this.#told = told;
  }

  isOf(plan: TrainPlan | null): boolean {
    return plan !== null && plan === this.#plan;
  }

  soon(plan: TrainPlan): void {
    this.stop();
    this.#timer = setTimeout(() => void this.#judge(plan), delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked.abort();
  }

  async #judge(plan: TrainPlan): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    try {
      const report = await api.training.check(plan, { signal: asked.signal });
      if (asked.signal.aborted) return;
      const { input, network } = report;
      if (network) this.drawn = { input, network };
      this.report = report;
      this.#plan = plan;
      this.#told(plan, report);
    } catch (error) {
      if (!asked.signal.aborted) app.problem(error);
    }
  }
}
