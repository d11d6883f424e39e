/** @file Light or dark: what the person chose, else what the system says. */
import { MediaQuery } from 'svelte/reactivity';
import { settings, type Theme } from '../state/settings.svelte.ts';

/** Remembered beside the setting, so that the page begins in its color before the core has answered. */
const storageKey = 'theme';
const systemDark = new MediaQuery('(prefers-color-scheme: dark)');

const isDark = (theme: Theme): boolean =>
  theme === 'dark' || (theme === 'system' && systemDark.current);

let shown: 'light' | 'dark' = $state('light');
/** For what is drawn by hand. It changes after the page has: its colors can be read then. */
export const themeShown = (): 'light' | 'dark' => shown;

/** What the page begins in. */
export function firstTheme(): Theme {
  const stored = localStorage.getItem(storageKey);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function showTheme(theme: Theme): void {
  const now = isDark(theme) ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = now;
  shown = now;
}

export function rememberTheme(theme: Theme): void {
  localStorage.setItem(storageKey, theme);
}

export function toggleTheme(): void {
  settings.set('theme', isDark(settings.values.theme) ? 'light' : 'dark');
}
