/**
 * @file What a person does with a map: moves it, zooms it, points at an image, clicks it, or draws a line around some.
 * Places are CSS pixels from the corner of the map.
 */
import { insideOf, type Point } from './lasso.ts';
import type { ImageMap } from './mapState.svelte.ts';
import { moved, nearestPoint, onMap, wholeMap, zoomed, type MapView } from './mapView.ts';

export type Place = { readonly x: number; readonly y: number };

/** What is there to be handled. */
export type MapScene = {
  readonly map: Pick<ImageMap, 'key' | 'points'> & {
    readonly info: Pick<ImageMap['info'], 'images' | 'labels'>;
  };
  readonly width: number;
  readonly height: number;
  /** A press draws a line instead of moving the map. */
  readonly isLasso: boolean;
  /** By class. */
  readonly isHidden: readonly boolean[];
};

export type MapActs = {
  readonly select: (points: readonly number[]) => void;
  readonly look: (image: number) => void;
};

/** px; pressed and let go within them, it was a click. */
const clickReach = 3;
/** px from an image's point to the pointer. */
const pointReach = 8;
const wheelStep = 0.0015;
const keyZoom = 1.4;

/** px that the map moves. */
const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [60, 0],
  ArrowRight: [-60, 0],
  ArrowUp: [0, 60],
  ArrowDown: [0, -60],
};

export class MapHand {
  readonly #scene: () => MapScene;
  readonly #acts: MapActs;
  /** Of one map; epochs of the same map lie alike. */
  #own: { readonly of: string; readonly view: MapView } | null = $state.raw(null);
  #dragged: Place | null = $state.raw(null);
  #hasMoved = false;
  /** Index of the point under the pointer. */
  hovered: number | null = $state(null);
  /** Drawn so far, on the map. */
  lasso: readonly Point[] = $state.raw([]);

  readonly #key: string = $derived.by(() => this.#scene().map.key.replace(/ \d+$/, ''));
  readonly whole: MapView = $derived.by(() => {
    const { map, width, height } = this.#scene();
    return wholeMap(map.points, { width, height });
  });
  readonly view: MapView = $derived(this.#own?.of === this.#key ? this.#own.view : this.whole);

  constructor(scene: () => MapScene, acts: MapActs) {
    this.#scene = scene;
    this.#acts = acts;
  }

  press(at: Place): void {
    this.#dragged = at;
    this.#hasMoved = false;
    this.hovered = null;
    if (this.#scene().isLasso) this.lasso = [onMap(this.view, at)];
  }

  move(at: Place): void {
    const from = this.#dragged;
    if (!from) {
      this.hovered = this.#pointAt(at);
      return;
    }
    this.#hasMoved ||= Math.hypot(at.x - from.x, at.y - from.y) > clickReach;
    if (this.#scene().isLasso) this.lasso = [...this.lasso, onMap(this.view, at)];
    else if (this.#hasMoved) {
      this.#show(moved(this.view, at.x - from.x, at.y - from.y));
      this.#dragged = at;
    }
  }

  release(at: Place): void {
    if (!this.#dragged) return;
    this.#dragged = null;
    if (this.#scene().isLasso) {
      this.#selectInside(this.lasso);
      this.lasso = [];
    } else if (!this.#hasMoved) this.#click(at);
  }

  leave(): void {
    this.hovered = null;
  }

  wheel(at: Place, delta: number): void {
    this.#show(zoomed(this.view, Math.exp(-delta * wheelStep), at, this.whole.scale));
  }

  showAll(): void {
    this.#own = null;
  }

  /** @returns whether the key means something here */
  key(name: string): boolean {
    const arrow = arrows[name];
    if (arrow) this.#show(moved(this.view, ...arrow));
    else if (name === '+' || name === '=') this.#zoomMiddle(keyZoom);
    else if (name === '-') this.#zoomMiddle(1 / keyZoom);
    else if (name === '0') this.showAll();
    else if (name === 'Enter') this.#selectInside(this.#corners());
    else return false;
    return true;
  }

  #show(view: MapView): void {
    this.#own = { of: this.#key, view };
  }

  #zoomMiddle(factor: number): void {
    const { width, height } = this.#scene();
    const middle = { x: width / 2, y: height / 2 };
    this.#show(zoomed(this.view, factor, middle, this.whole.scale));
  }

  #click(at: Place): void {
    const point = this.#pointAt(at);
    const image = point === null ? 0 : (this.#scene().map.info.images[point] ?? 0);
    if (image > 0) this.#acts.look(image);
  }

  #pointAt(at: Place): number | null {
    const reach = { reach: pointReach, isShown: (i: number) => this.#isShown(i) };
    return nearestPoint(this.#scene().map.points, this.view, at, reach);
  }

  #selectInside(line: readonly Point[]): void {
    const inside = insideOf(line, this.#scene().map.points);
    this.#acts.select(inside.filter((i) => this.#isShown(i)));
  }

  /** Of what is in sight. */
  #corners(): readonly Point[] {
    const { width, height } = this.#scene();
    const [left, top] = onMap(this.view, { x: 0, y: 0 });
    const [right, bottom] = onMap(this.view, { x: width, y: height });
    return [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
  }

  #isShown(point: number): boolean {
    const { map, isHidden } = this.#scene();
    return !isHidden[map.info.labels[point] ?? -1];
  }
}
