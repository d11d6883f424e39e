/**
 * @file Images of an opened view, a screenful at a time, with what was predicted for each; and what keys do to them:
 * move, choose, label. A label shows at once and is stored behind it, in the order in which labels were given.
 */
import { paths, type ClassInfo } from '../../src-core/contract.ts';
import type { ImagePrediction } from '../../src-core/contract/inspecting.ts';
import { readPage, tileInfo } from '../datasets/page.ts';
import { PageError } from '../datasets/pageCache.ts';
import type { Tile } from '../labeling/queue.ts';
import { app } from '../state/app.svelte.ts';
import { settings } from '../state/settings.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { movedIndex } from './galleryKeys.ts';

/** Where the images come from: opened again where the core has forgotten the view. */
export type GallerySource = {
  readonly title: string;
  /** What the group is called. */
  readonly name: string;
  readonly dataset: number | null;
  /** Evaluations whose predictions are shown: one, or those of two runs. */
  readonly evaluations: readonly string[];
  /** Images there were; those that were removed since cannot be shown. */
  readonly expected?: number;
  readonly open: () => Promise<{ readonly view: string; readonly count: number }>;
};

export type GalleryItem = {
  readonly id: number;
  /** Position of its class now; null: unlabeled. */
  readonly class: number | null;
  readonly tile: Tile;
  /** One for each evaluation; null: it was not judged. */
  readonly predictions: readonly (ImagePrediction | null)[];
};

/** Images on one page. */
export const pageLength = 60;
/** px: sharp where pixels of the screen are small. */
const tileSide = 64;

export class Gallery {
  source: GallerySource | null = $state.raw(null);
  count = $state(0);
  /** Position of the first image on the page. */
  first = $state(0);
  items: readonly GalleryItem[] = $state.raw([]);
  /** On the page. */
  current = $state(0);
  chosen: ReadonlySet<number> = $state.raw(new Set<number>());
  isLoading = $state(false);
  /** The core has forgotten the evaluation. */
  isForgotten = $state(false);
  /** Images that were given another label here, with the class they had. */
  relabeled: ReadonlyMap<number, number | null> = $state.raw(new Map());
  columns = $state(1);

  readonly last: number = $derived(Math.min(this.count, this.first + pageLength));
  readonly classes: readonly ClassInfo[] = $derived.by(() => {
    const id = this.source?.dataset ?? null;
    return (id === null ? undefined : app.dataset(id)?.classes) ?? [];
  });
  #view = '';
  #asked = 0;
  #writes: Promise<void> = Promise.resolve();

  async open(source: GallerySource): Promise<void> {
    this.source = source;
    this.chosen = new Set();
    this.current = 0;
    if (source.dataset !== null) return this.#load(0, true);
    this.clear();
    this.source = source;
  }

  clear(): void {
    this.#asked++;
    this.source = null;
    this.items = [];
    this.count = 0;
  }

  /** Shows the page with this position. */
  async show(position: number, current = 0): Promise<void> {
    this.current = current;
    await this.#load(Math.floor(position / pageLength) * pageLength, false);
  }

  /** True: the key moved, and the image it moved to is current. */
  key(key: string): boolean {
    const to = movedIndex(key, this.first + this.current, this.count, this.columns);
    if (to === null) return false;
    this.moveTo(to);
    return true;
  }

  moveTo(position: number): void {
    if (position >= this.first && position < this.last) this.current = position - this.first;
    else void this.show(position, position % pageLength);
  }

  toggle(index: number): void {
    const id = this.items[index]?.id;
    if (id === undefined) return;
    const next = new Set(this.chosen);
    if (!next.delete(id)) next.add(id);
    this.chosen = next;
    this.current = index;
  }

  /** Gives the chosen images, else the current one, this label; null takes it away. */
  label(to: ClassInfo | null): void {
    const dataset = this.source?.dataset ?? null;
    const target = this.#target();
    if (dataset === null || target.length === 0) return;
    const position = to?.position ?? null;
    const before = new Map(this.items.map((item) => [item.id, item.class]));
    this.#put(target, () => position);
    const call = () =>
      api.labels.set({
        dataset,
        target: { kind: 'images', ids: [...target] },
        class: to?.id ?? null,
      });
    const stored = this.#writes.then(async () => void (await call()));
    this.#writes = app.saving(stored).catch((error: unknown) => {
      this.#put(target, (id) => before.get(id) ?? null);
      app.problem(error);
    });
    if (this.chosen.size > 0) this.chosen = new Set();
    else if (settings.values.autoAdvance) this.key('ArrowRight');
  }

  /** Every label given so far is stored. */
  settled = (): Promise<void> => this.#writes;

  undo = (): Promise<void> => this.#revert('undo');
  redo = (): Promise<void> => this.#revert('redo');

  #target(): readonly number[] {
    if (this.chosen.size > 0) return [...this.chosen];
    const id = this.items[this.current]?.id;
    return id === undefined ? [] : [id];
  }

  /** Says what is true of images from now on, and which of them were relabeled here. */
  #put(ids: readonly number[], classOf: (id: number) => number | null): void {
    const changed = new Map(this.relabeled);
    this.items = this.items.map((item) => {
      if (!ids.includes(item.id)) return item;
      const next = { ...item, class: classOf(item.id) };
      note(changed, item, next.class);
      return next;
    });
    this.relabeled = changed;
  }

  async #revert(act: 'undo' | 'redo'): Promise<void> {
    const dataset = this.source?.dataset ?? null;
    if (dataset === null) return;
    try {
      await this.#writes;
      const { changed } = await app.saving(api.labels[act]({ dataset }));
      if (changed === null) return app.toast(`Nothing to ${act}.`);
      await this.#load(this.first, false);
    } catch (error) {
      app.problem(error);
    }
  }

  async #load(first: number, isNew: boolean): Promise<void> {
    const { source } = this;
    if (!source) return;
    const asked = ++this.#asked;
    this.isLoading = true;
    try {
      if (isNew) await this.#openView(source, asked);
      const items = await this.#page(source, first, asked);
      if (asked !== this.#asked || items === null) return;
      this.first = first;
      this.#arrived(items);
      this.isForgotten = false;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.items = [];
      this.isForgotten = problemOf(error).code === 'evaluation-gone';
      if (!this.isForgotten) app.problem(error);
    } finally {
      if (asked === this.#asked) this.isLoading = false;
    }
  }

  async #openView(source: GallerySource, asked: number): Promise<void> {
    const { view, count } = await source.open();
    if (asked !== this.#asked) return;
    this.#view = view;
    this.count = count;
  }

  /** Null: something else was asked for meanwhile. */
  async #page(
    source: GallerySource,
    first: number,
    asked: number,
  ): Promise<readonly GalleryItem[] | null> {
    if (asked !== this.#asked) return null;
    const count = Math.min(pageLength, this.count - first);
    if (count <= 0) return [];
    const fetched = await this.#fetch(paths.page(this.#view, first, count, tileSide));
    if (fetched === null) {
      await this.#openView(source, asked);
      const again = await this.#fetch(paths.page(this.#view, first, count, tileSide));
      if (again === null) throw new PageError(404);
      return this.#items(source, again);
    }
    return this.#items(source, fetched);
  }

  /** Null: the host has forgotten the view. */
  async #fetch(path: string): Promise<ArrayBuffer | null> {
    const response = await fetch(path);
    if (response.status === 404) return null;
    if (!response.ok) throw new PageError(response.status);
    return response.arrayBuffer();
  }

  async #items(source: GallerySource, bytes: ArrayBuffer): Promise<readonly GalleryItem[]> {
    const { records, tiles } = readPage(bytes);
    const { side } = records;
    const images = [...records.ids];
    const told = await Promise.all(
      source.evaluations.map((evaluation) => api.inspect.predictions({ evaluation, images })),
    );
    const maps = told.map((found) => new Map(found.map((each) => [each.image, each])));
    return images.map((id, i) => ({
      id,
      class: tileInfo(records, i)?.classPosition ?? null,
      tile: { side, pixels: tiles.subarray(i * side * side * 4, (i + 1) * side * side * 4) },
      predictions: maps.map((map) => map.get(id) ?? null),
    }));
  }

  /** What undo has given back is relabeled no more, and what redo has changed again is. */
  #arrived(items: readonly GalleryItem[]): void {
    const changed = new Map(this.relabeled);
    const before = new Map(this.items.map((item) => [item.id, item]));
    for (const item of items) note(changed, before.get(item.id) ?? item, item.class);
    this.relabeled = changed;
    this.items = items;
    this.current = Math.min(this.current, Math.max(0, items.length - 1));
  }
}

function note(
  changed: Map<number, number | null>,
  { id, class: was }: GalleryItem,
  to: number | null,
): void {
  if (!changed.has(id)) changed.set(id, was);
  // The label it had when it was first seen here.
  if (changed.get(id) === to) changed.delete(id);
}
