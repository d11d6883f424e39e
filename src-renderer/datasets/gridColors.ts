/** @file The canvas's colors, from the theme's variables. */
import type { GridColors } from './drawGrid.ts';

let known: { readonly revision: number; readonly colors: GridColors } | null = null;

/** @param revision  goes up when the theme changed: reading styles each frame would be slow */
export function gridColors(element: Element, revision: number): GridColors {
  if (known?.revision === revision) return known.colors;
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const colors = {
    background: read('--background'),
    placeholder: read('--picture'),
    accent: read('--accent'),
    onAccent: read('--on-accent'),
    warning: read('--warning'),
    border: read('--border-strong'),
  };
  known = { revision, colors };
  return colors;
}

/** Calls back when the page's theme was switched. */
export function watchTheme(onChange: () => void): () => void {
  const observer = new MutationObserver(() => {
    known = null;
    onChange();
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
