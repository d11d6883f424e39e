/** @file The colors of drawings, from the theme's variables. */
import { divergingColors } from './diverging.ts';
import type { FlowColors } from './flowScene.ts';

export function flowColors(element: Element): FlowColors {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const isDark = document.documentElement.dataset['theme'] === 'dark';
  return {
    text: read('--text'),
    secondary: read('--secondary'),
    border: read('--border-strong'),
    accent: read('--accent'),
    background: read('--background'),
    sunken: read('--sunken'),
    font: style.fontFamily,
    values: divergingColors[isDark ? 'dark' : 'light'],
  };
}
