/** @file Things kept for a while: which go, and that whoever made them is told. */
import { expect, test } from 'vitest';
import { failure } from '../errors.ts';
import { KeptThings } from './kept.ts';

test('what is no longer kept is told of once: the one used longest ago, and what is taken away', () => {
  const left: string[] = [];
  const limits = { count: 2, bytes: 10 };
  const gone = () => failure('result-gone', undefined);
  const kept = new KeptThings<string>('t', limits, gone, (thing) => left.push(thing));
  const [first, second] = ['a', 'b'].map((thing) => kept.add((name) => `${thing} ${name}`, 1));
  kept.get('t-1');
  kept.add(() => 'c', 1);
  expect(left).toEqual([second]);
  expect(() => kept.get('t-2')).toThrow(gone().message);
  kept.delete('t-1');
  kept.delete('t-1');
  expect(left).toEqual([second, first]);
  kept.add(() => 'large', 99);
  expect(left).toEqual([second, first, 'c']);
  expect(kept.list()).toEqual(['large']);
});
