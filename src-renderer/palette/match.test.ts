/** @file What the palette finds. */
import { expect, test } from 'vitest';
import { matching, matchScore } from './match.ts';

const items = ['Import…', 'Open important digits', 'Go to Settings', 'New dataset'].map(
  (title) => ({
    title,
  }),
);
const found = (text: string): string[] => matching(items, text).map(({ title }) => title);

test.each<[string, string[]]>([
  ['', items.map(({ title }) => title)],
  ['imp', ['Import…', 'Open important digits']],
  ['DIG', ['Open important digits']],
  ['set', ['Go to Settings', 'New dataset']],
  ['to set', ['Go to Settings']],
  ['xyz', []],
])('“%s”', (text, titles) => {
  expect(found(text)).toEqual(titles);
});

test('every word counts', () => {
  expect(matchScore('Go to Settings', 'go xyz')).toBeNull();
});
