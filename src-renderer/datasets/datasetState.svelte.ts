/**
 * @file A dataset on screen: its filter, the opened view, what is chosen, and every action on images. Actions are about
 * the selection, else the view (bulk bar), or the selection, else the current image (keys).
 */
import type { ClassInfo, ImageFilter, ImageSort, Part, Target } from '../../src-core/contract.ts';
import { app } from '../state/app.svelte.ts';
import { settings } from '../state/settings.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { plural } from '../ui/format.ts';
import {
  firstSort,
  isFiltered,
  isOfModel,
  sameFilter,
  withKnownClasses,
  withPredictions,
} from './filters.ts';
import { GridState } from './gridState.svelte.ts';
import { PageError, type TileChange } from './pageCache.ts';
import { predictionsOf } from './predictions.svelte.ts';
import {
  anchored,
  chosen,
  chosenCount,
  chosenMax,
  everything,
  extended,
  mayLeave,
  nothing,
  targetOf,
  toggled,
  type Change,
  type Selection,
} from './selection.ts';

/** Where the person was in each dataset: leaving and coming back changes nothing. */
const places = new Map<number, { filter: ImageFilter; sort: ImageSort; current: number }>();

export class DatasetState {
  readonly id: number;
  filter: ImageFilter = $state.raw({});
  sort: ImageSort = $state.raw(firstSort);
  selection: Selection = $state.raw(nothing);
  /** What the view was opened with. */
  #opened: { filter: ImageFilter; sort: ImageSort } | null = $state.raw(null);
  /** Whether an image is shown large. */
  isOpen = $state(false);
  /** An image shown large that is not the current one: a duplicate outside the view. */
  #detached: number | null = $state(null);
  readonly grid = new GridState({
    fetchPage,
    makeStrip,
    onForgotten: () => void this.refresh(),
    onFailure: app.problem,
  });

  /** What a run predicts for the images. */
  readonly predictions;

  readonly info = $derived.by(() => app.dataset(this.id));
  readonly classes: readonly ClassInfo[] = $derived(this.info?.classes ?? []);
  readonly chosen: number = $derived(chosenCount(this.selection, this.grid.count));
  /** Images that an action of the bulk bar changes. */
  readonly concerned: number = $derived(this.chosen || this.grid.count);
  /** Whether the view that is shown leaves images out: a moment behind `filter`. */
  readonly isNarrowed: boolean = $derived(this.#opened !== null && isFiltered(this.#opened.filter));
  readonly isFiltered: boolean = $derived(isFiltered(this.filter));
  /** The image shown large. */
  readonly shown: number | null = $derived(
    this.isOpen ? (this.#detached ?? this.grid.currentInfo?.id ?? null) : null,
  );

  #opening = false;
  #again = false;
  #rangeAsked = 0;

  constructor(id: number) {
    this.id = id;
    this.predictions = predictionsOf(id);
    this.grid.tile = settings.values.tileSize;
    const place = places.get(id);
    this.filter = place?.filter ?? {};
    this.sort = place?.sort ?? firstSort;
    this.grid.current = place?.current ?? 0;
  }

  /** Follows the dataset until the returned call. */
  start(): () => void {
    void this.refresh();
    const stop = app.onDataset(this.id, () => void this.refresh());
    return () => {
      stop();
      places.set(this.id, { filter: this.filter, sort: this.sort, current: this.grid.current });
      this.grid.close();
    };
  }

  setFilter(filter: ImageFilter): void {
    this.filter = filter;
    this.selection = nothing;
    this.#detached = null;
    void this.refresh();
  }

  /** A saved filter. */
  setView(filter: ImageFilter, sort: ImageSort): void {
    this.sort = sort;
    this.setFilter(filter);
  }

  setSort(sort: ImageSort): void {
    this.sort = sort;
    void this.refresh();
  }

  /** Lets a run predict; null: none. Conditions and orders that ask it hold from then on, or end. */
  async predictBy(run: string | null): Promise<void> {
    try {
      await this.predictions.choose(run);
    } catch (error) {
      app.problem(error);
    }
    if (this.predictions.evaluation === null) {
      if (isOfModel(this.sort.by)) this.sort = firstSort;
      this.filter = withPredictions(this.filter, null);
    }
    await this.refresh();
  }

  /** Opens the view again. One call at a time: many changes in a row cost two. */
  async refresh(): Promise<void> {
    this.#again = true;
    if (this.#opening) return;
    this.#opening = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#openPredicted();
      }
    } catch (error) {
      app.problem(error);
    } finally {
      this.#opening = false;
    }
  }

  /** The core keeps what was predicted for a while: what it has forgotten is predicted again, once. */
  async #openPredicted(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      if (problemOf(error).code !== 'evaluation-gone') throw error;
      await this.predictions.renew();
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    const evaluation = this.predictions.evaluation?.evaluation ?? null;
    const sort = evaluation === null && isOfModel(this.sort.by) ? firstSort : this.sort;
    const known = this.classes.map(({ id }) => id);
    const filter = withKnownClasses(withPredictions(this.filter, evaluation), known);
    const view = await api.images.open({ dataset: this.id, filter, sort });
    const before = this.#opened;
    const isSame =
      before !== null && sameFilter(before.filter, filter) && sameSort(before.sort, sort);
    const image = isSame ? this.grid.currentInfo?.id : undefined;
    this.#opened = { filter, sort };
    const isFirst = this.grid.view === null;
    const { current } = this.grid;
    this.grid.open(view, isSame);
    if (isFirst) this.grid.moveTo(current);
    if (image !== undefined) await this.#follow(view.view, image);
  }

  /** The current image stays current where a change has moved it in the order. */
  async #follow(view: string, image: number): Promise<void> {
    const { current } = this.grid;
    const { position } = await api.images.locate({ view, image });
    if (position !== null && this.grid.current === current) this.grid.current = position;
  }

  // — choosing —

  async toggle(index: number): Promise<void> {
    const view = this.grid.view?.view;
    if (view === undefined) return;
    const known = this.grid.info(index)?.id;
    this.moveTo(index);
    // Its page may still be on its way.
    const id = known ?? (await this.#range(view, index, index))?.[0];
    if (id !== undefined) this.selection = toggled(this.selection, id, index);
  }

  /** Chooses from the anchor to a position. */
  async extendTo(index: number): Promise<void> {
    const { selection, grid } = this;
    if (selection.kind === 'view' || !grid.view) return;
    const asked = ++this.#rangeAsked;
    this.moveTo(index);
    const from = Math.min(selection.anchor, index, grid.count - 1);
    const to = Math.min(Math.max(selection.anchor, index), grid.count - 1);
    if (to - from >= chosenMax) return this.#tooMany();
    const { view } = grid.view;
    const ids = grid.pages.ids(from, to) ?? (await this.#range(view, from, to));
    if (!ids || asked !== this.#rangeAsked) return;
    const next = extended(selection, ids);
    if (next) this.selection = next;
    else this.#tooMany();
  }

  async selectAll(): Promise<void> {
    const { view, count } = this.grid;
    if (!view || count === 0) return;
    this.selection = everything;
    // By id as far as they can be sent, so that single images can be taken out again.
    if (count > chosenMax) return;
    const ids = await this.#range(view.view, 0, count - 1);
    if (ids && this.selection.kind === 'view') this.selection = chosen(ids);
  }

  clearSelection(): void {
    this.#rangeAsked++;
    this.selection = nothing;
  }

  async #range(view: string, from: number, to: number): Promise<number[] | null> {
    try {
      return (await api.images.range({ view, from, to })).ids;
    } catch (error) {
      app.problem(error);
      return null;
    }
  }

  #tooMany(): void {
    app.toast(
      `At most ${plural(chosenMax, 'image')} can be selected one by one; use a filter for more.`,
    );
  }

  // — moving and showing large —

  moveTo(index: number): void {
    this.#detached = null;
    this.grid.moveTo(index);
  }

  /** True: the key moved the current tile, and the anchor or the selection with it. */
  move(key: string, extend: boolean): boolean {
    const before = this.grid.current;
    if (extend && this.chosen === 0) this.selection = anchored(this.selection, before);
    if (!this.grid.key(key)) return false;
    this.#detached = null;
    if (extend) void this.extendTo(this.grid.current);
    else this.selection = anchored(this.selection, this.grid.current);
    return true;
  }

  /** Shows an image large, and makes it current where it is in the view. */
  async show(image: number): Promise<void> {
    this.isOpen = true;
    this.#detached = image;
    const view = this.grid.view?.view;
    if (view === undefined) return;
    const { position } = await api.images.locate({ view, image });
    if (position !== null && this.#detached === image) this.moveTo(position);
  }

  /** Shows the image at a position large. */
  open(index: number): void {
    this.selection = anchored(this.selection, index);
    this.moveTo(index);
    this.isOpen = true;
  }

  closeImage(): void {
    this.isOpen = false;
    this.#detached = null;
  }

  // — changing —

  /** What keys change: the selection, else the image shown or current; null: there is none. */
  keyTarget(): Target | null {
    if (this.chosen > 0) return this.#target();
    const id = this.#detached ?? this.grid.currentInfo?.id;
    return id === undefined ? null : { kind: 'images', ids: [id] };
  }

  /** What the bulk bar changes. */
  bulkTarget(): Target | null {
    return this.concerned > 0 ? this.#target() : null;
  }

  #target(): Target | null {
    return this.grid.view && targetOf(this.selection, this.grid.view.view);
  }

  async label(target: Target | null, to: ClassInfo | null): Promise<void> {
    await this.#change(target, 'label', { class: to?.position ?? null }, (given) =>
      api.labels.set({ dataset: this.id, target: given, class: to?.id ?? null }),
    );
  }

  async assign(target: Target | null, part: Part | null): Promise<void> {
    await this.#change(target, 'part', { part }, (given) =>
      api.splits.assign({ dataset: this.id, target: given, part }),
    );
  }

  async flag(target: Target | null, flagged: boolean): Promise<void> {
    await this.#change(target, 'flag', { flagged }, (given) =>
      api.images.flag({ dataset: this.id, target: given, flagged }),
    );
  }

  async remove(target: Target | null): Promise<void> {
    await this.#change(target, 'remove', {}, (given) =>
      api.images.remove({ dataset: this.id, target: given }),
    );
  }

  /** Marks as unsure, or takes the mark away where the current image has it. */
  async toggleFlag(): Promise<void> {
    const isFlagged = this.grid.currentInfo?.flagged ?? false;
    await this.flag(this.keyTarget(), !isFlagged);
  }

  async undo(): Promise<void> {
    await this.#attempt(() => api.labels.undo({ dataset: this.id }));
  }

  async redo(): Promise<void> {
    await this.#attempt(() => api.labels.redo({ dataset: this.id }));
  }

  /** Runs a change of classes or splits; true: it was done. */
  async attempt(change: () => Promise<unknown>): Promise<boolean> {
    return (await this.#attempt(change)) !== null;
  }

  async #change(
    target: Target | null,
    kind: Change,
    change: TileChange,
    call: (target: Target) => Promise<{ changed: number }>,
  ): Promise<void> {
    if (!target) return;
    const done = await this.#attempt(() => call(target));
    if (!done) return;
    const ids = target.kind === 'images' ? new Set(target.ids) : null;
    if (kind !== 'remove') this.grid.change((id) => ids?.has(id) ?? true, change);
    if (mayLeave(this.filter, kind)) this.selection = nothing;
    if (ids?.size !== 1) app.toast(`${plural(done.result.changed, 'image')} changed.`);
  }

  async #attempt<T>(call: () => Promise<T>): Promise<{ result: T } | null> {
    try {
      return { result: await app.saving(call()) };
    } catch (error) {
      app.problem(error);
      return null;
    }
  }
}

const sameSort = (a: ImageSort, b: ImageSort): boolean =>
  a.by === b.by && a.descending === b.descending;

async function fetchPage(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  const response = await fetch(path, { signal });
  if (!response.ok) throw new PageError(response.status);
  return response.arrayBuffer();
}

function makeStrip(tiles: Uint8ClampedArray<ArrayBuffer>, side: number): Promise<ImageBitmap> {
  return createImageBitmap(new ImageData(tiles, side, tiles.length / (side * 4)));
}
