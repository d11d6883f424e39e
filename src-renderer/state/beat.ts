/**
 * @file One beat for all that changes while networks train: figures and curves are shown together, in one frame, at
 * most five times a second. Each frame costs the processor that trains, and more often than that nobody can read.
 */

/** Between two beats. What comes later than that after the last one is shown at once. */
const beatMs = 200;
/** No more than a third of the time goes into drawing. */
const restPerDrawing = 3;

export class Beat {
  readonly #waiting = new Map<unknown, () => void>();
  #isSet = false;
  #lastAt = -Infinity;
  #drawingMs = 0;

  /** Calls `show` in the next beat. What waits under the same key is not shown any more. */
  next(key: unknown, show: () => void): void {
    this.#waiting.set(key, show);
    if (this.#isSet) return;
    this.#isSet = true;
    const at = this.#lastAt + Math.max(beatMs, this.#drawingMs * restPerDrawing);
    setTimeout(() => requestAnimationFrame(() => this.#strike()), at - performance.now());
  }

  /** Something else has taken the place of what waits under this key. */
  drop(key: unknown): void {
    this.#waiting.delete(key);
  }

  /** How long the charts took to draw: slow ones are drawn less often. */
  drawn(ms: number): void {
    this.#drawingMs = ms;
  }

  #strike(): void {
    this.#isSet = false;
    this.#lastAt = performance.now();
    const shows = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const show of shows) show();
  }
}

export const beat = new Beat();
