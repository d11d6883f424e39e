/**
 * @file What `import` does with data that are damaged, incomplete or hostile: a picture that cannot be read is
 * skipped and listed, anything worse ends the import, and then nothing of it stays.
 */
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { ZipFile } from 'yazl';
import { digitPng, importedRows, inkling, keptFolder, resultSaid, said, write } from './inkling.ts';

const workspace = keptFolder();
const sources = keptFolder();
const pngs: Buffer[] = [];

beforeAll(async () => {
  for (let i = 0; i < 10; i++) pngs.push((await digitPng(i)).bytes);
  await resultSaid(workspace, 'sample', '--dataset', 'digits', '--count', '20');
});

const SIDE = 4;

function idxImages(count: number): Buffer {
  const head = Buffer.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, SIDE, 0, 0, 0, SIDE]);
  return Buffer.concat([head, Buffer.alloc(count * SIDE * SIDE, 7)]);
}

function idxLabels(count: number): Buffer {
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  return Buffer.from([0, 0, 8, 1, 0, 0, 0, count, ...labels]);
}

function zipped(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(files)) zip.addBuffer(bytes, name);
  zip.end();
  return buffer(zip.outputStream);
}

/** yazl refuses to write a name that escapes, so it is put in afterwards, at the same length. */
async function escapingZip(): Promise<Buffer> {
  const bytes = await zipped({ '0/a.png': pngs[0]!, '1/b.png': pngs[1]!, 'up/c.png': pngs[2]! });
  return Buffer.from(bytes.toString('latin1').replaceAll('up/c.png', '../c.png'), 'latin1');
}

type Files = Readonly<Record<string, string | Buffer>>;

/** What is wrong, the code, the files, and which of them is imported; the folder itself where none is named. */
const broken: readonly (readonly [string, string, () => Files | Promise<Files>, string])[] = [
  [
    'a label file of another length',
    'idx-count',
    () => ({ 'train-images-idx3-ubyte': idxImages(6), 'train-labels-idx1-ubyte': idxLabels(5) }),
    '',
  ],
  [
    'IDX images that end early',
    'idx-truncated',
    () => ({
      'train-images-idx3-ubyte': idxImages(6).subarray(0, -3),
      'train-labels-idx1-ubyte': idxLabels(6),
    }),
    '',
  ],
  [
    'a second IDX pair that ends early, after a sound one',
    'idx-truncated',
    () => ({
      'train-images-idx3-ubyte': idxImages(6),
      'train-labels-idx1-ubyte': idxLabels(6),
      't10k-images-idx3-ubyte': idxImages(6),
      't10k-labels-idx1-ubyte': idxLabels(6).subarray(0, -1),
    }),
    '',
  ],
  [
    'a ZIP with an entry outside itself',
    'archive-escape',
    async () => ({ 'a.zip': await escapingZip() }),
    'a.zip',
  ],
  [
    'a ZIP cut short',
    'archive-damaged',
    async () => {
      const whole = await zipped({ '0/a.png': pngs[0]!, '1/b.png': pngs[1]! });
      return { 'a.zip': whole.subarray(0, -30) };
    },
    'a.zip',
  ],
  [
    'a CSV path outside its folder',
    'list-escape',
    () => ({
      'in/a.png': pngs[0]!,
      'b.png': pngs[1]!,
      'in/list.csv': 'path,label\na.png,0\n../b.png,1\n',
    }),
    'in/list.csv',
  ],
  [
    'a JSONL line that is none',
    'list-malformed',
    () => ({ 'a.png': pngs[0]!, 'list.jsonl': '{"path":"a.png","label":"0"}\n{oh\n' }),
    'list.jsonl',
  ],
  ['an empty folder', 'no-images', () => ({ '.keep': '' }), ''],
  ['a folder of other files', 'no-images', () => ({ '0/a.png': 'not a picture' }), ''],
  ['a path that is not there', 'path-missing', () => ({ '.keep': '' }), 'nowhere'],
  ['a file of another kind', 'format-unknown', () => ({ 'notes.txt': 'hello' }), 'notes.txt'],
];

describe('is refused, and nothing of it stays:', () => {
  it.each(broken)('%s (%s)', async (name, code, files, path) => {
    const source = write(join(sources, name.replaceAll(' ', '-')), await files());
    const before = importedRows(workspace);
    const words = ['import', join(source, path), '--dataset', 'broken'] as const;
    const { code: exit, out, err } = await said(workspace, ...words, '--json');
    expect({ exit, out }).toEqual({ exit: 1, out: '' });
    // Lines of progress may have come before.
    const [first, hint] = err.trimEnd().split('\n').slice(-2);
    expect(first).toMatch(new RegExp(`^error ${code}: .+\\.$`));
    expect(hint).toMatch(/^[A-Z].+\.$/);
    expect(err).not.toMatch(/^ +at /m);
    expect(importedRows(workspace)).toEqual(before);
  });

  it('the same when it would have been added to a dataset that is there', async () => {
    const source = write(join(sources, 'added'), { 'a.zip': await escapingZip() });
    const before = importedRows(workspace);
    const { code } = await inkling(
      workspace,
      'import',
      join(source, 'a.zip'),
      '--dataset',
      'digits',
    );
    expect(code).toBe(1);
    expect(importedRows(workspace)).toEqual(before);
  });
});

const classFolders = (): Files =>
  Object.fromEntries(pngs.map((bytes, i) => [`${i % 3}/scan ${i}.png`, bytes]));

test('pictures that cannot be read are skipped and listed, and the import goes on', async () => {
  const source = write(join(sources, 'some'), {
    ...classFolders(),
    '1/cut.png': pngs[0]!.subarray(0, 120),
    '2/empty.png': '',
    '2/words.png': 'not a picture',
  });
  const report = await resultSaid(workspace, 'import', source, '--dataset', 'some');
  expect(report).toMatchObject({ images: 10, skippedCount: 3 });
  const reason = expect.any(String);
  expect(report).toHaveProperty('skipped', [
    { path: '2/empty.png', code: 'image-empty', reason },
    { path: '1/cut.png', code: 'image-truncated', reason },
    { path: '2/words.png', code: 'image-unsupported', reason },
  ]);
  const text = await said(workspace, 'import', source, '--dataset', 'some');
  expect(text.code).toBe(0);
  expect(text.out).toMatch(/skipped 3:\n {2}2\/empty\.png {2}image-empty: /);
});

test('importing twice adds nothing', async () => {
  const source = write(join(sources, 'twice'), classFolders());
  const words = ['import', source, '--dataset', 'twice'] as const;
  expect(await resultSaid(workspace, ...words)).toMatchObject({ images: 10, duplicates: 0 });
  const before = importedRows(workspace);
  expect(await resultSaid(workspace, ...words)).toMatchObject({ images: 0, duplicates: 10 });
  expect(importedRows(workspace)).toEqual(before);
});

test('a folder, a ZIP of it and lists of it hold the same pictures', async () => {
  const source = write(join(sources, 'forms'), classFolders());
  const names = Object.keys(classFolders());
  write(source, {
    'list.csv': ['path,label', ...names.map((name) => `${name},${name[0]}`)].join('\n'),
    'list.jsonl': names.map((path) => JSON.stringify({ path, label: path[0] })).join('\n'),
  });
  const zip = write(join(sources, 'zip'), { 'a.zip': await zipped(toBuffers(classFolders())) });
  const into = ['--dataset', 'forms'] as const;
  expect(await resultSaid(workspace, 'import', join(source, 'list.csv'), ...into)).toMatchObject({
    images: 10,
    classes: [
      { name: '0', count: 4 },
      { name: '1', count: 3 },
      { name: '2', count: 3 },
    ],
  });
  for (const again of [join(source, 'list.jsonl'), join(zip, 'a.zip')])
    expect(await resultSaid(workspace, 'import', again, ...into)).toMatchObject({
      images: 0,
      duplicates: 10,
    });
});

function toBuffers(files: Files): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]),
  );
}
