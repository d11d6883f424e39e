/** @file Lists of numbers as they are typed. */
import { expect, test } from 'vitest';
import { parseNumberList, resized, type ListRules } from './numberList.ts';

const seeds: ListRules = { one: 'seed', isWhole: true, min: 0, max: 2 ** 31 - 1, countMax: 100 };
const slopes: ListRules = { one: 'value', isWhole: false, min: 0, max: 1, countMax: 32 };

test.each<[string, ListRules, readonly number[]]>([
  ['1 2 3', seeds, [1, 2, 3]],
  [' 1,2 ;3\n4 ', seeds, [1, 2, 3, 4]],
  ['0', seeds, [0]],
  ['3-5 1', seeds, [3, 4, 5, 1]],
  ['7–7', seeds, [7]],
  ['2147483647', seeds, [2147483647]],
  ['0.01 .2 1', slopes, [0.01, 0.2, 1]],
  ['1e-3', slopes, [0.001]],
])('“%s” is read', (text, rules, numbers) => {
  expect(parseNumberList(text, rules)).toEqual({ kind: 'numbers', numbers });
});

test.each<[string, ListRules, RegExp]>([
  ['', seeds, /at least one seed/],
  [' , ', seeds, /at least one seed/],
  ['1 x', seeds, /“x” is not a whole number/],
  ['1.5', seeds, /“1.5” is not a whole number/],
  ['-1', seeds, /from 0 to 2147483647/],
  ['2147483648', seeds, /from 0 to 2147483647/],
  ['5-3', seeds, /“5-3” is not a whole number/],
  ['1 2 1', seeds, /seed 1 is there twice/],
  ['1-101', seeds, /At most 100 seeds/],
  ['1-99999999999', seeds, /At most 100 seeds/],
  ['0.1-0.3', slopes, /not a number/],
  ['2', slopes, /from 0 to 1/],
  ['NaN', slopes, /not a number/],
  ['Infinity', slopes, /not a number/],
])('“%s” is refused', (text, rules, message) => {
  expect(parseNumberList(text, rules)).toEqual({
    kind: 'problem',
    message: expect.stringMatching(message),
  });
});

test.each<[readonly number[], number, readonly number[]]>([
  [[1], 3, [1, 2, 3]],
  [[2, 5], 4, [2, 5, 1, 3]],
  [[1, 2, 3], 2, [1, 2]],
])('%j has %i numbers as %j', (numbers, count, expected) => {
  expect(resized(numbers, count)).toEqual(expected);
});
