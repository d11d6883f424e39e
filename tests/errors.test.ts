/** @file What the catalogue of errors says reads as sentences, and docs/errors.md says the same. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorList, errorListFile, errorTexts } from '../scripts/errors.ts';

/** Words that begin with a capital or a value, and end with one full stop or with a value that is a sentence. */
const sentence = /^[A-Z‹](?=.* ).*([^.]\.|›)$/;
/** A text that only passes on what it was given, as the hint of a device does. */
const passedOn = /^‹\w+›$/;
/** What a parameter of the wrong kind leaves behind, and stray spaces. */
const slip = /\b(undefined|null|NaN)\b|\[object|\s{2}|\n/;

test.each(errorTexts())('$code reads as sentences', ({ code, message, hint }) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
  for (const text of [message, hint]) {
    if (!passedOn.test(text)) expect(text).toMatch(sentence);
    expect(text).not.toMatch(slip);
  }
  expect(hint, 'what to do must say more than what happened').not.toBe(message);
});

test('docs/errors.md lists the catalogue as it is', async () => {
  const isCurrent = readFileSync(errorListFile, 'utf8') === (await errorList());
  expect(isCurrent, 'docs/errors.md is out of date: run `npm run docs` and commit it.').toBe(true);
});
