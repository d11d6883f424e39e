/** @file Short notes over the view, and failures, which stay until they are read. */
import type { Problem } from '../../src-core/contract.ts';

export type Toast = {
  readonly id: number;
  readonly text: string;
  readonly problem: Problem | null;
  /** What can be done about it, as a button. */
  readonly action: ToastAction | null;
};
export type ToastAction = { readonly label: string; readonly run: () => void };

const noteMs = 4000;
/** A button needs time to be reached. */
const actionMs = 8000;
/** More would cover the view; the oldest goes. */
const toastsMax = 4;

class Toasts {
  list: readonly Toast[] = $state.raw([]);
  #next = 1;

  /** @returns its id, to take it away before its time */
  note(text: string, action: ToastAction | null = null): number {
    const id = this.#add({ text, problem: null, action });
    setTimeout(() => this.dismiss(id), action ? actionMs : noteMs);
    return id;
  }

  /** The same failure twice is shown once. */
  problem(problem: Problem): void {
    if (this.list.some((toast) => toast.text === problem.message)) return;
    this.#add({ text: problem.message, problem, action: null });
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
