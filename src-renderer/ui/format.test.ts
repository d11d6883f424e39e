/** @file Numbers and times as a person reads them. */
import { expect, test } from 'vitest';
import { bytesText, countText, durationText, plural } from './format.ts';

test.each<[string, string]>([
  [countText(0), '0'],
  [countText(999), '999'],
  [countText(60000), '60\u202f000'],
  [countText(1234567), '1\u202f234\u202f567'],
  [plural(1, 'image'), '1 image'],
  [plural(0, 'class', 'classes'), '0 classes'],
  [durationText(0.2), '1 s'],
  [durationText(59.1), '60 s'],
  [durationText(61), '2 min'],
  [durationText(3600), '1 h'],
  [durationText(4800), '1 h 20 min'],
  [bytesText(0), '0 bytes'],
  [bytesText(999), '999 bytes'],
  [bytesText(1000), '1.0 KB'],
  [bytesText(999_999), '1.0 MB'],
  [bytesText(3_240_000), '3.2 MB'],
  [bytesText(120_000_000), '120 MB'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});
