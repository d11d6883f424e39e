/** @file Two runs that follow one another, judged on the same images by the labels these have now. */
import type { Problem } from '../../src-core/contract.ts';
import type { EvaluatedOn, EvaluationInfo } from '../../src-core/contract/inspecting.ts';
import { problemOf } from '../transport.ts';
import type { Pair } from './following.ts';
import type { Judgments } from './judgments.ts';

export type BothJudged = {
  readonly pair: Pair;
  readonly before: EvaluationInfo;
  readonly after: EvaluationInfo;
};

export class BeforeAfterState {
  found: BothJudged | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  #asked = 0;

  async judge(judgments: Judgments, pair: Pair, on: EvaluatedOn): Promise<void> {
    const asked = ++this.#asked;
    const of = (run: string) => judgments.of({ kind: 'run', run, epoch: null }, on);
    try {
      const before = await of(pair.before);
      const after = await of(pair.after);
      if (asked !== this.#asked) return;
      this.found = { pair, before, after };
      this.problem = null;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.found = null;
      this.problem = problemOf(error);
    }
  }
}
