/**
 * @file A folder per class, or a flat folder of unlabeled pictures.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../errors.ts';
import { isIgnored, naturalOrder, placeFiles } from './layout.ts';
import { onDisk, readFiles, type Place, type Source } from './source.ts';

/** More than any set of small images there is; their names fit in memory. */
export const filesMax = 2_000_000;
/** Deeper nesting is a loop of mounts, or made to hurt. */
const depthMax = 64;

export async function openFolder(place: Place): Promise<Source> {
  const paths = await walk(place);
  const items = placeFiles(paths, false);
  return {
    items,
    batches: () => readFiles(items.map((item, i) => ({ item, file: join(place.path, paths[i]!) }))),
  };
}

/**
 * The files below a folder in natural order, as paths from it with forward slashes. Hidden files are passed
 * over, and so are links: a link could lead anywhere.
 *
 * @throws InklingError `path-unreadable`, `too-many-files`
 */
export async function walk({ path: root, shown }: Place): Promise<string[]> {
  const files: string[] = [];
  const visit = async (folder: string, depth: number): Promise<void> => {
    const path = join(root, folder);
    const entries = await onDisk(path, () => readdir(path, { withFileTypes: true }));
    entries.sort((a, b) => naturalOrder(a.name, b.name));
    for (const entry of entries) {
      if (isIgnored(entry.name)) continue;
      const inner = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) files.push(inner);
      else if (entry.isDirectory() && depth < depthMax) await visit(inner, depth + 1);
    }
    if (files.length > filesMax) throw failure('too-many-files', { path: shown, limit: filesMax });
  };
  await visit('', 0);
  return files;
}
