/**
 * @file Finds texts that cannot be read in full: cut off by a box that does not scroll, half behind a column that is
 * pinned, or beyond the window. A text that ends in an ellipsis is fine where its whole is told in a title.
 */
import type { Page } from 'playwright';

/** @returns a line for each: what is wrong, where, and the text */
export async function clippedTexts(page: Page): Promise<string[]> {
  return page.evaluate(findClipped);
}

/** Runs inside the page: it may use nothing from out here. */
function findClipped(): string[] {
  /** Edges are rounded to pixels. */
  const tolerance = 1.5;
  const found: string[] = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const said = text.textContent?.trim() ?? '';
    const element = text.parentElement;
    if (said === '' || !element || isUnseen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    const problem =
      box.width === 0 ? null : (pinnedProblem(element, box) ?? problemOf(element, box));
    if (problem) found.push(`${problem}: <${element.tagName.toLowerCase()}> ${said.slice(0, 80)}`);
  }
  return found;

  function isUnseen(element: Element): boolean {
    const isShown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    return !isShown || element.closest('.visually-hidden, option, title, style, script') !== null;
  }

  /** A column that is wholly behind the last one can be scrolled to; half of it reads as something else. */
  function pinnedProblem(element: Element, box: DOMRect): string | null {
    const cell = element.closest('td, th');
    const last = cell?.parentElement?.lastElementChild;
    if (!cell || !last || cell === last || getComputedStyle(last).position !== 'sticky')
      return null;
    const edge = last.getBoundingClientRect().left;
    const isHalf = box.left < edge - tolerance && box.right > edge + tolerance;
    return isHalf ? 'half behind a pinned column' : null;
  }

  /** Outward from the text, until something scrolls. */
  function problemOf(from: Element, box: DOMRect): string | null {
    const open = { x: true, y: true };
    for (let at: Element | null = from; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      const edge = at.getBoundingClientRect();
      const beyond = {
        x: box.left < edge.left - tolerance || box.right > edge.right + tolerance,
        y: box.top < edge.top - tolerance || box.bottom > edge.bottom + tolerance,
      };
      for (const axis of ['x', 'y'] as const) {
        const overflow = axis === 'x' ? style.overflowX : style.overflowY;
        if (overflow === 'auto' || overflow === 'scroll') open[axis] = false;
        if (!open[axis] || !beyond[axis]) continue;
        const isCut = overflow === 'hidden' || overflow === 'clip';
        if (isCut && axis === 'x' && style.textOverflow === 'ellipsis')
          return at.closest('[title]') ? null : 'an ellipsis without a title';
        if (isCut) return `cut off (${axis})`;
        if (at === from && axis === 'x' && style.display !== 'inline') return 'wider than its box';
      }
      if (style.position === 'fixed') break;
    }
    if (open.x && (box.left < -tolerance || box.right > innerWidth + tolerance))
      return 'beyond the window (x)';
    if (open.y && (box.top < -tolerance || box.bottom > innerHeight + tolerance))
      return 'beyond the window (y)';
    return null;
  }
}
