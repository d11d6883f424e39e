/**
 * @file What every import format turns its source into: a list of items, known before any picture is read, and
 * their contents in batches. A reader knows nothing of the workspace, of decoding, or of other formats.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type ErrorCode, type InklingError } from '../../errors.ts';
import type { Part } from '../../workspace/records.ts';
import { imageBytesMax } from '../decode/decode.ts';

/** One picture the source names. */
export type Item = {
  /** Stable within the source, with forward slashes; the same for a folder and for a ZIP of it. */
  readonly path: string;
  /** Null: unlabeled. */
  readonly label: string | null;
  /** Null: the source does not say. */
  readonly part: Part | null;
};

/** A picture as it was found: a file of any kind, or bare pixels, uint8 [1, height, width]. */
export type Found = {
  readonly item: Item;
  readonly bytes: Buffer;
  readonly raw: { readonly width: number; readonly height: number } | null;
};

/** What was not imported, and why. */
export type Skipped = {
  readonly path: string;
  readonly code: ErrorCode;
  readonly reason: string;
};

export type Batch = { readonly found: readonly Found[]; readonly skipped: readonly Skipped[] };

export type Source = {
  readonly items: readonly Item[];
  /** In the order of `items`. @throws InklingError when the source turns out to be broken. */
  batches(): AsyncIterable<Batch>;
};

/** What an import is given: a path, or several, which stand for a folder that holds them. */
export type Given = string | readonly string[];

/** Where an import starts: a path that exists, looked at once. */
export type Place = {
  /** Absolute, links resolved. Of several, the folder of the first. */
  readonly path: string;
  /** Of several: the path of each by its name, which are the names of this folder. Null: it is one. */
  readonly members: ReadonlyMap<string, string> | null;
  /** As the user gave it, for messages. */
  readonly shown: string;
  readonly isFolder: boolean;
  /** The first bytes of a file; empty for a folder. */
  readonly head: Buffer;
};

/** A folder as a place gives it: one on the disk, or several paths that stand for one. */
export type Folder = Pick<Place, 'path' | 'members'>;

/** Where a file of a folder lies; of several, where `rootOf` is not null. @param inner  from the folder, with forward slashes */
export function fileIn({ path, members }: Folder, inner: string): string {
  if (!members) return join(path, inner);
  const [top = '', ...below] = inner.split('/');
  return join(members.get(top)!, ...below);
}

/** What a file of a folder may not leave: the folder itself, of several the one it lies in. Null: in none of them. */
export const rootOf = ({ path, members }: Folder, inner: string): string | null =>
  members ? (members.get(inner.split('/')[0]!) ?? null) : path;

/** What lies directly in a folder. */
export const namesIn = async ({ path, members }: Place): Promise<string[]> =>
  members ? [...members.keys()] : onDisk(path, () => readdir(path));

/** A file whose bytes are still to be read. */
export type FileJob = { readonly item: Item; readonly file: string };

/** Items read at a time: enough to keep the disk and the decoders busy, a few MB of small pictures. */
export const batchItems = 512;
/** Bytes read at a time, whatever the number: it bounds memory where the pictures are photographs. */
const batchBytesMax = 32 * 1024 * 1024;

export const skip = (path: string, error: InklingError): Skipped => ({
  path,
  code: error.code,
  reason: error.message,
});

/** Cuts `items` into runs of at most `batchItems` and `batchBytesMax`, at least one each. */
export function* batched<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (batch.length > 0 && (batch.length === batchItems || bytes + size > batchBytesMax)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Collects what was read, in order. */
export function toBatch(results: readonly (Found | Skipped)[]): Batch {
  return {
    found: results.filter((one) => 'item' in one),
    skipped: results.filter((one) => 'code' in one),
  };
}

/** Reads files in batches, all of a batch at once. What cannot be read is skipped. */
export async function* readFiles(jobs: readonly FileJob[]): AsyncGenerator<Batch> {
  for (let start = 0; start < jobs.length; start += batchItems) {
    const sized = await Promise.all(jobs.slice(start, start + batchItems).map(size));
    for (const group of batched(sized, ({ bytes }) => Math.min(bytes, imageBytesMax)))
      yield toBatch(await Promise.all(group.map(read)));
  }
}

type Sized = FileJob & { readonly bytes: number; readonly problem: Skipped | null };

async function size(job: FileJob): Promise<Sized> {
  try {
    const { size: bytes } = await stat(job.file);
    return { ...job, bytes, problem: sizeProblem(job.item.path, bytes) };
  } catch (error) {
    return { ...job, bytes: 0, problem: skipUnreadable(job.item.path, error) };
  }
}

async function read({ item, file, problem }: Sized): Promise<Found | Skipped> {
  if (problem) return problem;
  try {
    return { item, bytes: await readFile(file), raw: null };
  } catch (error) {
    return skipUnreadable(item.path, error);
  }
}

/** Why a picture of so many bytes is not even read, if it is not. */
export function sizeProblem(path: string, bytes: number): Skipped | null {
  if (bytes === 0) return skip(path, failure('image-empty', { path }));
  if (bytes > imageBytesMax)
    return skip(path, failure('image-too-large', { reason: `${bytes} bytes` }));
  return null;
}

function skipUnreadable(path: string, error: unknown): Skipped {
  const reason = systemReason(error);
  if (reason === missing) return skip(path, failure('image-missing', { path }));
  return skip(path, failure('image-unreadable', { reason }));
}

const missing = 'it is not there';

/** What a failed call to the file system means, in words; any other error is a defect and goes on its way. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
  if (error.code === 'ENOENT') return missing;
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'access is denied';
  return String(error.code);
}

/** Runs a call to the file system on `path`. @throws InklingError `path-missing`, `path-unreadable` */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === missing) throw failure('path-missing', { path });
    throw failure('path-unreadable', { path, reason });
  }
}
