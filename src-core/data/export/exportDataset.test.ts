/** @file Every export format is imported again: the same images, names, labels and parts; a table of awkward datasets. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { InklingError } from '../../errors.ts';
import { image, temporaryFolder, temporaryWorkspace } from '../../workspace/fixture.ts';
import type { NewImage } from '../../workspace/imports.ts';
import type { Part } from '../../workspace/records.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { decodeToTensor } from '../decode/decode.ts';
import { importPath } from '../import/importPath.ts';
import { assignSplits } from '../splits.ts';
import { exportDataset } from './exportDataset.ts';
import { exportFormats, type DatasetExportFormat } from './formats.ts';

const formats = Object.keys(exportFormats) as DatasetExportFormat[];
const parts: readonly Part[] = ['train', 'validation', 'test'];
const pictures = new Map<string, Buffer>();

beforeAll(async () => {
  const pixels = Buffer.from([0, 50, 100, 150, 200, 250]);
  const raw = { width: 3, height: 2, channels: 1 } as const;
  pictures.set('png', await sharp(pixels, { raw }).png().toBuffer());
  pictures.set('jpeg', await sharp(pixels, { raw }).jpeg().toBuffer());
});

const file = (
  name: string,
  encoding: 'png' | 'jpeg',
  label: string | null,
  part: Part | null,
): NewImage => {
  const shape = { width: 3, height: 2, channels: 1, depth: 8 };
  return { name, blob: { bytes: pictures.get(encoding)!, encoding, ...shape }, label, part };
};

/** Names as they come from folders, from IDX, and from lists; the first three parts each have one of each class. */
const datasets: Record<string, () => NewImage[]> = {
  'a folder per class with splits': () =>
    parts.flatMap((part) => [
      file(`${part}/0/one.png`, 'png', '0', part),
      file(`${part}/1/deeper/two.jpg`, 'jpeg', '1', part),
    ]),
  'bare pixels': () =>
    parts.flatMap((part, i) => [
      image(`${part}-images-idx3-ubyte/0`, 10 + i, '0', part),
      image(`${part}-images-idx3-ubyte/1`, 20 + i, '1', part),
    ]),
  'names of all kinds, one picture twice, some unlabeled': () => [
    ...parts.flatMap((part, i) => [
      image(`a, "quoted" <name>/${i}`, 30 + i, 'grüße', part),
      image(`x;y/${i}.png `, 40 + i, 'a, b; c', part),
    ]),
    file('same', 'png', 'grüße', 'train'),
    file('SAME.png', 'png', 'grüße', 'train'),
    file('a/../b', 'jpeg', null, null),
    image('CON', 50, null, null),
  ],
};

type Told = { name: string; label: string | null; part: Part | null; content: string };

/** What a dataset holds, in one order; pictures by their bytes, bare pixels and PNGs of them by their pixels. */
async function told(workspace: Workspace, name: string, isOfPixels = false): Promise<Told[]> {
  const { id } = workspace.datasets.get(name);
  const classes = new Map(workspace.datasets.classes(id).map((one) => [one.id, one.name]));
  const images = workspace.datasets.images(id, { kind: 'all' }, 0, 100);
  const all = await Promise.all(
    images.map(async (one) => {
      const blob = workspace.blobs.ofImage(one.id)!;
      const { width, height, bytes } = blob;
      const tensor = await decodeToTensor(blob, { channels: 1, width, height });
      const isFile = [...pictures.values()].some((picture) => picture.equals(bytes));
      const content = Buffer.from(isFile && !isOfPixels ? bytes : tensor).toString('hex');
      return {
        name: one.name,
        label: one.class && classes.get(one.class)!,
        part: one.part,
        content,
      };
    }),
  );
  return all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}
const key = ({ name, content }: Told): string => `${content} ${name}`;

function filled(images: readonly NewImage[]): Workspace {
  const workspace = temporaryWorkspace();
  const session = workspace.beginImport('digits');
  session.add(images);
  const labels = images.flatMap(({ label }) => label ?? []);
  session.commit([...new Set(labels)].sort(), assignSplits);
  return workspace;
}

const exported = (
  workspace: Workspace,
  format: DatasetExportFormat,
  packed = false,
): Promise<string> =>
  exportDataset(workspace, workspace.datasets.get('digits'), {
    format,
    folder: temporaryFolder(),
    packed,
  });

/** Formats whose files' places carry the names: what came from elsewhere is renamed once, and then stays. */
const renames: readonly DatasetExportFormat[] = ['folder', 'zip', 'idx'];

describe.each(formats)('%s', (format) => {
  describe.each([false, true])('packed: %s', (packed) => {
    test.each(Object.keys(datasets))('%s comes back as it was', async (kind) => {
      const before = filled(datasets[kind]!());
      if (format === 'idx' && kind.startsWith('names')) {
        await expect(exported(before, format, packed)).rejects.toMatchObject({
          code: 'dataset-unexportable',
        });
        return;
      }
      const after = temporaryWorkspace();
      await importPath(after, await exported(before, format, packed), { dataset: 'digits' });
      // IDX holds pixels alone, whatever file they came in.
      const was = await told(before, 'digits', format === 'idx');
      const is = await told(after, 'digits', format === 'idx');
      const isOwnLayout = kind === 'a folder per class with splits' && format !== 'idx';
      if (!renames.includes(format) || isOwnLayout) return expect(is).toEqual(was);
      const nameless = (all: Told[]) =>
        all.map(({ label, part, content }) => JSON.stringify([label, part, content])).sort();
      expect(nameless(is)).toEqual(nameless(was));
      const again = temporaryWorkspace();
      await importPath(again, await exported(after, format, packed), { dataset: 'digits' });
      expect(await told(again, 'digits', format === 'idx')).toEqual(is);
    });
  });

  test('canceled, leaves nothing', async () => {
    const workspace = filled(datasets['bare pixels']!());
    const folder = temporaryFolder();
    const cancel = new AbortController();
    const work = exportDataset(workspace, workspace.datasets.get('digits'), {
      format,
      folder,
      packed: false,
      signal: cancel.signal,
      onProgress: () => cancel.abort(),
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('does not write over what is there', async () => {
    const workspace = filled(datasets['bare pixels']!());
    const request = { format, folder: temporaryFolder(), packed: false };
    const dataset = workspace.datasets.get('digits');
    await exportDataset(workspace, dataset, request);
    await expect(exportDataset(workspace, dataset, request)).rejects.toMatchObject({
      code: 'file-exists',
    });
  });
});

describe('what a format cannot say is refused', () => {
  const one = (label: string | null, part: Part | null = 'train', size = 3): NewImage => {
    const made = image(`${label}/${part}/${size}`, size, label, part);
    return { ...made, blob: { ...made.blob, bytes: new Uint8Array(size * 2), width: size } };
  };
  test.each<[string, DatasetExportFormat, NewImage[], RegExp]>([
    ['several sizes in IDX', 'idx', [one('0'), one('1', 'train', 4)], /4 × 2 pixels, others 3 × 2/],
    ['class names in IDX', 'idx', [one('0'), one('cat')], /one class is cat/],
    ['some unlabeled in IDX', 'idx', [one('0'), one(null)], /1 images have no label/],
    ['a class that would be two folders', 'folder', [one('0'), one('a/b')], /the class a\/b/],
    ['a class with a sign that Windows refuses', 'folder', [one('0'), one('a:b')], /the class a:b/],
    ['a hidden class', 'zip', [one('0'), one('.git')], /the class \.git/],
  ])('%s', async (_, format, images, problem) => {
    const error: unknown = await exported(filled(images), format).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InklingError);
    expect(error).toMatchObject({
      code: 'dataset-unexportable',
      message: expect.stringMatching(problem),
    });
  });
});

test('IDX files are those they came from', async () => {
  const before = filled(datasets['bare pixels']!());
  const folder = await exported(before, 'idx');
  const after = temporaryWorkspace();
  await importPath(after, folder, { dataset: 'digits' });
  const again = await exported(after, 'idx');
  expect(readdirSync(again)).toEqual(readdirSync(folder));
  for (const name of readdirSync(folder))
    expect(readFileSync(join(again, name))).toEqual(readFileSync(join(folder, name)));
});

test('imagefolder is what its loader reads', async () => {
  const folder = await exported(filled(datasets['bare pixels']!()), 'imagefolder');
  const [first] = readFileSync(join(folder, 'metadata.jsonl'), 'utf8').split('\n');
  expect(JSON.parse(first!)).toEqual({
    file_name: 'images/1.png',
    label: '0',
    split: 'train',
    name: 'train-images-idx3-ubyte/0',
  });
});
