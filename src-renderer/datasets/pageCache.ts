/**
 * @file Pages of thumbnails around what is on screen: fetched a viewport ahead, at most a fixed number of bytes, and
 * given up when the person has scrolled past. Pages of the view before are shown until those of its refreshed
 * order arrive, so that a label does not make the grid blink.
 */
import { paths } from '../../src-core/contract.ts';
import { readPage, tileInfo, tilesPerPage, type PageRecords, type TileInfo } from './page.ts';

/** Of pixels kept: several screens of the smallest and of the largest tiles. */
const keptBytesMax = 64 * 2 ** 20;
/** Requests at once: what a browser opens to one host. */
const requestsMax = 6;

export type Strip = {
  readonly image: CanvasImageSource & { close?(): void };
  readonly page: PageRecords;
};
/** A tile that can be drawn: number `row` of a strip. */
export type Tile = { readonly strip: Strip; readonly row: number };
export type TileChange = {
  readonly class?: number | null;
  readonly part?: TileInfo['part'];
  readonly flagged?: boolean;
};

export type PageCachePorts = {
  /** @throws PageError */
  readonly fetchPage: (path: string, signal: AbortSignal) => Promise<ArrayBuffer>;
  readonly makeStrip: (
    tiles: Uint8ClampedArray<ArrayBuffer>,
    side: number,
  ) => Promise<Strip['image']>;
  /** Something new can be drawn. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
};

/** The host refused a page; 404: it has forgotten the view. */
export class PageError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`a page of thumbnails was answered with ${status}`);
    this.status = status;
  }
}

export class PageCache {
  readonly #ports: PageCachePorts;
  #view = '';
  #count = 0;
  #side = 16;
  #pages = new Map<number, Strip>();
  #before = new Map<number, Strip>();
  readonly #loading = new Map<number, AbortController>();
  #wanted: readonly number[] = [];
  /** Of those wanted, the ones that are seen: the rest waits for them. */
  #seen: readonly number[] = [];
  #bytes = 0;

  constructor(ports: PageCachePorts) {
    this.#ports = ports;
  }

  /** @param same  the view shows the same images as before, but for a few that changed */
  open(view: { view: string; count: number }, side: number, same: boolean): void {
    for (const request of this.#loading.values()) request.abort();
    this.#loading.clear();
    this.#drop(this.#before);
    if (same && side === this.#side) this.#before = this.#pages;
    else this.#drop(this.#pages);
    this.#pages = new Map();
    this.#bytes = 0;
    this.#wanted = [];
    this.#seen = [];
    this.#view = view.view;
    this.#count = view.count;
    this.#side = side;
  }

  close(): void {
    this.open({ view: '', count: 0 }, this.#side, false);
  }

  get tilesPerPage(): number {
    return tilesPerPage(this.#side);
  }

  /** Null: not here yet. */
  tile(index: number): Tile | null {
    const number = Math.floor(index / this.tilesPerPage);
    const row = index % this.tilesPerPage;
    const strip = this.#pages.get(number) ?? this.#before.get(number);
    return strip && row < strip.page.count && index < this.#count ? { strip, row } : null;
  }

  info(index: number): TileInfo | null {
    const tile = this.tile(index);
    return tile && tileInfo(tile.strip.page, tile.row);
  }

  /** Ids from one position to another, both included; null: not all of them are here. */
  ids(from: number, to: number): number[] | null {
    const ids: number[] = [];
    for (let index = from; index <= to; index++) {
      const info = this.info(index);
      if (!info) return null;
      ids.push(info.id);
    }
    return ids;
  }

  /**
   * Fetches what is missing of first … last, then the page of the current image, then as much after and before;
   * gives up all else.
   */
  want(first: number, last: number, current: number): void {
    if (last < first || this.#view === '') return;
    const from = Math.floor(first / this.tilesPerPage);
    const to = Math.floor(last / this.tilesPerPage);
    const own = Math.floor(current / this.tilesPerPage);
    this.#seen = [...new Set([...range(from, to), own])];
    this.#wanted = [...new Set([...this.#seen, ...this.#around(from, to)])];
    for (const [number, request] of this.#loading) {
      if (this.#wanted.includes(number)) continue;
      request.abort();
      this.#loading.delete(number);
    }
    for (const number of this.#wanted.toReversed()) this.#touch(number);
    this.#forgetBefore(from, to);
    this.#fill();
  }

  /** Writes a change into the pages that are here; they are fetched anew when the view is opened again. */
  change(concerns: (id: number) => boolean, change: TileChange): void {
    for (const { page } of [...this.#pages.values(), ...this.#before.values()]) {
      for (let i = 0; i < page.count; i++) {
        if (concerns(page.ids[i] ?? 0)) write(page, i, change);
      }
    }
    this.#ports.onChange();
  }

  #around(from: number, to: number): number[] {
    const span = Math.max(1, to - from + 1);
    const end = Math.ceil(this.#count / this.tilesPerPage) - 1;
    const after = range(to + 1, Math.min(end, to + span));
    return [...after, ...range(Math.max(0, from - span), from - 1).toReversed()];
  }

  #fill(): void {
    const isSeenMissing = this.#seen.some((number) => !this.#pages.has(number));
    for (const number of isSeenMissing ? this.#seen : this.#wanted) {
      if (this.#loading.size >= requestsMax) return;
      if (!this.#pages.has(number) && !this.#loading.has(number)) void this.#load(number);
    }
  }

  async #load(number: number): Promise<void> {
    const request = new AbortController();
    this.#loading.set(number, request);
    try {
      const strip = await this.#fetch(number, request.signal);
      if (request.signal.aborted) return strip.image.close?.();
      this.#keep(number, strip);
      if (this.#seen.includes(number)) this.#ports.onChange();
    } catch (error) {
      if (!request.signal.aborted) {
        this.#wanted = [];
        this.#seen = [];
        this.#ports.onFailure(error);
      }
    } finally {
      if (this.#loading.get(number) === request) this.#loading.delete(number);
    }
    this.#fill();
  }

  async #fetch(number: number, signal: AbortSignal): Promise<Strip> {
    const start = number * this.tilesPerPage;
    const count = Math.min(this.tilesPerPage, this.#count - start);
    const path = paths.page(this.#view, start, count, this.#side);
    const { records, tiles } = readPage(await this.#ports.fetchPage(path, signal));
    return { image: await this.#ports.makeStrip(tiles, records.side), page: records };
  }

  #keep(number: number, strip: Strip): void {
    this.#pages.set(number, strip);
    this.#bytes += bytesOf(strip);
    for (const [oldest, old] of this.#pages) {
      if (this.#bytes <= keptBytesMax || this.#wanted.includes(oldest)) break;
      this.#pages.delete(oldest);
      this.#bytes -= bytesOf(old);
      old.image.close?.();
    }
  }

  /** A Map keeps the order in which entries were set: the first is the one not wanted for longest. */
  #touch(number: number): void {
    const strip = this.#pages.get(number);
    if (!strip) return;
    this.#pages.delete(number);
    this.#pages.set(number, strip);
  }

  #forgetBefore(from: number, to: number): void {
    if (this.#before.size > 0 && range(from, to).every((number) => this.#pages.has(number))) {
      this.#drop(this.#before);
    }
  }

  #drop(pages: Map<number, Strip>): void {
    for (const { image } of pages.values()) image.close?.();
    pages.clear();
  }
}

const bytesOf = ({ page }: Strip): number => page.count * page.side * page.side * 4;

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

const partCodes = { train: 1, validation: 2, test: 3 } as const;

function write(page: PageRecords, i: number, change: TileChange): void {
  if (change.class !== undefined) page.classes[i] = change.class ?? -1;
  if (change.part !== undefined) page.parts[i] = change.part === null ? 0 : partCodes[change.part];
  if (change.flagged !== undefined) page.flagged[i] = change.flagged ? 1 : 0;
}
