/**
 * @file The images to label, by position in an opened view. They are fetched in chunks, each with its small pictures,
 * a chunk ahead of the person; what was not looked at for a while is dropped.
 */
import { paths } from '../../src-core/contract.ts';
import { readPage, tileInfo } from '../datasets/page.ts';

/** A small square picture: RGBA, side · side · 4 bytes. */
export type Tile = { readonly side: number; readonly pixels: Uint8ClampedArray<ArrayBuffer> };

export type QueueItem = {
  readonly id: number;
  /** Position of its class; null: unlabeled. */
  readonly class: number | null;
  readonly flagged: boolean;
  readonly tile: Tile;
};

/** Pixels of the small pictures, which are shown a little smaller. */
const tileSide = 64;
/** Images fetched at once: 260 kB. */
const chunkLength = 16;
/** Chunks kept around the current one. */
const chunksKept = 12;
/** How far ahead of the current position images are fetched. */
const ahead = 12;
/** Behind it: as many as the neighbors shown. */
const behind = 4;

export class Queue {
  readonly view: string;
  readonly count: number;
  readonly #fetchPage: (path: string) => Promise<ArrayBuffer>;
  readonly #chunks = new Map<number, QueueItem[]>();
  readonly #loading = new Map<number, Promise<void>>();

  constructor(view: string, count: number, fetchPage: (path: string) => Promise<ArrayBuffer>) {
    this.view = view;
    this.count = count;
    this.#fetchPage = fetchPage;
  }

  /** Undefined: not fetched yet, or beyond the ends. */
  at(position: number): QueueItem | undefined {
    return this.#chunks.get(Math.floor(position / chunkLength))?.[position % chunkLength];
  }

  /** Says what is true of an image from now on. */
  put(position: number, item: QueueItem): void {
    const chunk = this.#chunks.get(Math.floor(position / chunkLength));
    if (chunk !== undefined) chunk[position % chunkLength] = item;
  }

  /** Forgets what was fetched, because it may have changed. */
  clear(): void {
    this.#chunks.clear();
    this.#loading.clear();
  }

  /** Fetches what is missing around a position. It is done when the image at it is there. */
  async load(position: number): Promise<void> {
    const first = Math.floor(Math.max(0, position - behind) / chunkLength);
    const last = Math.floor(Math.min(this.count - 1, position + ahead) / chunkLength);
    this.#forget(Math.floor(position / chunkLength));
    const all: Promise<void>[] = [];
    for (let chunk = first; chunk <= last; chunk++) {
      if (!this.#chunks.has(chunk)) all.push(this.#loadChunk(chunk));
    }
    await Promise.all(all);
  }

  #loadChunk(chunk: number): Promise<void> {
    const running = this.#loading.get(chunk);
    if (running !== undefined) return running;
    const loading = this.#fetchChunk(chunk)
      .then((items) => {
        // After `clear`, a late answer may be older than what it would replace.
        if (this.#loading.get(chunk) === loading) this.#chunks.set(chunk, items);
      })
      .finally(() => {
        if (this.#loading.get(chunk) === loading) this.#loading.delete(chunk);
      });
    this.#loading.set(chunk, loading);
    return loading;
  }

  async #fetchChunk(chunk: number): Promise<QueueItem[]> {
    const start = chunk * chunkLength;
    const count = Math.min(chunkLength, this.count - start);
    return itemsOf(await this.#fetchPage(paths.page(this.view, start, count, tileSide)));
  }

  #forget(here: number): void {
    if (this.#chunks.size <= chunksKept) return;
    for (const chunk of this.#chunks.keys()) {
      if (Math.abs(chunk - here) > chunksKept / 2) this.#chunks.delete(chunk);
    }
  }
}

function itemsOf(bytes: ArrayBuffer): QueueItem[] {
  const { records, tiles } = readPage(bytes);
  const { count, side } = records;
  return Array.from({ length: count }, (_, i) => {
    const { id, classPosition, flagged } = tileInfo(records, i)!;
    const pixels = tiles.subarray(i * side * side * 4, (i + 1) * side * side * 4);
    return { id, class: classPosition, flagged, tile: { side, pixels } };
  });
}
