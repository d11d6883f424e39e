/**
 * @file The newest wish: work is done one at a time, and when it ends only what was wanted last is next, so that a slider
 * that is dragged over many epochs costs a few of them.
 */

export class NewestWish {
  readonly #onFailure: (error: unknown) => void;
  #next: (() => Promise<void>) | null = null;
  #isWorking = false;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Forgets the wish before, if its work has not begun. */
  want(work: () => Promise<void>): void {
    this.#next = work;
    if (!this.#isWorking) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    try {
      for (let work = this.#take(); work; work = this.#take()) {
        try {
          await work();
        } catch (error) {
          this.#onFailure(error);
        }
      }
    } finally {
      this.#isWorking = false;
    }
  }

  #take(): (() => Promise<void>) | null {
    const work = this.#next;
    this.#next = null;
    return work;
  }
}
