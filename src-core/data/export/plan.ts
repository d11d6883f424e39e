/**
 * @file What a dataset export writes, known before the first byte: each image with its name, label and part, and
 * where formats put it. Names of files are those a person knows, made safe for every system and told apart.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { BlobShape, Encoding } from '../../workspace/blobs.ts';
import type { Dataset } from '../../workspace/datasets.ts';
import type { ClassId, ImageId, Part } from '../../workspace/records.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { isIgnored } from '../import/layout.ts';

export type Planned = BlobShape & {
  readonly id: ImageId;
  /** As it was imported, forward slashes. */
  readonly name: string;
  readonly label: string | null;
  readonly part: Part | null;
};

/** Images read at a time: a few milliseconds. */
const pageImages = 1000;

/** Every image of the dataset, in the order they were added; the event loop gets its turns. */
export async function planImages(workspace: Workspace, dataset: Dataset): Promise<Planned[]> {
  const { datasets, blobs } = workspace;
  const names = new Map(datasets.classes(dataset.id).map(({ id, name }) => [id, name] as const));
  const nameOf = (id: ClassId | null): string | null => (id === null ? null : names.get(id)!);
  const planned: Planned[] = [];
  for (let after = 0; ;) {
    const page = datasets.images(dataset.id, { kind: 'all' }, after, pageImages);
    const shapes = blobs.shapes(dataset.id, after, pageImages);
    page.forEach(({ id, name, class: label, part }, i) =>
      planned.push({ ...shapes[i]!, id, name, label: nameOf(label), part }),
    );
    const last = page.at(-1);
    if (last === undefined) return planned;
    after = last.id;
    await turn();
  }
}

/** What a picture is called by its content, where its name does not say. Importers sniff; people look at names. */
const pictureName = /\.(png|jpe?g|bmp|gif|webp|tiff?)$/i;

/** Hands out paths, each once, also where upper and lower case are one. */
export function uniquePaths(): (path: string) => string {
  const taken = new Set<string>();
  const nextOf = new Map<string, number>();
  return (path) => {
    const dot = path.lastIndexOf('.');
    let free = path;
    while (taken.has(key(free))) {
      const n = nextOf.get(key(path)) ?? 2;
      nextOf.set(key(path), n + 1);
      free = `${path.slice(0, dot)}-${n}${path.slice(dot)}`;
    }
    taken.add(key(free));
    return free;
  };
}

const key = (path: string): string => path.normalize('NFC').toLowerCase();

/** A name as a path below some folder: no step is empty, hidden, a parent, or refused by a file system. */
export function safePath(name: string, encoding: Encoding): string {
  const path = name.split('/').map(safeStep).join('/');
  return pictureName.test(path) ? path : `${path}.${extensions[encoding]}`;
}

/** Bare pixels are written as PNG. */
export const extensions = {
  png: 'png',
  jpeg: 'jpg',
  gif: 'gif',
  webp: 'webp',
  tiff: 'tif',
  bmp: 'bmp',
  raw: 'png',
} satisfies Record<Encoding, string>;

/** File systems take 255 bytes, and a number may follow. */
const stepCharsMax = 80;

/** One step of a path. What some system refuses becomes `_`. */
export function safeStep(step: string): string {
  const plain = step
    .replace(/[<>:"|?*\\\p{Cc}]/gu, '_')
    .replace(/[. ]+$/, '_')
    .replace(/^[. ]/, '_');
  // Importers pass over what file managers leave behind.
  return plain === '' || isIgnored(plain) ? `_${plain}` : plain.slice(0, stepCharsMax);
}

/**
 * Where a folder per class puts an image: `part/class/…`, with neither where there is none. What its name says
 * of part and class already is not said twice, so that a dataset that came as such a folder goes back as it was.
 */
export function classPath({ name, label, part, encoding }: Planned): string {
  const steps = name.split('/');
  const isPlaced = steps.length > 1;
  const rest = isPlaced && steps[0] === part ? steps.slice(1) : steps;
  const inner =
    label !== null && rest.length > 1 && rest[0] === label ? rest.slice(1) : rest.slice(-1);
  const folders = [part, label].filter((step) => step !== null);
  return [...folders, safePath(inner.join('/'), encoding)].join('/');
}
