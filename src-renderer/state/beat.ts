/**
 * @file One beat for all that changes while networks train: figures and curves are shown together, in one frame. Each
 * frame costs the processor that trains.
 */

/**
 * Between two beats. What comes later than that after the last one is shown at once: a run that trains alone is told
 * of five times a second, and must not wait for the beat as well.
 */
const beatMs = 150;
/** No more than a third of the time goes into drawing. */
const restPerDrawing = 3;

export class Beat {
  readonly #waiting = new Map<unknown, () => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When it strikes next; infinite: nothing waits. */
  #nextAt = Infinity;
  #lastAt = -Infinity;
  #drawingMs = 0;

  /**
   * Calls `show` in the next beat. What waits under the same key is not shown any more.
   *
   * @param patienceMs  longer than it has to, it waits for something else to be shown with
   */
  next(key: unknown, show: () => void, patienceMs = 0): void {
    this.#waiting.set(key, show);
    const now = performance.now();
    const rest = Math.max(beatMs, this.#drawingMs * restPerDrawing);
    const at = Math.max(now, this.#lastAt + rest) + patienceMs;
    if (at >= this.#nextAt) return;
    this.#nextAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => requestAnimationFrame(() => this.#strike()), at - now);
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
    this.#nextAt = Infinity;
    this.#lastAt = performance.now();
    const shows = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const show of shows) show();
  }
}

export const beat = new Beat();
