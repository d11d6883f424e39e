/**
 * @file Reads a file front to back in pieces of the sizes asked for, unzipping it where it is compressed. Only
 * what was asked for is held, so a small file that unzips to a huge one does no harm.
 */
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { failure } from '../../errors.ts';
import { systemReason } from './source.ts';

/** A file on disk or inside an archive. `bytes` is its size as it lies there. */
export type StoredFile = {
  readonly path: string;
  readonly bytes: number;
  open(): Readable;
};

/** Unzipped bytes handed over at a time; the default of 16 KB makes thousands of round trips. */
const unzipChunkBytes = 256 * 1024;

export type Reader = AsyncDisposable & {
  readonly compressed: boolean;
  /** Exactly so many bytes. @throws InklingError `idx-truncated`, `idx-invalid`, `path-unreadable` */
  take(count: number): Promise<Buffer>;
  /** Makes sure that nothing follows. @throws InklingError `idx-invalid` */
  end(): Promise<void>;
};

/** Reads a file from its start, unzipping it where its first bytes say that it is compressed. */
export async function openReader(file: StoredFile): Promise<Reader> {
  const compressed = await isGzip(file);
  const stream = compressed ? unzipped(file.open()) : file.open();
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let held: Buffer[] = [];
  let heldBytes = 0;
  let taken = 0;
  /** Holds at least `count` bytes unless the stream ends before. */
  const fill = async (count: number): Promise<void> => {
    while (heldBytes < count) {
      const next = await chunks.next().catch((error: unknown) => streamEnd(error, file));
      if (next.done) return;
      held.push(next.value);
      heldBytes += next.value.length;
    }
  };
  return {
    compressed,
    async take(count) {
      await fill(count);
      if (heldBytes < count) {
        const found = taken + heldBytes;
        throw failure('idx-truncated', { path: file.path, expected: taken + count, found });
      }
      const all = held.length === 1 ? held[0]! : Buffer.concat(held);
      held = [all.subarray(count)];
      heldBytes -= count;
      taken += count;
      return all.subarray(0, count);
    },
    async end() {
      await fill(1);
      if (heldBytes > 0) throw excess(file.path);
    },
    async [Symbol.asyncDispose]() {
      stream.destroy();
    },
  };
}

async function isGzip(file: StoredFile): Promise<boolean> {
  const stream = file.open();
  try {
    for await (const chunk of stream) return chunk[0] === 0x1f && chunk[1] === 0x8b;
    return false;
  } catch (error) {
    streamEnd(error, file);
    return false;
  } finally {
    stream.destroy();
  }
}

/** Errors of the source reach the reader of the result; destroying the result destroys the source. */
function unzipped(source: Readable): Readable {
  const unzip = createGunzip({ chunkSize: unzipChunkBytes });
  pipeline(source, unzip, () => {}); // the reader sees the same error by reading
  return unzip;
}

/** A compressed stream cut short is an end, and whoever expected more says so; other errors are told as they are. */
function streamEnd(error: unknown, { path }: StoredFile): { done: true; value: undefined } {
  if (!(error instanceof Error && 'code' in error)) throw error;
  if (error.code === 'Z_BUF_ERROR') return { done: true, value: undefined };
  if (String(error.code).startsWith('Z_'))
    throw failure('idx-invalid', { path, problem: 'its compressed data are damaged' });
  throw failure('path-unreadable', { path, reason: systemReason(error) });
}

export const excess = (path: string) =>
  failure('idx-invalid', { path, problem: 'it goes on after the last item its header announces' });
