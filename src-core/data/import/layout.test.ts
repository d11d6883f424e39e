import { expect, test } from 'vitest';
import { classOrder, placeFiles } from './layout.ts';

/** Paths, whether they come from an archive, and each as `path label part`. */
const cases: [string, string[], boolean, string[]][] = [
  ['a folder per class', ['7/a.png', '8/b.png'], false, ['7/a.png 7 null', '8/b.png 8 null']],
  ['any depth below', ['7/x/y/a.png', '8/b.png'], false, ['7/x/y/a.png 7 null', '8/b.png 8 null']],
  [
    'parts above',
    ['train/7/a.png', 'Val/7/b.png', 'testing/7/c.png'],
    false,
    ['train/7/a.png 7 train', 'Val/7/b.png 7 validation', 'testing/7/c.png 7 test'],
  ],
  [
    'a part without classes',
    ['train/7/a.png', 'test/b.png'],
    false,
    ['train/7/a.png 7 train', 'test/b.png null test'],
  ],
  [
    'a class named test',
    ['cat/a.png', 'test/b.png'],
    false,
    ['cat/a.png cat null', 'test/b.png test null'],
  ],
  ['a flat folder', ['a.png', 'b.png'], false, ['a.png null null', 'b.png null null']],
  [
    'one class',
    ['cat/x/a.png', 'cat/y/b.png'],
    false,
    ['cat/x/a.png cat null', 'cat/y/b.png cat null'],
  ],
  [
    'an archive of one folder',
    ['d/7/a.png', 'd/8/b.png'],
    true,
    ['7/a.png 7 null', '8/b.png 8 null'],
  ],
  [
    'an archive of one class',
    ['cat/a.png', 'cat/b.png'],
    true,
    ['cat/a.png cat null', 'cat/b.png cat null'],
  ],
  [
    'a folder around parts',
    ['mnist/train/7/a.png', 'mnist/test/7/b.png'],
    false,
    ['train/7/a.png 7 train', 'test/7/b.png 7 test'],
  ],
  [
    'an archive of one folder with a note in it',
    ['d/readme.txt', 'd/7/a.png', 'LICENSE'],
    true,
    ['readme.txt null null', '7/a.png 7 null', 'LICENSE null null'],
  ],
  [
    'parts beside a folder of scripts',
    ['train/7/a.png', 'test/7/b.png', 'tools/x.py'],
    false,
    ['train/7/a.png 7 train', 'test/7/b.png 7 test', 'tools/x.py tools null'],
  ],
  [
    'an accent in two forms',
    ['e\u0301/a.png', '\u00e9/b.png'],
    false,
    ['e\u0301/a.png \u00e9 null', '\u00e9/b.png \u00e9 null'],
  ],
];

test.each(cases)('%s', (_name, paths, wrapped, expected) => {
  const items = placeFiles(paths, wrapped);
  expect(items.map(({ path, label, part }) => `${path} ${label} ${part}`)).toEqual(expected);
});

test('classes are in numeric order, once each', () => {
  expect(classOrder(['10', '9', null, '0', '10', 'b', 'a2', 'a10'])).toEqual([
    '0',
    '9',
    '10',
    'a2',
    'a10',
    'b',
  ]);
});
