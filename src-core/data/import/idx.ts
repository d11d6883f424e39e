/**
 * @file IDX files, the format of the original MNIST: images and labels in separate files, paired by name,
 * compressed with gzip or not, on disk or inside an archive.
 *
 * Format, all numbers big-endian: 0, 0, type (8 is uint8), number of dimensions, each dimension as uint32, data.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure } from '../../errors.ts';
import type { Part } from '../../workspace/records.ts';
import { excess, openReader, type StoredFile } from './byteReader.ts';
import { walk } from './folder.ts';
import { naturalOrder, partNamed } from './layout.ts';
import {
  batchItems,
  fileIn,
  onDisk,
  type Batch,
  type Found,
  type Item,
  type Place,
  type Source,
} from './source.ts';

type Role = 'images' | 'labels';
const dimensionsOf = { images: 3, labels: 1 } satisfies Record<Role, number>;

type Pair = {
  readonly images: StoredFile;
  readonly labels: StoredFile | null;
  readonly part: Part | null;
};

/** An image file whose header has been read, and its labels. */
type Opened = {
  readonly file: StoredFile;
  readonly width: number;
  readonly height: number;
  readonly items: readonly Item[];
};

/** Ten times EMNIST, the largest there is. */
const imagesMax = 8_000_000;
const sideMax = 4096;
/** Pixels handed over at a time. */
const imageBatchBytes = 4 * 1024 * 1024;

const namePattern = /(images|labels)[-._]?idx[0-9]/i;

/** Whether a file is IDX by its name, as those of MNIST and its kin are. */
export const isIdxName = (name: string): boolean => namePattern.test(basename(name));

/** Whether a file begins as IDX of bytes in one or three dimensions does. */
export const isIdxHead = (head: Buffer): boolean =>
  head.length >= 4 && head.readUInt16BE(0) === 0 && head[2] === 8 && [1, 3].includes(head[3]!);

/** One IDX file, images or labels, with the other beside it. */
export async function openIdxFile(place: Place): Promise<Source> {
  const folder = dirname(place.path);
  const own = basename(place.path);
  const key = pairKey(own);
  const beside = await onDisk(folder, () => readdir(folder));
  const other = beside.filter(
    (name) => isIdxName(name) && pairKey(name) === key && roleOf(name) !== roleOf(own),
  );
  return openIdx(await storedFiles([own, ...other], (name) => join(folder, name)), place.shown);
}

/** All IDX files of a folder, which must belong to one dataset. */
export async function openIdxFolder(place: Place): Promise<Source> {
  const names = (await walk(place)).filter(isIdxName);
  return openIdx(await storedFiles(names, (name) => fileIn(place, name)), place.shown);
}

function storedFiles(
  names: readonly string[],
  fileOf: (name: string) => string,
): Promise<StoredFile[]> {
  return Promise.all(
    names.map(async (name) => {
      const file = fileOf(name);
      const { size } = await onDisk(file, () => stat(file));
      return { path: name, bytes: size, open: () => createReadStream(file) };
    }),
  );
}

/**
 * Pairs images with labels and reads all headers and labels. Images without labels are imported unlabeled.
 *
 * @throws InklingError with one of the codes `idx-…`, `path-unreadable`
 */
export async function openIdx(files: readonly StoredFile[], shown: string): Promise<Source> {
  const pairs = pairUp(files);
  refuseMixture(pairs, shown);
  const opened: Opened[] = [];
  for (const pair of pairs) opened.push(await openPair(pair));
  return {
    items: opened.flatMap(({ items }) => items),
    async *batches() {
      for (const images of opened) yield* readImages(images);
    },
  };
}

/** What images and labels of one set have in common: the name without role, dimensions and `.gz`. */
function pairKey(path: string): string {
  const bare = path.toLowerCase().replace(/\.gz$/, '');
  return bare
    .replace(/images|labels/g, '*')
    .replace(/[-._]?idx[0-9]/g, '')
    .replace(/[-._]/g, '-');
}

const roleOf = (path: string): Role =>
  /labels[-._]?idx/i.test(basename(path)) ? 'labels' : 'images';

const stemOf = (path: string): string => basename(path).replace(/\.gz$/i, '');

function partOf(path: string): Part | null {
  const words = stemOf(path).split(/[-._]/);
  return words.map(partNamed).find((part) => part !== null) ?? null;
}

function pairUp(files: readonly StoredFile[]): Pair[] {
  const sets = new Map<string, Partial<Record<Role, StoredFile>>>();
  // Where a file is there both compressed and not, the last one set is the one that is not.
  const compressedFirst = files.toSorted((a, b) => Number(isGzName(b)) - Number(isGzName(a)));
  for (const file of compressedFirst) {
    const set = sets.get(pairKey(file.path)) ?? {};
    set[roleOf(file.path)] = file;
    sets.set(pairKey(file.path), set);
  }
  const inOrder = [...sets].sort(([a], [b]) => naturalOrder(a, b));
  return inOrder.map(([, { images, labels }]) => {
    if (!images) throw failure('idx-unpaired', { path: labels!.path });
    return { images, labels: labels ?? null, part: partOf(images.path) };
  });
}

const isGzName = ({ path }: StoredFile): boolean => /\.gz$/i.test(path);

/** Names that differ in more than their part, as EMNIST's six, have different classes behind the same labels. */
function refuseMixture(pairs: readonly Pair[], shown: string): void {
  const withoutPart = ({ images }: Pair): string =>
    pairKey(images.path)
      .split(/(?<=[-/])/)
      .filter((word) => partNamed(word.replace(/[-/]$/, '')) === null)
      .join('');
  const sets = new Set(pairs.map(withoutPart));
  if (sets.size <= 1) return;
  const names = pairs.map(({ images }) => images.path);
  throw failure('idx-several', { path: shown, sets: names.join(', ') });
}

async function openPair({ images: file, labels, part }: Pair): Promise<Opened> {
  const [count, height, width] = await readHeader(file, 'images');
  const labelValues = labels && (await readLabels(labels));
  if (labelValues && labelValues.length !== count)
    throw failure('idx-count', {
      images: file.path,
      imageCount: count,
      labels: labels.path,
      labelCount: labelValues.length,
    });
  const stem = stemOf(file.path);
  const digits = String(count - 1).length;
  const items = Array.from({ length: count }, (_, i) => ({
    path: `${stem}/${String(i).padStart(digits, '0')}`,
    label: labelValues ? String(labelValues[i]) : null,
    part,
  }));
  return { file, width, height, items };
}

async function* readImages({ file, width, height, items }: Opened): AsyncGenerator<Batch> {
  const size = width * height;
  const atOnce = Math.max(1, Math.min(batchItems, Math.floor(imageBatchBytes / size)));
  await using reader = await openReader(file);
  await reader.take(headerBytes('images'));
  for (let start = 0; start < items.length; start += atOnce) {
    const batch = items.slice(start, start + atOnce);
    const bytes = await reader.take(batch.length * size);
    const found = batch.map((item, i): Found => {
      return { item, bytes: bytes.subarray(i * size, (i + 1) * size), raw: { width, height } };
    });
    yield { found, skipped: [] };
  }
  await reader.end();
}

async function readLabels(file: StoredFile): Promise<Buffer> {
  const [count] = await readHeader(file, 'labels');
  await using reader = await openReader(file);
  await reader.take(headerBytes('labels'));
  const labels = await reader.take(count);
  await reader.end();
  return labels;
}

const headerBytes = (role: Role): number => 4 + 4 * dimensionsOf[role];

/** The dimensions; for labels the last two are 1. Of a file that is not compressed, the length is checked too. */
async function readHeader(file: StoredFile, role: Role): Promise<[number, number, number]> {
  await using reader = await openReader(file);
  const invalid = (problem: string) => failure('idx-invalid', { path: file.path, problem });
  const magic = await reader.take(4);
  if (!isIdxHead(magic)) throw invalid(`it begins with ${magic.toString('hex')}`);
  if (magic[3] !== dimensionsOf[role])
    throw invalid(`${dimensionsOf[role]} dimensions expected for ${role}, ${magic[3]} found`);
  const sizes = await reader.take(4 * dimensionsOf[role]);
  const count = sizes.readUInt32BE(0);
  const [height, width] =
    role === 'images' ? [sizes.readUInt32BE(4), sizes.readUInt32BE(8)] : [1, 1];
  if (count > imagesMax) throw invalid(`${count} ${role}, and ${imagesMax} is the limit`);
  if (count === 0) throw invalid(`it holds no ${role}`);
  if (Math.min(height, width) === 0 || Math.max(height, width) > sideMax)
    throw invalid(`images of ${height} × ${width} pixels`);
  const expected = headerBytes(role) + count * height * width;
  if (!reader.compressed) checkLength(file, expected);
  return [count, height, width];
}

function checkLength({ path, bytes }: StoredFile, expected: number): void {
  if (bytes < expected) throw failure('idx-truncated', { path, expected, found: bytes });
  if (bytes > expected) throw excess(path);
}
