/** @file Builds the page, from src-renderer to out/renderer: files only, so that a strict CSP can hold. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src-renderer',
  // Under `inkling://app/` and `http://127.0.0.1:PORT/` alike.
  base: './',
  plugins: [svelte()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome130',
    // No inline helper script and no data: URLs, which the CSP would refuse.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
