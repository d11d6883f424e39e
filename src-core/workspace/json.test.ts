import { expect, test } from 'vitest';
import { fromJson, toJson } from './json.ts';

test.each([
  [{ loss: NaN, list: [Infinity, -Infinity, 0.1, null], name: 'NaN' }],
  [-Infinity],
  ['NaN'],
])('%j survives', (value) => {
  expect(fromJson(toJson(value))).toEqual(value);
});
