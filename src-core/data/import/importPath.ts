/**
 * @file An import from a path into the workspace, all or nothing: source → batches → decoded once → stored. What
 * cannot be decoded is skipped and listed; what makes the source as a whole doubtful ends the import.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { failure, InklingError } from '../../errors.ts';
import { blobHash } from '../../workspace/blobs.ts';
import { parts } from '../../workspace/records.ts';
import type { NewImage } from '../../workspace/imports.ts';
import type { PartCounts } from '../../workspace/splits.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { inspectImages } from '../decode/decode.ts';
import { assignSplits } from '../splits.ts';
import { openSource, shownOf, type FormatName } from './formats.ts';
import { classOrder } from './layout.ts';
import {
  skip,
  type Batch,
  type Found,
  type Given,
  type Item,
  type Skipped,
  type Source,
} from './source.ts';

export type ImportRequest = {
  /** The dataset's name; it is made if there is none, and added to if there is. */
  readonly dataset: string;
  /** What messages call the source; its path unless given. */
  readonly shown?: string;
  /** Aborts the import; `importPath` then throws the signal's reason and nothing has changed. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
};

/** Of the items the source names, how many have been stored or skipped. */
export type ImportProgress = { readonly done: number; readonly total: number };

/** `null` counts the unlabeled. */
export type ClassTally = { readonly name: string | null; readonly count: number };

/** What a source holds, before anything of it is stored. */
export type ImportPreview = {
  readonly format: FormatName;
  readonly items: number;
  readonly classes: readonly ClassTally[];
  /** As the source gives them; `none` will be drawn. */
  readonly splits: PartCounts;
  readonly read: PreviewRead;
};

/** What reading the pictures of a source showed: of a large one, its first `items` alone. */
export type PreviewRead = {
  readonly items: number;
  /** Pictures whose content is that of one before them. */
  readonly duplicates: number;
  /** The first `previewListMax`; `unreadableCount` counts all. */
  readonly unreadable: readonly Skipped[];
  readonly unreadableCount: number;
};

export type ImportReport = {
  readonly dataset: string;
  readonly format: FormatName | 'generated' | 'picture';
  /** Images this import added. */
  readonly images: number;
  /** Images that were there already, by name and content. */
  readonly duplicates: number;
  /** All classes of the dataset in order, with all their images. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  /** All images of the dataset. */
  readonly splits: PartCounts;
  /** The first `skippedListMax`; `skippedCount` counts all. */
  readonly skipped: readonly Skipped[];
  readonly skippedCount: number;
};

/** More than anyone reads; a folder of a million text files must not fill memory with reasons. */
export const skippedListMax = 1000;
/** Read for a preview, by number and by bytes: a second or two, of digits and of photographs alike. */
const previewReadMax = { items: 4096, bytes: 64 * 1024 * 1024 };
const previewListMax = 20;
/** The largest number of outputs a network may have. */
const classesMax = 4096;

/**
 * @throws InklingError for whatever makes the source unusable, and those of the workspace; the signal's reason
 *   when aborted. In every case nothing of the import remains.
 */
export async function importPath(
  workspace: Workspace,
  given: Given,
  request: ImportRequest,
): Promise<ImportReport> {
  request.signal?.throwIfAborted();
  const shown = request.shown ?? shownOf(given);
  const { format, source } = await openSource(given, shown);
  return importSource(workspace, source, { ...request, path: shown, format });
}

/** As `importPath`, from a source that is open; `path` and `format` are what messages and the report call it. */
export async function importSource(
  workspace: Workspace,
  source: Source,
  request: ImportRequest & Pick<ImportReport, 'format'> & { readonly path: string },
): Promise<ImportReport> {
  const { dataset, path, format } = request;
  refuseManyClasses(source.items, path);
  const session = workspace.beginImport(dataset);
  try {
    const labels = new Set<string | null>();
    const skipped = await readAll(source, request, (images) => {
      session.add(images);
      for (const { label } of images) labels.add(label);
    });
    if (skipped.count === source.items.length) throw noImages(path, skipped);
    const result = session.commit(classOrder(labels), assignSplits);
    return {
      dataset,
      format,
      images: result.added,
      duplicates: result.known,
      classes: classCounts(workspace, dataset),
      splits: result.splits,
      skipped: skipped.list,
      skippedCount: skipped.count,
    };
  } finally {
    session.abort();
  }
}

/**
 * What an import of this would find. Reads the first pictures, `previewReadMax` and what is left of their batch, and
 * writes nothing.
 *
 * @throws InklingError as `importPath`
 */
export async function previewPath(
  given: Given,
  shown = shownOf(given),
  limits = previewReadMax,
): Promise<ImportPreview> {
  const { format, source } = await openSource(given, shown);
  const { items } = source;
  if (items.length === 0) throw noImages(shown, { list: [], count: 0 });
  const counts = Map.groupBy(items, ({ label }) => label);
  const names = counts.has(null) ? [...classOrder(counts.keys()), null] : classOrder(counts.keys());
  const inPart = (part: string | null) => items.filter((item) => item.part === part).length;
  const [train, validation, test] = parts.map(inPart);
  return {
    format,
    items: items.length,
    classes: names.map((name) => ({ name, count: counts.get(name)!.length })),
    splits: { train: train!, validation: validation!, test: test!, none: inPart(null) },
    read: await readFirst(source, limits),
  };
}

async function readFirst(source: Source, limits: typeof previewReadMax): Promise<PreviewRead> {
  const unreadable: Skipped[] = [];
  const seen = new Set<string>();
  let [items, bytes, duplicates, unreadableCount] = [0, 0, 0, 0];
  for await (const batch of source.batches()) {
    const { images, skipped } = await decodeBatch(batch);
    for (const { blob } of images) {
      const content = blobHash(blob).toString('latin1');
      if (seen.has(content)) duplicates++;
      seen.add(content);
      bytes += blob.bytes.length;
    }
    items += images.length + skipped.length;
    unreadable.push(...skipped.slice(0, previewListMax - unreadable.length));
    unreadableCount += skipped.length;
    if (items >= limits.items || bytes >= limits.bytes) break;
    // Whoever else uses this thread waits for a batch at most.
    await turn();
  }
  return { items, duplicates, unreadable, unreadableCount };
}

type SkippedTally = { readonly list: Skipped[]; count: number };

/** Images written in one go: a few milliseconds. */
const storedAtOnce = 64;

async function readAll(
  source: Source,
  { signal, onProgress }: ImportRequest,
  store: (images: NewImage[]) => void,
): Promise<SkippedTally> {
  const skipped: SkippedTally = { list: [], count: 0 };
  const total = source.items.length;
  let done = 0;
  for await (const batch of ahead(source.batches())) {
    signal?.throwIfAborted();
    const decoded = await decodeBatch(batch);
    for (let start = 0; start < decoded.images.length; start += storedAtOnce) {
      store(decoded.images.slice(start, start + storedAtOnce));
      // A source in memory never waits by itself, and whoever else uses this thread would.
      await turn();
    }
    skipped.list.push(...decoded.skipped.slice(0, skippedListMax - skipped.list.length));
    skipped.count += decoded.skipped.length;
    done += decoded.images.length + decoded.skipped.length;
    onProgress?.({ done, total });
  }
  signal?.throwIfAborted();
  return skipped;
}

/** Asks for the next batch before the current one is worked on, so that the disk and the decoder work together. */
async function* ahead<T>(batches: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = batches[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<T>> => {
    const answer = iterator.next();
    answer.catch(() => {}); // whoever awaits it sees the error; until then it is not unhandled
    return answer;
  };
  try {
    let answer = ask();
    for (let next = await answer; !next.done; next = await answer) {
      answer = ask();
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

async function decodeBatch({ found, skipped }: Batch) {
  const files = found.filter(({ raw }) => raw === null);
  const infos = await inspectImages(files.map(({ bytes }) => bytes));
  const images = found.filter(({ raw }) => raw !== null).map(rawImage);
  const refused: Skipped[] = [];
  for (const [i, { item, bytes }] of files.entries()) {
    const info = infos[i]!;
    if (info instanceof InklingError) refused.push(skip(item.path, info));
    else images.push(toImage(item, { ...info, bytes }));
  }
  return { images, skipped: [...skipped, ...refused] };
}

const toImage = ({ path: name, label, part }: Item, blob: NewImage['blob']): NewImage => ({
  name,
  blob,
  label,
  part,
});

function rawImage({ item, bytes, raw }: Found): NewImage {
  return toImage(item, { bytes, encoding: 'raw', ...raw!, channels: 1, depth: 8 });
}

function noImages(path: string, { list, count }: SkippedTally): InklingError {
  return failure('no-images', { path, skipped: count, firstReason: list[0]?.reason ?? null });
}

function refuseManyClasses(items: readonly Item[], path: string): void {
  const count = new Set(items.map(({ label }) => label)).size;
  if (count > classesMax) throw failure('too-many-classes', { path, count, limit: classesMax });
}

function classCounts(workspace: Workspace, name: string): ImportReport['classes'] {
  const { id } = workspace.datasets.get(name);
  const counts = new Map(
    workspace.datasets.classCounts(id).map((one) => [one.class, one.count] as const),
  );
  return workspace.datasets
    .classes(id)
    .map((one) => ({ name: one.name, count: counts.get(one.id) ?? 0 }));
}
