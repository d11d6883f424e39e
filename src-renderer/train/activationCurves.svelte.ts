/** @file Curves of activations with constants of their own: asked for when they are chosen, and kept. */
import type { Curve } from '../../src-core/contract/training.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';

export type Curves = { readonly f: Curve; readonly slope: Curve };

export class ActivationCurves {
  #known: ReadonlyMap<string, Curves> = $state.raw(new Map());
  #asked = new Set<string>();

  /** Null while it is not known yet. */
  of(label: string): Curves | null {
    return this.#known.get(label) ?? null;
  }

  /** Reads those with a constant that are not known yet; the others are in the catalog. */
  want(labels: readonly string[]): void {
    const missing = labels.filter((label) => label.includes(':') && !this.#asked.has(label));
    if (missing.length === 0) return;
    for (const label of missing) this.#asked.add(label);
    api.training
      .curves({ activations: missing })
      .then((found) => {
        const pairs = found.map(({ activation, f, slope }) => [activation, { f, slope }] as const);
        this.#known = new Map([...this.#known, ...pairs]);
      })
      .catch((error: unknown) => {
        for (const label of missing) this.#asked.delete(label);
        app.problem(error);
      });
  }
}
