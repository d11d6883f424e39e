/**
 * @file What the grid shows and where: the opened view, the tiles on screen, the current one. The canvas draws from
 * here and tells here what was scrolled; nothing here touches the page's elements.
 */
import type { View } from '../../src-core/contract.ts';
import {
  boxOf,
  geometryOf,
  gridMargin,
  indexAt,
  moved,
  rowHeight,
  visibleTiles,
  type Box,
} from './geometry.ts';
import { sideFor, type TileInfo } from './page.ts';
import { PageCache, PageError, type PageCachePorts, type TileChange } from './pageCache.ts';
import { elementHeightMax, ScrollMap } from './scrollMap.ts';

/** CSS px of a tile. */
export const tileSizes = { min: 16, max: 96, step: 4, usual: 48 } as const;

export type GridPorts = Pick<PageCachePorts, 'fetchPage' | 'makeStrip'> & {
  /** The host has forgotten the view: it must be opened again. */
  readonly onForgotten: () => void;
  readonly onFailure: (error: unknown) => void;
};

export class GridState {
  view: View | null = $state.raw(null);
  /** CSS px. */
  tile = $state<number>(tileSizes.usual);
  /** Of the viewport, in CSS px. */
  size = $state.raw({ width: 0, height: 0 });
  pixelRatio = $state(1);
  /** px of the content above the viewport. */
  top = $state(0);
  /** px: where the scrollbar must be put; a new object each time, also for the same place. */
  bar = $state.raw({ at: 0 });
  current = $state(0);
  hovered: number | null = $state(null);
  /** Goes up when pages arrived or changed in place. */
  revision = $state(0);

  readonly pages: PageCache;
  readonly #map = new ScrollMap();
  readonly #ports: GridPorts;
  #reopened = '';

  readonly count: number = $derived(this.view?.count ?? 0);
  readonly geometry = $derived(geometryOf(this.count, this.size.width, this.tile));
  readonly visible = $derived(visibleTiles(this.geometry, this.count, this.top, this.size.height));
  readonly side: number = $derived(sideFor(this.tile * this.pixelRatio));
  readonly elementHeight: number = $derived(Math.min(this.geometry.height, elementHeightMax));

  /** What is known of the current image; null while its page is on its way. */
  readonly currentInfo: TileInfo | null = $derived(this.info(this.current));

  constructor(ports: GridPorts) {
    this.#ports = ports;
    this.pages = new PageCache({
      fetchPage: ports.fetchPage,
      makeStrip: ports.makeStrip,
      onChange: () => this.revision++,
      onFailure: (error) => this.#failed(error),
    });
  }

  /** @param same  the same filter and order as before, after a change of the data */
  open(view: View, same: boolean): void {
    this.pages.open(view, this.side, same);
    this.view = view;
    this.current = Math.min(this.current, Math.max(0, view.count - 1));
    if (same) this.#place(this.top);
    else this.moveTo(0, { scroll: 'start' });
    this.fetch();
  }

  /** Gives its memory back. */
  close(): void {
    this.pages.close();
  }

  /** The viewport's size in CSS px; the first tile on screen stays on screen. */
  resize(width: number, height: number, pixelRatio: number): void {
    this.#keepingFirst(() => {
      this.size = { width, height };
      this.pixelRatio = pixelRatio;
    });
  }

  setTile(tile: number): void {
    this.#keepingFirst(() => (this.tile = tile));
  }

  scrolled(bar: number): void {
    this.top = this.#map.scrolled(bar);
    this.fetch();
  }

  /** Scrolling has come to rest: the bar goes where the content is. */
  rested(): void {
    if (this.geometry.height <= elementHeightMax) return;
    this.bar = { at: this.#map.settledBar() };
    this.#map.moveTo(this.top);
  }

  fetch(): void {
    if (this.size.width === 0) return;
    this.pages.want(this.visible.first, this.visible.last, this.current);
  }

  info(index: number): TileInfo | null {
    // Pages are no state of their own: the revision stands for them.
    return this.revision < 0 ? null : this.pages.info(index);
  }

  change(concerns: (id: number) => boolean, change: TileChange): void {
    this.pages.change(concerns, change);
  }

  /** The tile at a point of the viewport, in CSS px. */
  at({ x, y }: Box): number | null {
    return indexAt(this.geometry, this.count, { x, y: y + this.top });
  }

  /** The upper left corner of a tile in the viewport, in CSS px. */
  boxInViewport(index: number): Box {
    const { x, y } = boxOf(this.geometry, index);
    return { x, y: y - this.top };
  }

  /** True: the key moved the current tile. */
  key(key: string): boolean {
    const rowsPerPage = Math.max(1, Math.floor(this.size.height / rowHeight(this.tile)));
    const to = moved(key, this.current, this.count, {
      columns: this.geometry.columns,
      rowsPerPage,
    });
    if (to !== null) this.moveTo(to);
    return to !== null;
  }

  moveTo(index: number, { scroll = 'nearest' }: { scroll?: 'nearest' | 'start' } = {}): void {
    this.current = Math.min(Math.max(0, index), Math.max(0, this.count - 1));
    const { y } = boxOf(this.geometry, this.current);
    const above = y - gridMargin;
    const below = y + rowHeight(this.tile) + gridMargin - this.size.height;
    if (scroll === 'start' || above < this.top) this.#place(above);
    else if (below > this.top) this.#place(below);
    this.fetch();
  }

  #place(top: number): void {
    this.#map.resize(this.geometry.height, this.size.height);
    this.bar = { at: this.#map.moveTo(top) };
    this.top = this.#map.top;
  }

  #keepingFirst(change: () => void): void {
    const { first } = this.visible;
    const { side } = this;
    const isAtStart = this.top === 0;
    change();
    if (this.view && this.side !== side) this.pages.open(this.view, this.side, false);
    this.#place(isAtStart ? 0 : boxOf(this.geometry, first).y - gridMargin);
    this.fetch();
  }

  #failed(error: unknown): void {
    const isForgotten = error instanceof PageError && error.status === 404;
    // A view that is unknown right after it was opened is a failure like any other.
    if (!isForgotten || this.#reopened === this.view?.view) return this.#ports.onFailure(error);
    this.#reopened = this.view?.view ?? '';
    this.#ports.onForgotten();
  }
}
