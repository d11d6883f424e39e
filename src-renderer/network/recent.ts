/** @file Answers that are worth keeping: the last few, by key, each asked for once. */

export class Recent<T> {
  readonly #most: number;
  readonly #making = new Map<string, Promise<T>>();
  readonly #known = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  /** What is there already. */
  peek(key: string): T | undefined {
    return this.#known.get(key);
  }

  /** What failed is tried again. */
  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const making = this.#making.get(key) ?? make();
    this.#making.set(key, making);
    try {
      const made = await making;
      this.#keep(key, made);
      return made;
    } finally {
      this.#making.delete(key);
    }
  }

  #keep(key: string, value: T): void {
    this.#known.delete(key);
    this.#known.set(key, value);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#most) return;
      this.#known.delete(oldest);
    }
  }
}
