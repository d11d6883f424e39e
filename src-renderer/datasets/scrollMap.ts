/**
 * @file Where a scrollbar stands for in content that is taller than an element may be. Chromium caps an element at
 * 16 777 200 px (less where pixels are dense), which a million images reach; so the element is capped lower and
 * the position in the content is kept here. Small moves (wheel, touch) are exact; far ones (dragging the bar) go in
 * proportion; when scrolling rests, the bar is put where the content is.
 */

/** Tallest scrolled element, in CSS px: safe in every browser up to 4 device pixels per CSS px. */
export const elementHeightMax = 4_000_000;
/** A move of more viewports than this is a jump of the scrollbar, not scrolling. */
const smallMoveViewports = 2;

export class ScrollMap {
  #content = 0;
  #viewport = 0;
  #bar = 0;
  #top = 0;

  /** px of the content above the viewport. */
  get top(): number {
    return this.#top;
  }

  /** px, of the element that is scrolled. */
  get elementHeight(): number {
    return Math.min(this.#content, elementHeightMax);
  }

  /** New heights, in px; the place in the content stays as far as there is one. Returns where the bar belongs. */
  resize(content: number, viewport: number): number {
    this.#content = content;
    this.#viewport = viewport;
    return this.moveTo(this.#top);
  }

  /** The bar is at `bar` px: returns where the content is. */
  scrolled(bar: number): number {
    const move = bar - this.#bar;
    if (move === 0) return this.#top;
    const small = Math.abs(move) <= smallMoveViewports * this.#viewport;
    const atEnd = bar <= 0 || bar >= this.#barMax - 1;
    this.#bar = bar;
    this.#top = this.#clamp(small && !atEnd ? this.#top + move : this.#proportional(bar));
    return this.#top;
  }

  /** Puts the content at `top` px: returns where the bar belongs. */
  moveTo(top: number): number {
    this.#top = this.#clamp(top);
    this.#bar = this.settledBar();
    return this.#bar;
  }

  /** Where the bar belongs for the place in the content; asked for when scrolling rests. */
  settledBar(): number {
    const { max } = this;
    return max === 0 ? 0 : Math.round((this.#top / max) * this.#barMax);
  }

  /** px: the last place in the content. */
  get max(): number {
    return Math.max(0, this.#content - this.#viewport);
  }

  get #barMax(): number {
    return Math.max(0, this.elementHeight - this.#viewport);
  }

  #proportional(bar: number): number {
    return this.#barMax === 0 ? 0 : (bar / this.#barMax) * this.max;
  }

  #clamp(top: number): number {
    return Math.min(Math.max(0, top), this.max);
  }
}
