/** @file Where the tests are, and how long one may take before it counts as hanging. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // For state classes: their runes are compiled as in the page.
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ['browser'] },
  test: {
    include: ['{src-core,src-main,src-preload,src-renderer,bench,scripts,tests}/**/*.test.ts'],
    // Child processes, not threads: onnxruntime crashes in worker threads.
    pool: 'forks',
    // Otherwise one core is left to vitest itself, which needs little of it: half of the machine, where there are two.
    maxWorkers: '100%',
    // A guard against hanging, not a budget: machines that run tests can be slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
