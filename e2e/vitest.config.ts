/** @file The stories: a person's way through the whole program, in a real browser or in the desktop window. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'stories',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['./build.ts'],
    pool: 'forks',
    // On two cores, two stories together take three quarters of the time they take one after the other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
