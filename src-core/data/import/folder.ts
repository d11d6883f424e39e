/**
 * @file A folder per class, or a flat folder of unlabeled pictures.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { failure } from '../../errors.ts';
import { isIgnored, naturalOrder, placeFiles } from './layout.ts';
import { fileIn, onDisk, readFiles, type Place, type Source } from './source.ts';

/** More than any set of small images there is; their names fit in memory. */
export const filesMax = 2_000_000;
/** Deeper nesting is a loop of mounts, or made to hurt. */
const depthMax = 64;

export async function openFolder(place: Place): Promise<Source> {
  const paths = await walk(place);
  const items = placeFiles(paths, false);
  return {
    items,
    batches: () => readFiles(items.map((item, i) => ({ item, file: fileIn(place, paths[i]!) }))),
  };
}

/**
 * The files below a folder in natural order, as paths from it with forward slashes. Hidden files are passed
 * over, and so are links: a link could lead anywhere.
 *
 * @throws InklingError `path-unreadable`, `too-many-files`
 */
export async function walk(place: Place): Promise<string[]> {
  const files: string[] = [];
  const add = async (inner: string, entry: Entry, depth: number): Promise<void> => {
    if (isIgnored(entry.name)) return;
    if (entry.isFile()) files.push(inner);
    else if (entry.isDirectory() && depth < depthMax) await visit(inner, depth + 1);
    if (files.length > filesMax)
      throw failure('too-many-files', { path: place.shown, limit: filesMax });
  };
  const visit = async (folder: string, depth: number): Promise<void> => {
    const path = fileIn(place, folder);
    const entries = await onDisk(path, () => readdir(path, { withFileTypes: true }));
    for (const entry of inOrder(entries)) await add(`${folder}/${entry.name}`, entry, depth);
  };
  for (const entry of inOrder(await topOf(place))) await add(entry.name, entry, 0);
  return files;
}

type Entry = Pick<Dirent, 'name' | 'isFile' | 'isDirectory'>;

const inOrder = (entries: readonly Entry[]): Entry[] =>
  entries.toSorted((a, b) => naturalOrder(a.name, b.name));

/** Of several that were chosen, links have been followed already: the person named them. */
function topOf({ path, members }: Place): Promise<Entry[]> {
  if (members === null) return onDisk(path, () => readdir(path, { withFileTypes: true }));
  const named = [...members].map(async ([name, file]): Promise<Entry> => {
    const found = await onDisk(file, () => stat(file));
    return { name, isFile: () => found.isFile(), isDirectory: () => found.isDirectory() };
  });
  return Promise.all(named);
}
