/**
 * @file Where the files of an export go: a folder, or one ZIP file. Either appears under its name only when it is
 * complete. Nothing is held in memory but the file at hand.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { failure } from '../../errors.ts';
import { ZipFile } from './zipFile.ts';

export type Content = Uint8Array | AsyncIterable<Uint8Array>;

export type Sink = {
  /** @param path below the export, forward slashes, safe. */
  add(path: string, content: Content): Promise<void>;
  /** Puts it under its name, unless `allow` throws when all is written. Returns the name. */
  finish(allow: () => void): Promise<string>;
  /** Takes away what was written. */
  abort(): Promise<void>;
};

/** Files written at a time: it keeps the disk busy, and the event loop free. */
const writesMax = 16;

/** @throws InklingError `file-exists`, `folder-unwritable`, `disk-full` */
export async function folderSink(target: string): Promise<Sink> {
  const partial = await begin(target);
  const made = new Set<string>();
  const writing = new Set<Promise<void>>();
  let failed: unknown = null;
  const write = async (path: string, content: Content): Promise<void> => {
    const file = join(partial, path);
    const folder = dirname(file);
    if (!made.has(folder)) await mkdir(folder, { recursive: true });
    made.add(folder);
    if (content instanceof Uint8Array) await writeFile(file, content);
    else await pipeline(content, createWriteStream(file));
  };
  await onDisk(target, () => mkdir(partial, { recursive: true }));
  return {
    async add(path, content) {
      const one: Promise<void> = write(path, content)
        .catch((error: unknown) => void (failed ??= error))
        .finally(() => writing.delete(one));
      writing.add(one);
      if (writing.size >= writesMax) await Promise.race(writing);
      if (failed !== null) throw explained(target, failed);
    },
    async finish(allow) {
      await Promise.all(writing);
      if (failed !== null) throw explained(target, failed);
      allow();
      return end(partial, target);
    },
    async abort() {
      await Promise.all(writing);
      await rm(partial, { recursive: true, force: true });
    },
  };
}

/**
 * @param at of all entries, milliseconds since 1970.
 * @throws InklingError `file-exists`, `folder-unwritable`, `disk-full`
 */
export async function zipSink(target: string, at: number): Promise<Sink> {
  const partial = await begin(target);
  const zip = await onDisk(target, () => ZipFile.create(partial, at));
  return {
    add: (path, content) =>
      onDisk(target, () =>
        content instanceof Uint8Array ? zip.add(path, content) : zip.addStream(path, content),
      ),
    async finish(allow) {
      await onDisk(target, () => zip.finish());
      allow();
      return end(partial, target);
    },
    async abort() {
      await zip.abort();
      await rm(partial, { force: true });
    },
  };
}

async function begin(target: string): Promise<string> {
  if (existsSync(target)) throw failure('file-exists', { path: target });
  const partial = `${target}.partial`;
  await onDisk(target, async () => {
    await rm(partial, { recursive: true, force: true });
    await mkdir(dirname(target), { recursive: true });
  });
  return partial;
}

async function end(partial: string, target: string): Promise<string> {
  await onDisk(target, () => rename(partial, target));
  return target;
}

async function onDisk<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw explained(target, error);
  }
}

function explained(target: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  const folder = dirname(target);
  if (error.code === 'ENOSPC') return failure('disk-full', { folder });
  return failure('folder-unwritable', { folder, reason: String(error.code) });
}
