/** @file Short notes over the view, and failures, which stay until they are read. */
import type { Problem } from '../../src-core/contract.ts';

export type Toast = {
  readonly id: number;
  readonly text: string;
  readonly problem: Problem | null;
};

const noteMs = 4000;
/** More would cover the view; the oldest goes. */
const toastsMax = 4;

class Toasts {
  list: readonly Toast[] = $state.raw([]);
  #next = 1;

  note(text: string): void {
    const id = this.#add({ text, problem: null });
    setTimeout(() => this.dismiss(id), noteMs);
  }

  /** The same failure twice is shown once. */
  problem(problem: Problem): void {
    if (this.list.some((toast) => toast.text === problem.message)) return;
    this.#add({ text: problem.message, problem });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-toastsMax);
    return id;
  }
}

export const toasts = new Toasts();
