/**
 * @file A ZIP archive whose entries are read by name, one at a time and into memory: for files of this program that are
 * ZIP archives. What is refused in an archive to import is refused here.
 */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { failure } from '../../errors.ts';
import { readDirectory, unpack, windowed } from './zip.ts';

export type Archive = AsyncDisposable & {
  /** Sizes by name, in the order of the archive. */
  readonly entries: ReadonlyMap<string, number>;
  /** @throws InklingError `archive-damaged` also where there is no such entry, `archive-limit` where it is larger */
  read(name: string, bytesMax: number): Promise<Buffer>;
};

/** @throws InklingError `path-missing`, `path-unreadable`, `archive-damaged`, `archive-escape`, `archive-limit` */
export async function openArchive(path: string): Promise<Archive> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw failure('path-missing', { path });
    throw failure('path-unreadable', { path, reason: error.code ?? error.message });
  });
  const damaged = (problem: string) => failure('archive-damaged', { path, problem });
  try {
    if (!(await file.stat()).isFile()) throw damaged('it is not a file');
    const packed = await readDirectory({ path: resolve(path), shown: path });
    const byName = new Map(packed.map((entry) => [entry.name, entry]));
    if (byName.size < packed.length) throw damaged('two of its entries have one name');
    const readAt = windowed(file);
    return {
      entries: new Map(packed.map(({ name, bytes }) => [name, bytes])),
      async read(name, bytesMax) {
        const entry = byName.get(name);
        if (!entry) throw damaged(`it has no ${name}`);
        if (Math.max(entry.bytes, entry.packedBytes) > bytesMax)
          throw failure('archive-limit', {
            path,
            problem: `${name} is larger than ${bytesMax} bytes`,
          });
        const bytes = entry.encrypted ? null : await unpack(entry, readAt);
        if (bytes === null) throw damaged(`${name} cannot be unpacked`);
        return bytes;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
