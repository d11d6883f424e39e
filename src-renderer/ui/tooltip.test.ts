/** @file What is attached to an element with a tooltip. */
import { expect, test } from 'vitest';
import { tooltip } from './tooltip.ts';

test('a text that is computed again is the same tooltip, so that one that is shown stays', () => {
  const name = (run: string): string => `Pause ${run}`;
  expect(tooltip(name('r1'))).toBe(tooltip(name('r1')));
  expect(tooltip(name('r1'))).not.toBe(tooltip(name('r2')));
});
