import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { InklingError } from '../../errors.ts';
import { openWorkspace, type Workspace } from '../../workspace/workspace.ts';
import { decodeMany } from '../decode/decode.ts';
import { formats, type FormatName } from './formats.ts';
import type { Given } from './source.ts';
import { importPath, previewPath, skippedListMax, type ImportReport } from './importPath.ts';

const side = 6;
/** Two of each of the classes 0, 2 and 10; the first of each for training, the second for testing. */
const digits = ['0', '2', '10'].flatMap((label, i) =>
  (['train', 'test'] as const).map((part, k) => ({
    label,
    part,
    name: `${label}-${part}`,
    pixels: Buffer.from(
      Array.from({ length: side * side }, (_, j) => (j * 7 + i * 90 + k * 40) % 256),
    ),
  })),
);

let folder: string;
let workspace: Workspace;
let pngs: Map<string, Buffer>;

beforeAll(async () => {
  const encoded = digits.map(async ({ name, pixels }) => {
    const image = sharp(pixels, { raw: { width: side, height: side, channels: 1 } });
    return [name, await image.toColourspace('b-w').png().toBuffer()] as const;
  });
  pngs = new Map(await Promise.all(encoded));
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inkling-import-'));
  workspace = openWorkspace(join(folder, 'workspace'), { clock: () => 0 });
});

afterEach(() => {
  workspace.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes files below the test's folder and gives the path of `source`. */
function write(files: Readonly<Record<string, Buffer | string>>, source = 'source'): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, 'source', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return join(folder, source);
}

const classFolders = (): Record<string, Buffer> =>
  Object.fromEntries(
    digits.map(({ part, label, name }) => [`${part}/${label}/deep/${name}.png`, pngs.get(name)!]),
  );

async function zipped(
  files: Readonly<Record<string, Buffer>>,
  options: { compress?: boolean; mode?: number } = {},
): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, bytes] of Object.entries(files)) zip.addBuffer(bytes, path, options);
  zip.end();
  const chunks: Buffer[] = [];
  zip.outputStream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(zip.outputStream, 'end');
  return Buffer.concat(chunks);
}

function idx(dimensions: readonly number[], data: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x800 + dimensions.length, 0);
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, data]);
}

const idxImages = (of: readonly { pixels: Buffer }[]): Buffer =>
  idx([of.length, side, side], Buffer.concat(of.map(({ pixels }) => pixels)));
const idxLabels = (of: readonly { label: string }[]): Buffer =>
  idx([of.length], Buffer.from(of.map(({ label }) => Number(label))));

function idxFiles(): Record<string, Buffer> {
  const [train, test] = (['train', 'test'] as const).map((part) =>
    digits.filter((digit) => digit.part === part),
  );
  return {
    'gzip/emnist-mini-train-images-idx3-ubyte.gz': gzipSync(idxImages(train!)),
    'gzip/emnist-mini-train-labels-idx1-ubyte.gz': gzipSync(idxLabels(train!)),
    'gzip/emnist-mini-test-images-idx3-ubyte': idxImages(test!),
    'gzip/emnist-mini-test-labels-idx1-ubyte': idxLabels(test!),
  };
}

const listed = (): Record<string, Buffer> =>
  Object.fromEntries(digits.map(({ name }) => [`images/${name}.png`, pngs.get(name)!]));

/** For each format the same six digits, written in its way. */
const sources = {
  folder: () => write({ ...classFolders(), '.DS_Store': 'x', '__MACOSX/train/0/a.png': 'x' }),
  zip: async () => write({ 'a.zip': await zipped(wrapped(classFolders())) }, 'source/a.zip'),
  idxFolder: () => write(idxFiles()),
  idxFile: () =>
    write(
      {
        'all-images-idx3-ubyte': idxImages(digits),
        'all-labels-idx1-ubyte.gz': gzipSync(idxLabels(digits)),
      },
      'source/all-images-idx3-ubyte',
    ),
  csv: () => {
    const rows = digits.map(({ name, label, part }) => `images\\${name}.png;${label};${part}`);
    return write(
      { ...listed(), 'list.csv': `\ufeffPath;Label;Split\r\n${rows.join('\r\n')}\r\n` },
      'source/list.csv',
    );
  },
  jsonl: () => {
    const rows = digits.map(({ name, label, part }) =>
      JSON.stringify({
        path: `./images/${name}.png`,
        label: Number(label),
        split: part === 'test' ? 't10k' : part,
      }),
    );
    return write({ ...listed(), 'list.jsonl': rows.join('\n') }, 'source/list.jsonl');
  },
  listFolder: () => {
    const rows = digits.map(({ name, label, part }) =>
      JSON.stringify({ file_name: `images/${name}.png`, label, split: part }),
    );
    return write({ ...listed(), 'metadata.jsonl': rows.join('\n') });
  },
} satisfies Record<FormatName, () => string | Promise<string>>;

const wrapped = (files: Record<string, Buffer>): Record<string, Buffer> => ({
  ...Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`digits/${path}`, bytes])),
  '__MACOSX/digits/._x': Buffer.from('x'),
});

const run = (given: Given): Promise<ImportReport> =>
  importPath(workspace, given, { dataset: 'digits' });

/** The pixels stored for each image, with class and part. */
async function stored(): Promise<string[]> {
  const { id } = workspace.datasets.get('digits');
  const classes = new Map(workspace.datasets.classes(id).map((one) => [one.id, one.name]));
  const images = workspace.datasets.images(id, { kind: 'all' }, 0, 100);
  const out = new Uint8Array(images.length * side * side);
  const blobs = images.map((image) => workspace.blobs.ofImage(image.id)!);
  await decodeMany(blobs, { channels: 1, height: side, width: side }, out);
  return images.map((image, i) => {
    const pixels = Buffer.from(out.subarray(i * side * side, (i + 1) * side * side));
    return `${classes.get(image.class!)} ${image.part} ${pixels.toString('hex')}`;
  });
}

function nothingLeft(): void {
  const { counts } = workspace.check();
  for (const table of [
    'dataset',
    'class',
    'image',
    'blob',
    'label_event',
    'split',
    'pending_import',
  ])
    expect(counts[table], table).toBe(0);
}

async function problem(work: Promise<unknown>): Promise<InklingError> {
  const error: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  if (error instanceof InklingError) return error;
  throw error ?? new Error('it did not fail');
}

describe.each(Object.keys(formats) as FormatName[])('%s', (format) => {
  test('brings in pixels, classes and parts; twice is once', async () => {
    const path = await sources[format]();
    const report = await run(path);
    // A single IDX file names no part; its images are divided by the seeded draw.
    const given = format !== 'idxFile';
    expect(report).toMatchObject({
      dataset: 'digits',
      format,
      images: 6,
      duplicates: 0,
      skippedCount: 0,
    });
    expect(report.classes).toEqual(['0', '2', '10'].map((name) => ({ name, count: 2 })));
    const found = await stored();
    const expected = digits.map(
      ({ label, part, pixels }) => `${label} ${given ? part : ''} ${pixels.toString('hex')}`,
    );
    const bare = (line: string) =>
      given ? line.replace(' validation ', ' train ') : line.replace(/ \w+ /, '  ');
    expect(found.map(bare).sort()).toEqual(expected.sort());
    expect(await run(path)).toMatchObject({ images: 0, duplicates: 6 });
    expect(await stored()).toEqual(found);
  });

  test('is foretold by a preview', async () => {
    const preview = await previewPath(await sources[format]());
    const splits =
      format === 'idxFile' ? { train: 0, test: 0, none: 6 } : { train: 3, test: 3, none: 0 };
    expect(preview).toEqual({
      format,
      items: 6,
      classes: ['0', '2', '10'].map((name) => ({ name, count: 2 })),
      splits: { ...splits, validation: 0 },
      read: { items: 6, duplicates: 0, unreadable: [], unreadableCount: 0 },
    });
    nothingLeft();
  });

  test('tells how far it is, up to its end', async () => {
    const seen: number[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      seen.push(done / total);
    await importPath(workspace, await sources[format](), { dataset: 'digits', onProgress });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test('leaves nothing behind when canceled', async () => {
    const path = await sources[format]();
    const cancel = new AbortController();
    const onProgress = () => cancel.abort();
    const work = importPath(workspace, path, {
      dataset: 'digits',
      signal: cancel.signal,
      onProgress,
    });
    await expect(work).rejects.toThrow('aborted');
    nothingLeft();
  });

  test(
    'damaged anywhere, comes in or fails with a code and leaves nothing',
    { timeout: 60_000 },
    async () => {
      const path = await sources[format]();
      const file = format.endsWith('older')
        ? join(path, fileWithin[format as keyof typeof fileWithin])
        : path;
      const bytes = await readFile(file);
      await fc.assert(
        fc.asyncProperty(
          fc.nat(bytes.length - 1),
          fc.nat(7),
          fc.boolean(),
          async (at, bit, cut) => {
            const broken = Buffer.from(cut ? bytes.subarray(0, at) : bytes);
            if (!cut) broken[at]! ^= 1 << bit;
            writeFileSync(file, broken);
            const result = await run(path).catch((error: unknown) => error);
            if (result instanceof Error) {
              expect(result).toBeInstanceOf(InklingError);
              expect(workspace.check().counts['pending_import']).toBe(0);
            }
          },
        ),
        { numRuns: 60, seed: 11 },
      );
    },
  );
});

const fileWithin = {
  folder: 'train/0/deep/0-train.png',
  idxFolder: 'gzip/emnist-mini-train-images-idx3-ubyte.gz',
  listFolder: 'metadata.jsonl',
};

test('what cannot be read is skipped with its reason, and the rest comes in', async () => {
  const good = pngs.get('0-train')!;
  const path = write({
    '0/good.png': good,
    '0/named-wrongly.jpg': pngs.get('2-train')!,
    '0/empty.png': '',
    '0/notes.txt': 'not a picture',
    '1/cut.png': good.subarray(0, good.length - 20),
  });
  const report = await run(path);
  expect(report.images).toBe(2);
  expect(report.classes).toEqual([{ name: '0', count: 2 }]);
  expect(Object.fromEntries(report.skipped.map((one) => [one.path, one.code]))).toEqual({
    '0/empty.png': 'image-empty',
    '0/notes.txt': 'image-unsupported',
    '1/cut.png': 'image-truncated',
  });
  expect(report.skipped.every(({ reason }) => reason.endsWith('.'))).toBe(true);
});

test('of very many skipped files the first are listed and all are counted', async () => {
  const texts = Array.from({ length: skippedListMax + 5 }, (_, i) => [`0/${i}.txt`, 'x'] as const);
  const report = await run(
    write({ ...Object.fromEntries(texts), '1/a.png': pngs.get('0-train')! }),
  );
  expect(report).toMatchObject({ images: 1, skippedCount: skippedListMax + 5 });
  expect(report.skipped).toHaveLength(skippedListMax);
});

describe('a preview', () => {
  test('says what occurs twice and what cannot be read, and why', async () => {
    const [one, other] = [pngs.get('0-train')!, pngs.get('2-train')!];
    const files = { '0/a.png': one, '0/b.png': one, '2/c.png': other, '2/d.png': one };
    const path = write({ ...files, '2/broken.png': one.subarray(0, 40), '2/list.txt': 'x' });
    const { items, read } = await previewPath(path);
    expect({ items, read }).toMatchObject({
      items: 6,
      read: { items: 6, duplicates: 2, unreadableCount: 2 },
    });
    expect(read.unreadable.map((each) => each.path)).toEqual(['2/broken.png', '2/list.txt']);
    const { skipped } = await run(path);
    expect(skipped).toEqual(read.unreadable);
  });

  test('of a large source looks at the first files, and says at how many', async () => {
    const files = Array.from({ length: 600 }, (_, i) => [`0/${i}.txt`, 'x'] as const);
    const path = write(Object.fromEntries(files));
    const limits = { items: 10, bytes: 1000 };
    const { items, read } = await previewPath(path, path, limits);
    // A batch is read whole.
    expect([items, read.items, read.unreadableCount]).toEqual([600, 512, 512]);
    expect(read.unreadable).toHaveLength(20);
  });
});

test('a flat folder becomes unlabeled images', async () => {
  const report = await run(write(listed(), 'source/images'));
  expect(report).toMatchObject({ images: 6, classes: [], splits: { none: 6 } });
});

test('IDX images without labels become unlabeled images', async () => {
  const path = write({ 'train-images.idx3-ubyte': idxImages(digits) });
  expect(await run(path)).toMatchObject({ images: 6, classes: [], splits: { train: 6, none: 0 } });
});

test.each(['folder', 'idxFolder', 'listFolder'] as const)(
  'what lies in a %s, chosen together, is imported as the folder is',
  async (format) => {
    const path = await sources[format]();
    const names = readdirSync(path).map((name) => join(path, name));
    expect(await run(names)).toMatchObject({ format, images: 6, skippedCount: 0 });
    expect(await run(path)).toMatchObject({ images: 0, duplicates: 6 });
  },
);

test('loose pictures, also from several folders, become unlabeled images', async () => {
  const path = write({ ...listed(), 'other/a.png': pngs.get('0-train')! });
  const loose = ['images/0-train.png', 'images/2-test.png', 'other/a.png'];
  const report = await run(loose.map((name) => join(path, name)));
  expect(report).toMatchObject({ images: 3, classes: [], splits: { none: 3 }, skippedCount: 0 });
});

test('a list reaches what was chosen with it, wherever that lies, and nothing else', async () => {
  const path = write({
    ...listed(),
    'other/a.png': pngs.get('0-train')!,
    'lists/labels.csv': 'path,label\nimages/2-test.png,2\na.png,0\nbeside.png,0',
    'lists/beside.png': pngs.get('10-test')!,
  });
  const chosen = ['images', 'other/a.png', 'lists/labels.csv'].map((name) => join(path, name));
  expect(await run(chosen)).toMatchObject({
    ...{ format: 'listFolder', images: 2, skippedCount: 1 },
    skipped: [{ path: 'beside.png', code: 'image-missing' }],
    classes: [
      { name: '0', count: 1 },
      { name: '2', count: 1 },
    ],
  });
  symlinkSync(join(path, 'lists/beside.png'), join(path, 'images/2-test.link.png'));
  writeFileSync(join(path, 'lists/labels.csv'), 'path,label\nimages/2-test.link.png,2');
  expect((await problem(run(chosen))).code).toBe('list-escape');
});

test('of several that are chosen together no two are called the same, and all are there', async () => {
  const path = write({ '0/a.png': pngs.get('0-train')!, '2/a.png': pngs.get('2-train')! });
  const twice = await problem(run(['0', '2'].map((name) => join(path, name, 'a.png'))));
  expect(twice).toMatchObject({ code: 'call-invalid' });
  expect(twice.message).toContain('a.png');
  const absent = await problem(run([join(path, '0'), join(path, '7')]));
  expect(absent).toMatchObject({ code: 'path-missing' });
  nothingLeft();
});

test('links in a folder are not followed', async () => {
  const path = write({ '0/a.png': pngs.get('0-train')! });
  writeFileSync(join(folder, 'outside.png'), pngs.get('2-train')!);
  symlinkSync(join(folder, 'outside.png'), join(path, '0', 'link.png'));
  symlinkSync(path, join(path, '0', 'loop'));
  expect(await run(path)).toMatchObject({ images: 1, skippedCount: 0 });
});

/** Replaces a name in both headers of an archive; both names have the same length. */
async function renamed(from: string, to: string): Promise<Buffer> {
  const zip = await zipped({ '0/a.png': pngs.get('0-train')!, [from]: pngs.get('2-train')! });
  return Buffer.from(zip.toString('latin1').replaceAll(from, to), 'latin1');
}

const zip = async (bytes: Buffer | Promise<Buffer>) =>
  write({ 'a.zip': await bytes }, 'source/a.zip');
const list = (name: string, text: string) => write({ ...listed(), [name]: text }, `source/${name}`);
const csv = (text: string) => list('list.csv', text);
const jsonl = (text: string) => list('list.jsonl', text);
const idxPair = (images: Buffer, labels: Buffer) =>
  write({ 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': labels });

const refused: [string, () => string | Promise<string>, string][] = [
  ['a path that is not there', () => join(folder, 'nowhere'), 'path-missing'],
  ['an unknown file', () => write({ 'a.bin': 'hello' }, 'source/a.bin'), 'format-unknown'],
  ['an empty folder', () => write({ '.hidden': 'x' }), 'no-images'],
  ['a folder of other things', () => write({ '0/a.txt': 'x', '1/b.txt': 'y' }), 'no-images'],
  [
    'more classes than a network can have',
    () => csv(`path,label\n${Array.from({ length: 4097 }, (_, i) => `${i}.png,${i}`).join('\n')}`),
    'too-many-classes',
  ],

  [
    'a ZIP cut short',
    async () => zip((await zipped(classFolders())).subarray(0, 500)),
    'archive-damaged',
  ],
  ['a ZIP with nothing in it', () => zip(zipped({})), 'no-images'],
  ['a ZIP entry above the archive', () => zip(renamed('xx/b.png', '../b.png')), 'archive-escape'],
  [
    'a ZIP entry above, from below',
    () => zip(renamed('0/xx/xx/b.png', '0/../../b.png')),
    'archive-escape',
  ],
  ['a ZIP entry from the root', () => zip(renamed('xtmp/b.png', '/tmp/b.png')), 'archive-escape'],
  ['a ZIP entry on a drive', () => zip(renamed('C_/b.png', 'C:/b.png')), 'archive-escape'],
  ['a ZIP entry with backslashes', () => zip(renamed('1_b.png', '1\\b.png')), 'archive-escape'],
  [
    'a ZIP entry that is a link',
    async () => zip(zipped({ '0/a.png': Buffer.from('/etc/passwd') }, { mode: 0o120777 })),
    'archive-escape',
  ],
  [
    'a ZIP that swells',
    () => zip(zipped({ '0/a.png': pngs.get('0-train')!, '0/b.png': Buffer.alloc(2 ** 25) })),
    'archive-limit',
  ],

  [
    'IDX images cut short',
    () => idxPair(idxImages(digits).subarray(0, -1), idxLabels(digits)),
    'idx-truncated',
  ],
  [
    'zipped IDX images cut short',
    () => write({ 'train-images-idx3-ubyte.gz': gzipSync(idxImages(digits).subarray(0, -1)) }),
    'idx-truncated',
  ],
  [
    'IDX images in a gzip cut short',
    () => write({ 'train-images-idx3-ubyte.gz': gzipSync(idxImages(digits)).subarray(0, -20) }),
    'idx-truncated',
  ],
  [
    'IDX labels cut short',
    () => idxPair(idxImages(digits), idxLabels(digits).subarray(0, -1)),
    'idx-truncated',
  ],
  [
    'an IDX header cut short',
    () => idxPair(idxImages(digits).subarray(0, 9), idxLabels(digits)),
    'idx-truncated',
  ],
  [
    'IDX images with more behind',
    () => idxPair(Buffer.concat([idxImages(digits), Buffer.of(0)]), idxLabels(digits)),
    'idx-invalid',
  ],
  [
    'an IDX file of another magic',
    () => idxPair(Buffer.from('hello, hello, hello'), idxLabels(digits)),
    'idx-invalid',
  ],
  ['IDX labels for images', () => idxPair(idxLabels(digits), idxLabels(digits)), 'idx-invalid'],
  [
    'an IDX file of a billion images',
    () => idxPair(idx([1e9, 28, 28], Buffer.alloc(9)), idxLabels(digits)),
    'idx-invalid',
  ],
  [
    'fewer IDX labels than images',
    () => idxPair(idxImages(digits), idxLabels(digits.slice(1))),
    'idx-count',
  ],
  [
    'IDX labels alone',
    () => write({ 'train-labels-idx1-ubyte': idxLabels(digits) }),
    'idx-unpaired',
  ],
  [
    'two IDX datasets at once',
    () =>
      write({
        'a-train-images-idx3-ubyte': idxImages(digits),
        'b-train-images-idx3-ubyte': idxImages(digits),
      }),
    'idx-several',
  ],

  ['a CSV without a path', () => csv('file,label\nimages/0-train.png,0'), 'list-column'],
  ['a CSV without a label', () => csv('path\nimages/0-train.png'), 'list-column'],
  ['an empty CSV', () => csv(''), 'list-column'],
  ['a CSV without images', () => csv('path,label\n'), 'no-images'],
  [
    'a CSV row of another length',
    () => csv('path,label\nimages/0-train.png,0,1,2'),
    'list-malformed',
  ],
  ['a CSV with an open quote', () => csv('path,label\n"images/0-train.png,0'), 'list-malformed'],
  [
    'a CSV with an unknown split',
    () => csv('path,label,split\nimages/0-train.png,0,foo'),
    'list-malformed',
  ],
  [
    'a CSV that labels twice',
    () => csv('path,label\nimages/0-train.png,0\nimages/0-train.png,1'),
    'list-malformed',
  ],
  [
    'a CSV path above its folder',
    () => csv('path,label\nimages/0-train.png,0\n../x.png,0'),
    'list-escape',
  ],
  ['a CSV path above by backslashes', () => csv('path,label\n..\\x.png,0'), 'list-escape'],
  ['a CSV path from the root', () => csv('path,label\n/etc/passwd,0'), 'list-escape'],
  ['a CSV path on a drive', () => csv('path,label\nC:\\x.png,0'), 'list-escape'],
  [
    'a CSV path through a link',
    () => {
      const path = csv('path,label\nimages/0-train.png,0\nout/x.png,0');
      writeFileSync(join(folder, 'x.png'), pngs.get('0-train')!);
      symlinkSync(folder, join(folder, 'source', 'out'));
      return path;
    },
    'list-escape',
  ],
  ['a CSV of files that are not there', () => csv('path,label\nimages/none.png,0'), 'no-images'],
  [
    'JSONL that is not JSON',
    () => jsonl('{"path":"images/0-train.png","label":0}\n{oops'),
    'list-malformed',
  ],
  ['JSONL without a label', () => jsonl('{"path":"images/0-train.png"}'), 'list-column'],
  ['JSONL with a path that is none', () => jsonl('{"path":7,"label":0}'), 'list-malformed'],
  [
    'a JSONL path above its folder',
    () => jsonl('{"path":"images/../../x.png","label":0}'),
    'list-escape',
  ],
];

test.each(refused)('%s is refused and nothing is left', async (_name, make, code) => {
  const error = await problem(run(await make()));
  expect(error.code).toBe(code);
  expect(error.message + error.hint).not.toMatch(/undefined|NaN|\[object/);
  nothingLeft();
});

test('an archive of IDX files is read like a folder of them', async () => {
  const path = write({ 'a.zip': await zipped(idxFiles()) }, 'source/a.zip');
  expect(await run(path)).toMatchObject({ format: 'zip', images: 6, splits: { test: 3 } });
});

test('a failed import leaves an earlier one as it was', async () => {
  await run(write(classFolders()));
  const before = await stored();
  const path = csv('path,label\nimages/0-train.png,new\n../x.png,0');
  expect((await problem(run(path))).code).toBe('list-escape');
  expect(await stored()).toEqual(before);
});
