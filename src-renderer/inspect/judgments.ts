/**
 * @file Evaluations asked for once: the core keeps them under a name, and forgets the oldest. Those on images of a
 * dataset as they are now are asked for again once the dataset has changed.
 */
import type { ContractRouterClient } from '@orpc/contract';
import type { Contract } from '../../src-core/contract.ts';
import type { EvaluatedOn, EvaluationInfo, ModelRef } from '../../src-core/contract/inspecting.ts';

type Client = ContractRouterClient<Contract>['inspect'];

/** As many as the core keeps. */
const judgmentsMax = 32;

export class Judgments {
  readonly #api: Pick<Client, 'evaluate'>;
  readonly #known = new Map<string, { on: EvaluatedOn; found: Promise<EvaluationInfo> }>();

  constructor(api: Pick<Client, 'evaluate'>) {
    this.#api = api;
  }

  of(model: ModelRef, on: EvaluatedOn): Promise<EvaluationInfo> {
    const key = JSON.stringify([model, on]);
    const known = this.#known.get(key);
    if (known) return known.found;
    const found = this.#api.evaluate({ model, on });
    const entry = { on, found };
    this.#known.set(key, entry);
    // A failure is told to whoever asked, and may be asked about again.
    found.catch(() => {
      if (this.#known.get(key) === entry) this.#known.delete(key);
    });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= judgmentsMax) break;
      this.#known.delete(oldest);
    }
    return found;
  }

  /** What was judged by labels that may have changed since. */
  forgetDataset(dataset: number): void {
    for (const [key, { on }] of this.#known) {
      if (on.kind === 'dataset' && on.dataset === dataset) this.#known.delete(key);
    }
  }

  /** The core has forgotten some of them. */
  forgetAll(): void {
    this.#known.clear();
  }
}
