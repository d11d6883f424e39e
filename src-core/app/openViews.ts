/** @file The views that are open, by their name. Old ones are forgotten; a page then opens its view again. */
import { failure } from '../errors.ts';
import type { DatasetId } from '../workspace/records.ts';

export type OpenView = {
  readonly dataset: DatasetId;
  /** int32 [count], in the order shown. */
  readonly ids: Int32Array;
};

/** Several windows, each with a grid, a label queue and what was open before it. 4 MB each at a million images. */
const openMax = 24;

export class OpenViews {
  readonly #session: string;
  #next = 1;
  /** The one used longest ago first. */
  readonly #open = new Map<string, OpenView>();

  /** @param startedAt sets the names of this session apart from those of an earlier one. */
  constructor(startedAt: number) {
    this.#session = startedAt.toString(36);
  }

  add(view: OpenView): string {
    const name = `${this.#session}-${this.#next++}`;
    this.#open.set(name, view);
    for (const oldest of this.#open.keys())
      if (this.#open.size > openMax) this.#open.delete(oldest);
    return name;
  }

  /** @throws InklingError `view-gone` */
  get(name: string): OpenView {
    const view = this.#open.get(name);
    if (!view) throw failure('view-gone', undefined);
    this.#open.delete(name);
    this.#open.set(name, view);
    return view;
  }
}
