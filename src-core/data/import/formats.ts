/**
 * @file The table of import formats. The first that recognizes a place reads it.
 */
import { open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { failure } from '../../errors.ts';
import { openFolder, walk } from './folder.ts';
import { isIdxHead, isIdxName, openIdxFile, openIdxFolder } from './idx.ts';
import { listIn, openListFile, openListFolder } from './list.ts';
import { onDisk, type Given, type Place, type Source } from './source.ts';
import { openZip } from './zip.ts';

export type Format = {
  readonly title: string;
  recognizes(place: Place): boolean | Promise<boolean>;
  /** @throws InklingError when the source is broken as a whole. */
  open(place: Place): Promise<Source>;
};

export const formats = {
  zip: {
    title: 'ZIP archive',
    recognizes: ({ head, path }) =>
      /^PK(\x03\x04|\x05\x06)/.test(head.toString('latin1')) || /\.zip$/i.test(path),
    open: openZip,
  },
  idxFile: {
    title: 'IDX file',
    recognizes: ({ isFolder, head, path }) => !isFolder && (isIdxHead(head) || isIdxName(path)),
    open: openIdxFile,
  },
  idxFolder: {
    title: 'folder of IDX files',
    recognizes: async (place) => place.isFolder && (await walk(place)).some(isIdxName),
    open: openIdxFolder,
  },
  listFolder: {
    title: 'folder with a list',
    recognizes: async (place) => place.isFolder && (await listIn(place)) !== null,
    open: openListFolder,
  },
  folder: {
    title: 'folder per class',
    recognizes: ({ isFolder }) => isFolder,
    open: openFolder,
  },
  csv: {
    title: 'CSV list',
    recognizes: ({ path }) => /\.(csv|tsv)$/i.test(path),
    open: openListFile,
  },
  jsonl: {
    title: 'JSONL list',
    recognizes: ({ path }) => /\.(jsonl|ndjson)$/i.test(path),
    open: openListFile,
  },
} satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;

/** Enough for every signature, and for the first line of a list. */
const headBytes = 4096;

/**
 * Opens what is given: all that can be known without reading the pictures.
 *
 * @param shown what messages call it.
 * @throws InklingError `path-missing`, `path-unreadable`, `format-unknown`, and those of the formats
 */
export async function openSource(
  given: Given,
  shown = shownOf(given),
): Promise<{ format: FormatName; source: Source }> {
  const place = await look(given, shown);
  for (const [name, format] of Object.entries(formats))
    // Object.entries forgets that the names are those of the table.
    if (await format.recognizes(place))
      return { format: name as FormatName, source: await format.open(place) };
  throw failure('format-unknown', { path: shown });
}

/** What messages call it. */
export const shownOf = (given: Given): string => (typeof given === 'string' ? given : 'the files');

function look(given: Given, shown: string): Promise<Place> {
  return typeof given === 'string' ? lookAt(given, shown) : lookAtSeveral(given, shown);
}

async function lookAt(given: string, shown: string): Promise<Place> {
  const path = await onDisk(shown, () => realpath(resolve(given)));
  const found = await onDisk(shown, () => stat(path));
  const isFolder = found.isDirectory();
  if (!isFolder && !found.isFile()) throw failure('format-unknown', { path: shown });
  const head = isFolder ? Buffer.alloc(0) : await readHead(path, shown);
  return { path, shown, isFolder, head, members: null };
}

/** @throws InklingError `call-invalid` for two of the same name, which one folder cannot hold */
async function lookAtSeveral(given: readonly string[], shown: string): Promise<Place> {
  const members = new Map<string, string>();
  for (const each of given) {
    const name = basename(each);
    if (members.has(name))
      throw failure('call-invalid', {
        problem: `several of these are called ${name}; import the folders that they are in`,
      });
    members.set(name, await onDisk(each, () => realpath(resolve(each))));
  }
  const [first] = members.values();
  if (first === undefined) throw failure('call-invalid', { problem: 'no file was given' });
  return { path: dirname(first), shown, isFolder: true, head: Buffer.alloc(0), members };
}

async function readHead(path: string, shown: string): Promise<Buffer> {
  return onDisk(shown, async () => {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  });
}
