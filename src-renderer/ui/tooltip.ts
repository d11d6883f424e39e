/** @file One sentence over an element, while the pointer rests on it or it has the focus. */
import type { Attachment } from 'svelte/attachments';

const delayMs = 400;
const gap = 6;
const margin = 4;

/** By text. A page has some hundreds. */
const known = new Map<string, Attachment<HTMLElement>>();
const knownMost = 2000;

/**
 * `{@attach tooltip('…')}`. For words that explain: what a control is called stands in its own name.
 *
 * @returns the same for the same text. Another one would be attached anew, and hide what is shown, whenever the text
 *   is computed again: of a run that trains, five times a second.
 */
export function tooltip(text: string): Attachment<HTMLElement> {
  const before = known.get(text);
  if (before) return before;
  if (known.size === knownMost) known.clear();
  const made = saying(text);
  known.set(text, made);
  return made;
}

function saying(text: string): Attachment<HTMLElement> {
  return (element) => {
    let shown: HTMLElement | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      shown ??= showOver(element, text);
    };
    const hide = (): void => {
      clearTimeout(timer);
      shown?.remove();
      shown = null;
    };
    const later = (): void => {
      clearTimeout(timer);
      timer = setTimeout(show, delayMs);
    };
    const focused = (): void => {
      if (element.matches(':focus-visible')) later();
    };
    const stop = new AbortController();
    const { signal } = stop;
    element.addEventListener('pointerenter', later, { signal });
    element.addEventListener('pointerleave', hide, { signal });
    element.addEventListener('pointerdown', hide, { signal });
    element.addEventListener('focus', focused, { signal });
    element.addEventListener('blur', hide, { signal });
    element.addEventListener('keydown', hide, { signal });
    return () => {
      stop.abort();
      hide();
    };
  };
}

function showOver(element: HTMLElement, text: string): HTMLElement {
  const tip = document.createElement('div');
  tip.className = 'tooltip';
  tip.role = 'tooltip';
  tip.textContent = text;
  tip.popover = 'manual';
  // In the element's own dialog, or it would be inert under it; else in its landmark, as all content is.
  (element.closest('dialog, main, nav, footer') ?? document.body).append(tip);
  tip.showPopover();
  const place = placeBeside(element.getBoundingClientRect(), tip.getBoundingClientRect());
  tip.style.left = `${place.left}px`;
  tip.style.top = `${place.top}px`;
  return tip;
}

/** Below, and above where there is no room below; never outside the window. */
function placeBeside(anchor: DOMRect, box: DOMRect): { left: number; top: number } {
  const below = anchor.bottom + gap;
  const fits = below + box.height + margin <= window.innerHeight;
  const left = anchor.left + anchor.width / 2 - box.width / 2;
  return {
    left: Math.max(margin, Math.min(left, window.innerWidth - box.width - margin)),
    top: fits ? below : Math.max(margin, anchor.top - gap - box.height),
  };
}
