/** @file Before the stories: builds the page once, and makes sure that there is a browser. */
import { join } from 'node:path';
import { build } from 'vite';
import { findBrowser } from './browser.ts';

export async function setup(): Promise<void> {
  await Promise.all([
    build({ configFile: join(import.meta.dirname, '../vite.config.ts'), logLevel: 'warn' }),
    findBrowser(),
  ]);
}
