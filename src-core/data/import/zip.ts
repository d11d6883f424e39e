/**
 * @file ZIP archives of what the other formats read: a folder per class, IDX files, or pictures with a list. The directory is checked
 * as a whole before anything is unpacked; then one entry at a time is, in memory, within the size it declares.
 */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import {
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type Entry,
} from 'yauzl';
import { failure } from '../../errors.ts';
import type { StoredFile } from './byteReader.ts';
import { filesMax } from './folder.ts';
import { isIdxName, openIdx } from './idx.ts';
import { isIgnored, placeFiles } from './layout.ts';
import { listAmong, readList } from './list.ts';
import {
  batched,
  sizeProblem,
  skip,
  toBatch,
  type Batch,
  type Found,
  type Item,
  type Place,
  type Skipped,
  type Source,
} from './source.ts';

/** What the archive's directory says of one file. */
type Packed = {
  readonly name: string;
  /** Of its local header. */
  readonly offset: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly method: number;
  readonly crc: number;
  readonly encrypted: boolean;
};

/** EMNIST's largest IDX file is 550 MB; no other single file that can be used comes near. */
const entryBytesMax = 1024 ** 3;
/** Two million pictures of 16 KB. */
const archiveBytesMax = 32 * 1024 ** 3;
/** Deflate reaches 1032; pictures are compressed already and IDX files of digits reach about 5. */
const ratioMax = 200;
/** A blank picture may compress very well; what stays below this cannot hurt. */
const ratioBytesMin = 16 * 1024 ** 2;
/** Smaller entries are unpacked on the spot: handing them to another thread takes longer. */
const inlineBytesMax = 64 * 1024;

const stored = 0;
const deflated = 8;

/** @throws InklingError `archive-damaged`, `archive-escape`, `archive-limit`, `too-many-files`, `idx-…`, `list-…` */
export async function openZip(place: Place): Promise<Source> {
  const packed = await readDirectory(place);
  const list = listOf(packed);
  if (list) return openListed(place, packed, list);
  const idx = packed.filter(({ name }) => isIdxName(name));
  if (idx.length > 0) return openIdx(await Promise.all(idx.map(storedFile(place))), place.shown);
  const items = placeFiles(
    packed.map(({ name }) => name),
    true,
  );
  const entries = packed.map((entry, i) => ({ ...entry, item: items[i]! }));
  return { items, batches: () => unpackAll(place, entries) };
}

/** A list of everything else, at the top of the archive or of the one folder around everything. */
function listOf(packed: readonly Packed[]): Packed | null {
  const around = packed[0]?.name.match(/^[^/]+\//)?.[0] ?? '';
  for (const top of new Set(['', around])) {
    if (!packed.every(({ name }) => name.startsWith(top))) continue;
    const name = listAmong(packed.map((entry) => entry.name.slice(top.length)));
    if (name !== null) return packed.find((entry) => entry.name === top + name)!;
  }
  return null;
}

/** The pictures a list in the archive names. @throws InklingError `list-…`, `archive-damaged` */
async function openListed(place: Place, packed: readonly Packed[], list: Packed): Promise<Source> {
  const top = list.name.slice(0, list.name.lastIndexOf('/') + 1);
  const byName = new Map(packed.map((entry) => [entry.name, entry] as const));
  const { open } = await storedFile(place)(list);
  const listed = await readList({ shown: `${place.shown}/${list.name}`, open });
  const missing: Skipped[] = [];
  const entries = listed.flatMap(({ path, item }) => {
    const entry = byName.get(top + path);
    if (entry) return [{ ...entry, item }];
    missing.push(skip(item.path, failure('image-missing', { path })));
    return [];
  });
  return {
    items: listed.map(({ item }) => item),
    async *batches() {
      if (missing.length > 0) yield { found: [], skipped: missing };
      yield* unpackAll(place, entries);
    },
  };
}

/** All files that count, in the order of the archive. Refuses the archive rather than leave out a bad entry. */
export async function readDirectory({
  path,
  shown,
}: Pick<Place, 'path' | 'shown'>): Promise<Packed[]> {
  const files: Packed[] = [];
  await using file = await open(path);
  const { size } = await file.stat();
  // Names are decoded and judged here: the library would quietly turn backslashes into slashes.
  const archive = await fromRandomAccessReaderPromise(new DirectoryReader(file), size, {
    lazyEntries: true,
    autoClose: false,
    decodeStrings: false,
  }).catch(damaged(shown));
  try {
    if (archive.entryCount > filesMax)
      throw failure('too-many-files', { path: shown, limit: filesMax });
    const entries = archive.eachEntry();
    for (;;) {
      const { done, value: entry } = await entries.next().catch(damaged(shown));
      if (done) break;
      const file = readEntry(entry, shown);
      const isFolder = file.name.endsWith('/');
      if (!isFolder && !file.name.split('/').some(isIgnored)) files.push(file);
    }
    refuseBombs(files, archive.fileSize, shown);
    return files;
  } finally {
    archive.close();
  }
}

/** The library asks twice for each entry; a window answers most of it, where its own reader would go to the disk. */
class DirectoryReader extends RandomAccessReader {
  readonly #readAt: ReadAt;

  constructor(file: FileHandle) {
    super();
    this.#readAt = windowed(file);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#readAt(position, length).then((bytes) => {
      bytes.copy(buffer, offset);
      callback(bytes.length < length ? new Error('it ends early') : null);
    }, callback);
  }
}

/** The library's errors are plain ones with a sentence; so are those of the file system. */
const damaged =
  (path: string) =>
  (error: unknown): never => {
    if (!(error instanceof Error)) throw error;
    throw failure('archive-damaged', { path, problem: error.message.replace(/\.$/, '') });
  };

function readEntry(entry: Entry, shown: string): Packed {
  const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  const name = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  if (escapes(name) || isLink(entry)) throw failure('archive-escape', { path: shown, entry: name });
  return {
    name,
    offset: entry.relativeOffsetOfLocalHeader,
    packedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    method: entry.compressionMethod,
    crc: entry.crc32,
    encrypted: entry.isEncrypted(),
  };
}

/** Absolute paths, drive letters, backslashes, parents and NUL: nothing an archive of pictures needs. */
function escapes(name: string): boolean {
  if (/^\/|^[a-z]:|[\\\0]/i.test(name)) return true;
  return name.split('/').includes('..');
}

/** A link by the Unix mode in the upper half of its attributes. */
function isLink({ versionMadeBy, externalFileAttributes }: Entry): boolean {
  const unix = 3;
  const fileType = (externalFileAttributes >>> 16) & 0o170000;
  return versionMadeBy >> 8 === unix && fileType === 0o120000;
}

function refuseBombs(files: readonly Packed[], archiveBytes: number, path: string): void {
  const refuse = (problem: string) => failure('archive-limit', { path, problem });
  let bytes = 0;
  let packedBytes = 0;
  for (const file of files) {
    bytes += file.bytes;
    packedBytes += file.packedBytes;
    if (file.bytes > entryBytesMax) throw refuse(`${file.name} unpacks to ${file.bytes} bytes`);
    if (swells(file.bytes, file.packedBytes))
      throw refuse(`${file.name} unpacks to more than ${ratioMax} times its size`);
  }
  if (bytes > archiveBytesMax) throw refuse(`it unpacks to ${bytes} bytes`);
  if (packedBytes > archiveBytes) throw refuse('its entries overlap');
  if (swells(bytes, archiveBytes))
    throw refuse(`it unpacks to more than ${ratioMax} times its size`);
}

const swells = (bytes: number, packedBytes: number): boolean =>
  bytes > ratioBytesMin && bytes > ratioMax * packedBytes;

type Entries = readonly (Packed & { readonly item: Item })[];

async function* unpackAll(place: Place, entries: Entries): AsyncGenerator<Batch> {
  await using file = await open(place.path);
  const readAt = windowed(file);
  for (const group of batched(entries, sizeOf)) {
    const results: (Found | Skipped)[] = [];
    // One after another: neighbors in the archive come out of the same window.
    for (const entry of group) {
      const path = entry.item.path;
      const problem = sizeProblem(path, sizeOf(entry)) ?? entryProblem(entry);
      const bytes = problem ? null : await unpack(entry, readAt);
      if (bytes) results.push({ item: entry.item, bytes, raw: null });
      else
        results.push(
          problem ??
            skip(
              path,
              failure('image-unreadable', {
                reason: 'its entry in the archive cannot be unpacked',
              }),
            ),
        );
    }
    yield toBatch(results);
  }
}

/** What an entry takes in memory, packed or not. */
const sizeOf = ({ bytes, packedBytes }: Packed): number => Math.max(bytes, packedBytes);

function entryProblem({ item, method, encrypted }: Entries[number]): Skipped | null {
  const unsupported = (reason: string) => skip(item.path, failure('image-unsupported', { reason }));
  if (encrypted) return unsupported('it is encrypted');
  if (method !== stored && method !== deflated) return unsupported(`compression method ${method}`);
  return null;
}

type ReadAt = (position: number, length: number) => Promise<Buffer>;

/** Bytes fetched at once from the archive: a few hundred small pictures. */
const windowBytes = 1024 * 1024;

/** Reads anywhere in a file, with a window so that neighbors cost one read; shorter only at the end of the file. */
export function windowed(file: FileHandle): ReadAt {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return async (position, length) => {
    if (position < start || position + length > start + window.length) {
      // Never reused: what was handed out before still points into the old one.
      const fresh = Buffer.allocUnsafeSlow(Math.max(windowBytes, length));
      const { bytesRead } = await file.read(fresh, 0, fresh.length, position);
      window = fresh.subarray(0, bytesRead);
      start = position;
    }
    return window.subarray(position - start, position - start + length);
  };
}

const inflateRawAsync = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);
const localHeaderBytes = 30;
const localSignature = 0x04034b50;

/** Where an entry's data begin; null when there is no local header. */
async function dataStart({ offset }: Packed, readAt: ReadAt): Promise<number | null> {
  const header = await readAt(offset, localHeaderBytes);
  if (header.length < localHeaderBytes || header.readUInt32LE(0) !== localSignature) return null;
  return offset + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
}

/** The entry's bytes; null when they are not what the directory promises. */
export async function unpack(entry: Packed, readAt: ReadAt): Promise<Buffer | null> {
  const start = await dataStart(entry, readAt);
  if (start === null) return null;
  const packed = await readAt(start, entry.packedBytes);
  const bytes = entry.method === stored ? packed : await inflate(packed, entry.bytes);
  return bytes?.length === entry.bytes && crc32(bytes) === entry.crc ? bytes : null;
}

async function inflate(packed: Buffer, maxOutputLength: number): Promise<Buffer | null> {
  try {
    return maxOutputLength <= inlineBytesMax
      ? inflateRawSync(packed, { maxOutputLength })
      : await inflateRawAsync(packed, { maxOutputLength });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null; // zlib's own errors carry a code
    throw error;
  }
}

/** An IDX file inside the archive, unpacked as it is read: it may be larger than memory. */
const storedFile =
  (place: Place) =>
  async (entry: Packed): Promise<StoredFile> => {
    await using file = await open(place.path);
    const start = await dataStart(entry, windowed(file));
    const usable = entry.method === stored || entry.method === deflated;
    if (start === null || !usable || entry.encrypted)
      throw failure('archive-damaged', {
        path: place.shown,
        problem: `${entry.name} is unreadable`,
      });
    return { path: entry.name, bytes: entry.bytes, open: () => openEntry(place, entry, start) };
  };

function openEntry({ path }: Place, { method, packedBytes }: Packed, start: number): Readable {
  const packed = createReadStream(path, { start, end: start + packedBytes - 1 });
  const unpacker = method === stored ? new PassThrough() : createInflateRaw();
  pipeline(packed, unpacker, () => {}); // the reader sees the same error by reading
  return unpacker;
}
