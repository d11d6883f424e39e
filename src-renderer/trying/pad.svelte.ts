/**
 * @file The pad: what lies on it, and the strokes drawn since, which undo takes back one by one. The surface itself is
 * painted in place; `version` tells that it changed.
 */
import type { Box, Point, Stroke } from './ink.ts';
import { copyOf, emptySurface, paintOn, type Surface } from './surface.ts';

type State = { readonly base: Surface; readonly strokes: readonly Stroke[] };

/** Acts that can be taken back; a picture among them takes a megabyte. */
const actsMax = 50;

export class Pad {
  /** Counts changes. */
  version = $state(0);
  canUndo = $state(false);
  /** Where it is shown; null: nowhere. */
  canvas: HTMLCanvasElement | null = $state.raw(null);

  surface: Surface = emptySurface();
  #base: Surface = this.surface;
  #strokes: readonly Stroke[] = [];
  #undone: readonly State[] = [];
  #stroke: { points: Point[]; isEraser: boolean } | null = null;
  /** What has changed since it was last painted on screen; null: everything. */
  #changed: Box | null = null;

  /** Nothing lies on it that a model could read. */
  readonly isEmpty: boolean = $derived.by(() => {
    void this.version;
    return this.surface.colors === null && !hasInk(this.surface.ink);
  });
  readonly hasPicture: boolean = $derived.by(() => {
    void this.version;
    return this.surface.colors !== null;
  });

  begin(point: Point, isEraser: boolean): void {
    this.#remember();
    if (this.surface === this.#base) this.surface = copyOf(this.#base);
    this.#stroke = { points: [], isEraser };
    this.extend([point]);
  }

  extend(points: readonly Point[]): void {
    const stroke = this.#stroke;
    if (!stroke) return;
    for (const point of points) {
      const box = paintOn(this.surface, stroke.points.at(-1) ?? point, point, stroke.isEraser);
      this.#changed = this.#changed && union(this.#changed, box);
      stroke.points.push(point);
    }
    this.version++;
  }

  end(): void {
    if (this.#stroke) this.#strokes = [...this.#strokes, this.#stroke];
    this.#stroke = null;
  }

  undo(): void {
    this.end();
    const last = this.#undone.at(-1);
    if (!last) return;
    this.#undone = this.#undone.slice(0, -1);
    this.canUndo = this.#undone.length > 0;
    this.#set(last);
  }

  clear(): void {
    this.end();
    if (this.isEmpty) return;
    this.#remember();
    this.#set({ base: emptySurface(), strokes: [] });
  }

  /** Lays a picture on the pad. @param isFrame of a film: it takes the place of the one before for good. */
  show(picture: Surface, isFrame = false): void {
    this.end();
    if (!isFrame) this.#remember();
    this.#set({ base: picture, strokes: [] });
  }

  /** The part of the surface to be painted on screen anew. */
  takeChanged(): Box {
    const { width, height } = this.surface;
    const all = { left: 0, top: 0, right: width, bottom: height };
    const changed = this.#changed ?? all;
    this.#changed = { left: width, top: height, right: 0, bottom: 0 };
    return changed;
  }

  #remember(): void {
    const state = { base: this.#base, strokes: this.#strokes };
    this.#undone = [...this.#undone, state].slice(-actsMax);
    this.canUndo = true;
  }

  #set({ base, strokes }: State): void {
    this.#base = base;
    this.#strokes = strokes;
    this.surface = strokes.length === 0 ? base : copyOf(base);
    for (const { points, isEraser } of strokes)
      for (const [i, point] of points.entries())
        paintOn(this.surface, points[Math.max(0, i - 1)]!, point, isEraser);
    this.#changed = null;
    this.version++;
  }
}

/** A loop: it is asked with every movement of the pointer. */
function hasInk(levels: Uint8Array): boolean {
  for (let i = 0; i < levels.length; i++) if (levels[i]! > 0) return true;
  return false;
}

const union = (a: Box, b: Box): Box => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom),
});
