/** @file Where the tests are, and how long one may take before it counts as hanging. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { configDefaults, defineConfig } from 'vitest/config';

/** Small files that keep nothing for themselves: a process for each would take longer than what is in them. */
const small = ['{src-renderer,src-core/{model,graph,workspace,data,inspect}}/**/*.test.ts'];

export default defineConfig({
  // For state classes: their runes are compiled as in the page.
  plugins: [svelte({ configFile: false })],
  resolve: { conditions: ['browser'] },
  test: {
    // Child processes, not threads: onnxruntime crashes in worker threads.
    pool: 'forks',
    // Otherwise one core is left to vitest itself, which needs little of it: half of the machine, where there are two.
    maxWorkers: '100%',
    // A guard against hanging, not a budget: machines that run tests can be slow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'small', include: small, isolate: false } },
      {
        extends: true,
        test: {
          name: 'large',
          include: [
            '{src-core,src-main,src-preload,src-renderer,bench,scripts,tests}/**/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, ...small],
        },
      },
    ],
  },
});
