/**
 * @file What the path of a picture says: class, part, and whether it counts at all. A class is a folder with
 * pictures at any depth below; above the classes there may be train, validation and test.
 */
import type { Part } from '../../workspace/records.ts';
import type { Item } from './source.ts';

const partNames: Readonly<Record<string, Part>> = {
  train: 'train',
  training: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
  t10k: 'test',
};

/** The part that goes by this name, in any case; null for any other word. */
export function partNamed(word: string): Part | null {
  const key = word.trim().toLowerCase();
  return Object.hasOwn(partNames, key) ? partNames[key]! : null;
}

const collator = new Intl.Collator('en', { numeric: true });

/** Numbers by value, so that 10 comes after 9; a total order, the same on every machine. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Every label that occurs, once, in natural order. */
export function classOrder(labels: Iterable<string | null>): string[] {
  const distinct = new Set(labels);
  return [...distinct].filter((label) => label !== null).sort(naturalOrder);
}

/** What file managers leave behind: never pictures of a dataset. */
const litter = new Set(['__macosx', 'thumbs.db', 'desktop.ini']);

/** Whether a file or folder of this name is passed over: hidden, or left by a file manager. */
export function isIgnored(name: string): boolean {
  return name.startsWith('.') || litter.has(name.toLowerCase());
}

/** Labels are compared by character, so accents are brought to one form (file systems differ in it). Blank is none. */
export const toLabel = (name: string): string | null => name.normalize('NFC').trim() || null;

/** What a picture is usually called. Only for guessing at the layout: what a file is, its bytes say. */
const pictureName = /\.(png|jpe?g|bmp|gif|webp|tiff?)$/i;

/**
 * Reads class and part from paths with forward slashes.
 *
 * The first folders are parts if all of them are named so. A single folder around everything is taken off if
 * parts follow, or if `wrapped`, as in an archive of one folder; the paths of the items lack it too. A note or a
 * script beside the pictures does not change what the folders mean.
 */
export function placeFiles(paths: readonly string[], wrapped: boolean): readonly Item[] {
  const split = paths.map((path) => path.split('/'));
  const pictures = split.filter((path) => pictureName.test(path.at(-1)!));
  const telling = pictures.length > 0 ? pictures : split;
  const depth = wrapperDepth(telling, wrapped);
  const wrapper = telling[0]?.slice(0, depth) ?? [];
  const hasParts = areParts(telling, depth);
  return split.map((path) => {
    const isInside = path.length > depth && wrapper.every((folder, i) => path[i] === folder);
    const inner = isInside ? path.slice(depth) : path;
    const folders = inner.slice(0, -1);
    const part = hasParts && folders.length > 0 ? partNamed(folders[0]!) : null;
    const label = part === null ? folders[0] : folders[1];
    return { path: inner.join('/'), label: label === undefined ? null : toLabel(label), part };
  });
}

function wrapperDepth(paths: readonly string[][], wrapped: boolean): number {
  let depth = 0;
  while (isWrapper(paths, depth) && (wrapped || areParts(paths, depth + 1))) depth++;
  return depth;
}

/** Whether all paths share the folder at `depth`, it is no part, and no file lies directly in it. */
function isWrapper(paths: readonly string[][], depth: number): boolean {
  const first = paths[0]?.[depth];
  if (first === undefined || partNamed(first)) return false;
  return paths.every((path) => path.length > depth + 2 && path[depth] === first);
}

/** Whether there are folders at `depth`, and all of them are named as parts. */
function areParts(paths: readonly string[][], depth: number): boolean {
  const folders = new Set(
    paths.filter((path) => path.length > depth + 1).map((path) => path[depth]!),
  );
  return folders.size > 0 && [...folders].every((name) => partNamed(name) !== null);
}
