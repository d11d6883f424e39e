/**
 * @file Files that a browser sends for an import: streamed to a folder of the workspace, one folder per upload, and
 * gone when their import is over, their model is closed or the server ends. No path leads out of its upload.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { failure, type InklingError } from '../src-core/errors.ts';

/** As large as the archives that an import reads. */
const uploadFileBytesMax = 32 * 1024 ** 3;
/** A browser sends one request per file; beyond this a ZIP is the way. */
const uploadFilesMax = 200_000;
/** Uploads that wait for their import: more are forgotten windows. */
const uploadsMax = 32;
const pathCharsMax = 1024;

export type UploadLimits = { readonly fileBytesMax: number; readonly filesMax: number };

export class Uploads {
  readonly #folder: string;
  readonly #limits: UploadLimits;
  /** The paths of each upload. */
  readonly #files = new Map<string, Set<string>>();

  constructor(
    folder: string,
    limits: UploadLimits = { fileBytesMax: uploadFileBytesMax, filesMax: uploadFilesMax },
  ) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * Writes one file of an upload as it comes. One that breaks off leaves nothing.
   *
   * @param announced what the sender says its length is, or null.
   * @throws InklingError `upload-path`, `upload-too-large`, `upload-unknown`, `disk-full`, `folder-unwritable`
   */
  async put(
    upload: string,
    path: string,
    content: Readable,
    announced: number | null,
  ): Promise<void> {
    const inner = confined(upload, path);
    const { fileBytesMax } = this.#limits;
    if (announced !== null && announced > fileBytesMax) throw tooLarge(path, fileBytesMax);
    this.#count(upload, path);
    const file = join(this.#folder, upload, inner);
    try {
      await mkdir(dirname(file), { recursive: true });
      await pipeline(content, limited(path, fileBytesMax), createWriteStream(file));
    } catch (error) {
      await rm(file, { force: true });
      throw explained(error, this.#folder);
    }
  }

  /**
   * What an import of the upload reads: the one file or folder in it, else all of it.
   * @throws InklingError `upload-unknown`
   */
  async place(upload: string): Promise<{ path: string; shown: string }> {
    if (!this.#files.has(upload)) throw failure('upload-unknown', { upload });
    const folder = join(this.#folder, upload);
    const names = await readdir(folder);
    const [only] = names;
    return names.length === 1
      ? { path: join(folder, only!), shown: only! }
      : { path: folder, shown: 'the files' };
  }

  async drop(upload: string): Promise<void> {
    if (!this.#files.delete(upload)) return;
    await rm(join(this.#folder, upload), { recursive: true, force: true });
  }

  /** At the end, everything. */
  async clear(): Promise<void> {
    this.#files.clear();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #count(upload: string, path: string): void {
    const files = this.#files.get(upload) ?? new Set();
    if (files.size === 0 && this.#files.size >= uploadsMax)
      throw failure('upload-limit', { problem: `${uploadsMax} uploads wait for their import` });
    if (files.size >= this.#limits.filesMax && !files.has(path))
      throw failure('upload-limit', { problem: `it has more than ${this.#limits.filesMax} files` });
    this.#files.set(upload, files.add(path));
  }
}

/** The path inside the upload. @throws InklingError `upload-path` */
function confined(upload: string, path: string): string {
  const refuse = (): InklingError => failure('upload-path', { path });
  if (!/^[a-z0-9]{16,64}$/.test(upload)) throw refuse();
  const names = path.split('/');
  if (path.length > pathCharsMax || names.some((name) => ['', '.', '..'].includes(name)))
    throw refuse();
  // Backslashes and colons lead elsewhere on Windows; control characters are never meant.
  if (/[\\:\p{Cc}]/u.test(path)) throw refuse();
  return join(...names);
}

const tooLarge = (path: string, limit: number): InklingError =>
  failure('upload-too-large', { path, limit });

/** Passes bytes on until there are too many. */
const limited = (path: string, limit: number) =>
  async function* (content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of content) {
      bytes += chunk.length;
      if (bytes > limit) throw tooLarge(path, limit);
      yield chunk;
    }
  };

function explained(error: unknown, folder: string): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  if (error.code === 'ENOSPC') return failure('disk-full', { folder });
  return failure('folder-unwritable', { folder, reason: String(error.code) });
}
