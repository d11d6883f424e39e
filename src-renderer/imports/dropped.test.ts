/** @file Dropped and chosen files, as paths. */
import { expect, test } from 'vitest';
import { filesOf, nameOf } from './dropped.ts';

/** A folder as browsers hand it over: in portions, with an empty one at the end. */
function folder(name: string, children: readonly FileSystemEntry[]): FileSystemEntry {
  const portions = [...children.map((child) => [child]), []];
  const createReader = () => ({
    readEntries: (give: (entries: FileSystemEntry[]) => void) => give(portions.shift() ?? []),
  });
  // Only what is read of an entry.
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function file(name: string): FileSystemEntry {
  const open = (give: (file: File) => void): void => give(new File(['x'], name));
  return { name, isFile: true, isDirectory: false, file: open } as unknown as FileSystemEntry;
}

test('folders are opened, whatever their depth, and hidden files left out', async () => {
  const entries = [
    folder('digits', [
      folder('7', [file('a.png'), file('b.png'), file('.DS_Store')]),
      folder('__MACOSX', [file('a.png')]),
      file('Thumbs.db'),
    ]),
    file('list.csv'),
  ];
  const files = await filesOf({ entries, files: [] });
  expect(files.map(({ path }) => path)).toEqual(['digits/7/a.png', 'digits/7/b.png', 'list.csv']);
});

test('files of a chosen folder keep their path in it', async () => {
  const chosen = Object.assign(new File(['x'], 'a.png'), { webkitRelativePath: 'digits/7/a.png' });
  const files = await filesOf({ entries: [], files: [chosen, new File(['x'], 'b.png')] });
  expect(files.map(({ path }) => path)).toEqual(['digits/7/a.png', 'b.png']);
});

test('a picture alone comes in a folder, as a dataset does', async () => {
  const picture = new File(['x'], 'a.png', { type: 'image/png' });
  expect(await filesOf({ entries: [], files: [picture] })).toEqual([
    { path: 'images/a.png', file: picture },
  ]);
});

test.each<[readonly string[], string]>([
  [['digits/7/a.png', 'digits/8/b.png'], 'digits'],
  [['train.zip'], 'train'],
  [['my.list.csv'], 'my.list'],
  [['a.png', 'b.png'], ''],
  [['train-images-idx3-ubyte.gz'], 'train-images-idx3-ubyte'],
  [[], ''],
])('%j suggests the name “%s”', (paths, name) => {
  expect(nameOf(paths)).toBe(name);
});
