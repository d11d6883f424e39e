/**
 * @file One export from start to end: written into a temporary folder, opened again and compared there, and only
 * then moved to where it was asked for. A failure leaves nothing behind.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Predictor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import type { DocumentName } from './documents.ts';
import type { Format, TrainedNetwork } from './format.ts';
import { formats, type FormatName } from './formats.ts';
import { writeGolden } from './golden.ts';
import { verify, type Verification } from './verify.ts';

export type ExportRequest = {
  readonly network: TrainedNetwork;
  readonly format: FormatName;
  /** Made where it is missing. */
  readonly folder: string;
  readonly overwrite: boolean;
  /** An empty folder on the same disk for what is not done yet, the caller's to take away; absent: one of its own. */
  readonly staging?: string;
  /** The run's own, to compare with. */
  readonly predictor: Pick<Predictor, 'predict'>;
  /** uint8 [N, C, H, W], N ≥ 1: real images, of the test part where there is one. */
  readonly pixels: Uint8Array;
  /** The classes of `pixels`, where accuracy is to be compared as well. */
  readonly labels?: ArrayLike<number>;
  /** uint8 [N, C, H, W] of the train part, for formats that choose ranges of values by them. */
  readonly calibration?: Uint8Array;
};

export type Exported = {
  readonly format: FormatName | DocumentName;
  /** Paths, the one to open first. */
  readonly files: readonly string[];
  readonly verified: Verification;
  /** For a format that makes the network smaller: its size without that, and its own. */
  readonly bytes?: { readonly before: number; readonly after: number };
  /** What the format did with this network, where its purpose does not tell. */
  readonly note?: string;
};

/**
 * @throws InklingError `file-exists` unless `overwrite`, `path-unreadable`, `disk-full`, `export-disagrees`
 */
export async function exportNetwork(request: ExportRequest): Promise<Exported> {
  const { network, format } = request;
  if (!/^[\w-][\w. -]*$/.test(network.name)) throw new RangeError(`${network.name} names no file`);
  const row: Format = formats[format];
  const { files, verified } = await intoFolder(request, {
    async write(staging) {
      const written = await row.write(network, staging, request.calibration ?? new Uint8Array());
      return [...written, await writeGolden(network, request.predictor, request.pixels, staging)];
    },
    check: (staging, [first]) => verifyFile(request, join(staging, first!)),
  });
  const bytes = row.originalBytes && {
    before: row.originalBytes(network),
    after: statSync(files[0]!).size,
  };
  const note = row.note?.(network.spec) ?? null;
  return { format, files, verified, ...(bytes && { bytes }), ...(note !== null && { note }) };
}

/** How files come to be: written into a folder of their own, and compared there. */
export type Writing = {
  /** Returns the names of the files, the one to open first. */
  write(staging: string): Promise<readonly string[]>;
  check(staging: string, names: readonly string[]): Promise<Verification>;
};

/**
 * All files in their folder, or none.
 *
 * @throws InklingError `file-exists` unless `overwrite`, `folder-unwritable`, `disk-full`, and those of `check`
 */
export async function intoFolder(
  { folder, overwrite, staging: given }: Pick<ExportRequest, 'folder' | 'overwrite' | 'staging'>,
  { write, check }: Writing,
): Promise<Pick<Exported, 'files' | 'verified'>> {
  return writing(folder, async () => {
    makeFolder(folder);
    const staging = given ?? (await makeStaging(folder));
    try {
      const names = await write(staging);
      // Before the work of comparing. A file that appears during it is overwritten.
      if (!overwrite) refuseExisting(folder, names);
      const verified = await check(staging, names);
      for (const name of names) await rename(join(staging, name), join(folder, name));
      return { files: names.map((name) => join(folder, name)), verified };
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  });
}

/** On the disk of what it will become, so that files only have to be renamed. */
export const makeStaging = (folder: string): Promise<string> =>
  mkdtemp(join(folder, '.inkling-export-'));

async function verifyFile(request: ExportRequest, path: string): Promise<Verification> {
  const { network, predictor } = request;
  const format: Format = formats[request.format];
  const reason = (await format.unavailable?.()) ?? null;
  if (reason !== null) return { kind: 'unchecked', reason };
  const opened = await format.open(path, network);
  if ('kind' in opened) return opened;
  try {
    const what = `${network.name} (${format.title})`;
    const verified = await verify(opened, predictor, request, what, format.closeness);
    return opened.by === undefined ? verified : { ...verified, by: opened.by };
  } finally {
    await opened.dispose();
  }
}

function refuseExisting(folder: string, names: readonly string[]): void {
  const taken = names.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (taken !== undefined) throw failure('file-exists', { path: taken });
}

/** What the disk refuses becomes an entry of the catalogue. */
async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) throw error;
    if (error.code === 'ENOSPC') throw failure('disk-full', { folder });
    throw failure('folder-unwritable', { folder, reason: String(error.code) });
  }
}
