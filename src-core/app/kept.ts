/** @file Things kept by a name for a while: the oldest go when there are too many, or when they take too much memory. */
import type { InklingError } from '../errors.ts';

export type KeptLimits = { readonly count: number; readonly bytes: number };

export class KeptThings<T> {
  readonly #prefix: string;
  readonly #limits: KeptLimits;
  readonly #gone: () => InklingError;
  readonly #left: (thing: T) => void;
  /** The one used longest ago first. */
  readonly #things = new Map<string, { readonly thing: T; readonly bytes: number }>();
  #next = 1;
  #bytes = 0;

  /**
   * @param prefix sets the names apart from those of other things, and of an earlier session.
   * @param gone what is thrown where something is not kept any more.
   * @param left told of each thing that is no longer kept.
   */
  constructor(
    prefix: string,
    limits: KeptLimits,
    gone: () => InklingError,
    left: (thing: T) => void = () => {},
  ) {
    this.#prefix = prefix;
    this.#limits = limits;
    this.#gone = gone;
    this.#left = left;
  }

  add(make: (name: string) => T, bytes: number): T {
    const name = `${this.#prefix}-${this.#next++}`;
    const thing = make(name);
    this.#things.set(name, { thing, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#things.keys()) {
      const isOver = this.#things.size > this.#limits.count || this.#bytes > this.#limits.bytes;
      // The newest stays, however large: whoever made it is about to read it.
      if (!isOver || oldest === name) break;
      this.delete(oldest);
    }
    return thing;
  }

  /** @throws the failure given for what is not kept any more */
  get(name: string): T {
    const found = this.#things.get(name);
    if (!found) throw this.#gone();
    this.#things.delete(name);
    this.#things.set(name, found);
    return found.thing;
  }

  delete(name: string): void {
    const found = this.#things.get(name);
    if (!found) return;
    this.#bytes -= found.bytes;
    this.#things.delete(name);
    this.#left(found.thing);
  }

  list(): T[] {
    return [...this.#things.values()].map(({ thing }) => thing);
  }
}
