/**
 * @file What is drawn, as numbers: levels 0 … 255 (nothing … full ink), row by row. Strokes are painted into them here
 * and not by the browser, so that a model reads exactly what is on screen, and the same strokes always give the same
 * picture. Coordinates are in pixels from the left and top edges; the middle of the first pixel is at 0.5.
 */

export type Point = { readonly x: number; readonly y: number; readonly radius: number };
export type Stroke = { readonly points: readonly Point[]; readonly isEraser: boolean };
export type Plane = {
  readonly levels: Uint8Array;
  readonly width: number;
  readonly height: number;
};
/** `right` and `bottom` are not in it. */
export type Box = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

/** A pen that is pressed lightly draws this share of the chosen width, one that is pressed fully the other. */
const pressureShares = { light: 0.4, full: 1.6 };

/** Pixels of radius. Mice and fingers press evenly: `pressure` null. */
export function radiusOf(strokeWidth: number, pressure: number | null): number {
  const { light, full } = pressureShares;
  return (strokeWidth / 2) * (pressure === null ? 1 : light + (full - light) * pressure);
}

/**
 * Paints the piece of a stroke between two of its points: round, of a width that changes evenly, its edge one pixel
 * soft. Where pieces overlap nothing gets darker twice.
 *
 * @param raises  toward 255; else toward 0, as an eraser does on ink.
 * @returns the part of the plane that may have changed.
 */
export function paintPiece(plane: Plane, from: Point, to: Point, raises: boolean): Box {
  const { levels, width } = plane;
  const box = reachOf(plane, from, to);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  for (let row = box.top; row < box.bottom; row++)
    for (let column = box.left; column < box.right; column++) {
      const [x, y] = [column + 0.5 - from.x, row + 0.5 - from.y];
      // How far along the piece the nearest place of its middle line lies, 0 … 1.
      const t = squared === 0 ? 0 : Math.max(0, Math.min(1, (x * dx + y * dy) / squared));
      const distance = Math.hypot(x - t * dx, y - t * dy);
      const radius = from.radius + t * (to.radius - from.radius);
      const covered = Math.max(0, Math.min(1, radius - distance + 0.5)) * 255;
      const at = row * width + column;
      const level = levels[at]!;
      levels[at] = raises ? Math.max(level, covered) : Math.min(level, 255 - covered);
    }
  return box;
}

function reachOf({ width, height }: Plane, a: Point, b: Point): Box {
  const reach = Math.max(a.radius, b.radius) + 1;
  return {
    left: Math.max(0, Math.floor(Math.min(a.x, b.x) - reach)),
    top: Math.max(0, Math.floor(Math.min(a.y, b.y) - reach)),
    right: Math.min(width, Math.ceil(Math.max(a.x, b.x) + reach)),
    bottom: Math.min(height, Math.ceil(Math.max(a.y, b.y) + reach)),
  };
}
