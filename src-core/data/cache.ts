/**
 * @file The tensor cache of a snapshot: three files that the trainer reads without the database.
 *
 * `<hash>.pixels` holds uint8 [N, C, H, W] in snapshot order, `<hash>.labels` int32 little-endian [N],
 * `<hash>.json` the rest. The JSON is renamed into place last, so whoever sees it sees whole files, and a cache that is
 * whole stays so while it is built once more. The cache can be deleted at any time; `ensureCache` builds it again.
 * Opening one loads no database code.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { mkdtemp, open, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { failure, InklingError } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { ImageShape } from '../model/spec.ts';
import type { Blob } from '../workspace/blobs.ts';
import {
  buildingPrefix,
  type Range,
  type Ranges,
  type SnapshotHash,
} from '../workspace/records.ts';
import { hashBytes, littleEndian, type Snapshot } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * Decodes one stored image to uint8 [C, H, W] of `shape`, planar: fitted inside without changing its aspect,
 * padded with the median of its border; color to gray and back as `shape.channels` asks.
 */
export type DecodeToTensor = (blob: Blob, shape: ImageShape) => Promise<Uint8Array>;

export type TensorCache = {
  readonly hash: SnapshotHash;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  readonly count: number;
  readonly ranges: Ranges;
  /** int32 [count], class indices. */
  readonly labels: Int32Array;
  /**
   * uint8 [end - start, C, H, W], a fresh array the caller owns.
   * @throws InklingError `cache-missing` when the file was cut or removed meanwhile.
   */
  readPixels(range: Range): Uint8Array;
};

export type BuildPorts = {
  readonly decode: DecodeToTensor;
  /** Called after every chunk, with samples. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
};

/** Samples decoded at once: enough to keep every decoder busy, and megabytes at most. */
const chunkSamples = 256;
/** The most one read call is asked for; Node refuses 2 GiB and more. */
const readBytesMax = 2 ** 30;

const RangeSchema = z.strictObject({ start: z.int().min(0), end: z.int().min(0) });
const Header = z.strictObject({
  format: z.literal(1),
  hash: z.string(),
  count: z.int().min(0),
  shape: ImageShape,
  classes: z.array(z.string()),
  ranges: z.strictObject({ train: RangeSchema, validation: RangeSchema, test: RangeSchema }),
});
type Header = z.infer<typeof Header>;

/**
 * Opens the snapshot's cache, and builds it first where it is missing, cut short or of another format.
 *
 * @throws the decoder's errors, `signal.reason` when aborted; the folder is then as it was.
 */
export async function ensureCache(
  workspace: Pick<Workspace, 'cacheFolder' | 'blobs'>,
  snapshot: Snapshot,
  ports: BuildPorts,
): Promise<TensorCache> {
  const { cacheFolder } = workspace;
  const whole = existing(cacheFolder, snapshot.hash);
  if (whole) return whole;
  makeFolder(cacheFolder);
  const building = await mkdtemp(join(cacheFolder, buildingPrefix));
  try {
    const from = pathsOf(building, snapshot.hash);
    await writePixels(from.pixels, workspace, snapshot, ports);
    await writeFile(from.labels, littleEndian(snapshot.labels), { flush: true });
    await writeFile(from.json, JSON.stringify(headerOf(snapshot)), { flush: true });
    const to = pathsOf(cacheFolder, snapshot.hash);
    // Over what is there, and never by taking it away: another build may have put whole files there by now, with the
    // same content, and a trainer may be about to open them.
    for (const kind of ['pixels', 'labels', 'json'] as const) await rename(from[kind], to[kind]);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return openCache(cacheFolder, snapshot.hash);
}

/**
 * Opens a cache that was built before; knows nothing but the folder.
 *
 * @throws InklingError `cache-missing` when it is not there or not whole.
 */
export function openCache(folder: string, hash: string): TensorCache {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RangeError(`${hash} is no snapshot hash`);
  const paths = pathsOf(folder, hash);
  const header = readHeader(paths.json, hash);
  const { count, shape, classes, ranges } = header;
  const sampleBytes = shape.channels * shape.height * shape.width;
  requireSize(paths.pixels, count * sampleBytes);
  requireSize(paths.labels, count * 4);
  return {
    // The pattern above is what the brand stands for.
    hash: hash as SnapshotHash,
    shape,
    classes,
    count,
    ranges,
    labels: readLabels(paths.labels, count),
    readPixels({ start, end }) {
      if (start < 0 || end < start || end > count)
        throw new RangeError(`samples ${start} to ${end} of ${count}`);
      return readBytes(paths.pixels, start * sampleBytes, (end - start) * sampleBytes);
    },
  };
}

function existing(folder: string, hash: SnapshotHash): TensorCache | null {
  try {
    return openCache(folder, hash);
  } catch (error) {
    if (error instanceof InklingError && error.code === 'cache-missing') return null;
    throw error;
  }
}

async function writePixels(
  path: string,
  { blobs }: Pick<Workspace, 'blobs'>,
  { hashes, shape }: Snapshot,
  { decode, onProgress, signal }: BuildPorts,
): Promise<void> {
  const total = hashes.length / hashBytes;
  const file = await open(path, 'wx');
  try {
    for (let start = 0; start < total; start += chunkSamples) {
      signal?.throwIfAborted();
      const end = Math.min(start + chunkSamples, total);
      const chunk = Array.from({ length: end - start }, (_, i) => {
        const at = (start + i) * hashBytes;
        return blobs.get(hashes.subarray(at, at + hashBytes));
      });
      await append(file, await Promise.all(chunk.map((blob) => tensorOf(blob, shape, decode))));
      onProgress?.(end, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function append(file: FileHandle, tensors: readonly Uint8Array[]): Promise<void> {
  await file.writeFile(Buffer.concat(tensors));
}

/** A stored image as the cache holds it: as it came where it fits already, else decoded. */
export async function tensorOf(
  blob: Blob | undefined,
  shape: ImageShape,
  decode: DecodeToTensor,
): Promise<Uint8Array> {
  if (!blob) throw new Error('a snapshot names a blob that is not stored');
  const isPlain =
    blob.encoding === 'raw' &&
    blob.channels === shape.channels &&
    blob.height === shape.height &&
    blob.width === shape.width;
  return isPlain ? blob.bytes : decode(blob, shape);
}

function headerOf({ hash, shape, classes, ranges, labels }: Snapshot): Header {
  return { format: 1, hash, count: labels.length, shape, classes: [...classes], ranges };
}

function pathsOf(folder: string, hash: string) {
  const path = (ending: string) => join(folder, `${hash}.${ending}`);
  return { pixels: path('pixels'), labels: path('labels'), json: path('json') };
}

function readHeader(file: string, hash: string): Header {
  if (!existsSync(file)) throw failure('cache-missing', { file, problem: 'it is not there' });
  const header = Header.safeParse(parsed(readFileSync(file, 'utf8')));
  if (!header.success || header.data.hash !== hash)
    throw failure('cache-missing', { file, problem: 'it is damaged or of another version' });
  return header.data;
}

/** Undefined, which no schema takes, for text that is not JSON: a header cut short. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function requireSize(file: string, size: number): void {
  const found = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (found !== size)
    throw failure('cache-missing', { file, problem: `it has ${found} of ${size} bytes` });
}

function readLabels(file: string, count: number): Int32Array {
  const bytes = readFileSync(file);
  return Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(i * 4));
}

function readBytes(path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(path, 'r');
  try {
    for (let done = 0; done < length;) {
      const wanted = Math.min(length - done, readBytesMax);
      const count = readSync(file, bytes, done, wanted, offset + done);
      if (count === 0) throw failure('cache-missing', { file: path, problem: 'it was cut short' });
      done += count;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
