/**
 * @file Turns pen strokes into pixels by MNIST's recipe: the ink is scaled, keeping its proportions, so that it
 * just fits a box of 20 × 20 pixels, drawn with soft edges, and the box is laid on 28 × 28 black pixels so that
 * the center of mass of the ink lies in the middle (LeCun, Cortes and Burges, 1998).
 */
import type { Stroke } from './strokes.ts';

export const IMAGE_SIDE = 28;
const BOX_SIDE = 20;

/** Radius of the pen and width of its soft edge, in pixels; `level` is the gray level of full ink. */
export type Pen = { readonly radius: number; readonly edge: number; readonly level: number };

/** Draws `strokes` (scaled in place) on `out`, uint8 [28, 28], overwritten: 0 paper, 255 ink. */
export function render(strokes: readonly Stroke[], pen: Pen, out: Uint8Array): void {
  fit(strokes, pen.radius);
  const box = new Float64Array(BOX_SIDE * BOX_SIDE);
  for (const stroke of strokes)
    for (let i = 0; i + 3 < stroke.length; i += 3) drawSegment(stroke, i, pen, box);
  center(box, pen.level, out);
}

/** Scales the strokes so that their ink, pen width included, touches the box on its longer side. */
function fit(strokes: readonly Stroke[], radius: number): void {
  const [left, top, right, bottom] = bounds(strokes);
  const span = Math.max(right - left, bottom - top, 1);
  const scale = (BOX_SIDE - 2 * radius) / span;
  const offsetX = (BOX_SIDE - scale * (left + right)) / 2;
  const offsetY = (BOX_SIDE - scale * (top + bottom)) / 2;
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i += 3) {
      stroke[i] = scale * stroke[i]! + offsetX;
      stroke[i + 1] = scale * stroke[i + 1]! + offsetY;
    }
}

function bounds(strokes: readonly Stroke[]): [number, number, number, number] {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i += 3) {
      left = Math.min(left, stroke[i]!);
      right = Math.max(right, stroke[i]!);
      top = Math.min(top, stroke[i + 1]!);
      bottom = Math.max(bottom, stroke[i + 1]!);
    }
  return [left, top, right, bottom];
}

/** Inks the line from point `i` of `stroke` to the next: full inside the pen's radius, fading over its edge. */
function drawSegment(stroke: Stroke, i: number, pen: Pen, box: Float64Array): void {
  const x0 = stroke[i]!;
  const y0 = stroke[i + 1]!;
  const dx = stroke[i + 3]! - x0;
  const dy = stroke[i + 4]! - y0;
  const radius = (pen.radius * (stroke[i + 2]! + stroke[i + 5]!)) / 2;
  const reach = radius + pen.edge / 2;
  const perLength2 = 1 / Math.max(dx * dx + dy * dy, 1e-9);
  const bottom = Math.min(BOX_SIDE - 1, Math.floor(Math.max(y0, y0 + dy) + reach));
  const right = Math.min(BOX_SIDE - 1, Math.floor(Math.max(x0, x0 + dx) + reach));
  const left = Math.max(0, Math.floor(Math.min(x0, x0 + dx) - reach));
  for (let row = Math.max(0, Math.floor(Math.min(y0, y0 + dy) - reach)); row <= bottom; row++)
    for (let column = left; column <= right; column++) {
      // The pixel's middle, relative to the start, and the nearest point of the line, t from 0 to 1 along it.
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const t = Math.min(1, Math.max(0, (px * dx + py * dy) * perLength2));
      const ex = px - t * dx;
      const ey = py - t * dy;
      const cover = (reach - Math.sqrt(ex * ex + ey * ey)) / pen.edge;
      const pixel = BOX_SIDE * row + column;
      if (cover > box[pixel]!) box[pixel] = Math.min(1, cover);
    }
}

/** Lays the box on the image, moved by whole pixels so that its center of mass is nearest the middle. */
function center(box: Float64Array, level: number, out: Uint8Array): void {
  let mass = 0;
  let massX = 0;
  let massY = 0;
  for (let i = 0; i < box.length; i++) {
    mass += box[i]!;
    massX += box[i]! * ((i % BOX_SIDE) + 0.5);
    massY += box[i]! * (Math.floor(i / BOX_SIDE) + 0.5);
  }
  const left = inside(Math.round(IMAGE_SIDE / 2 - massX / mass));
  const top = inside(Math.round(IMAGE_SIDE / 2 - massY / mass));
  out.fill(0, 0, IMAGE_SIDE * IMAGE_SIDE);
  for (let i = 0; i < box.length; i++) {
    const row = top + Math.floor(i / BOX_SIDE);
    out[IMAGE_SIDE * row + left + (i % BOX_SIDE)] = Math.round(level * box[i]!);
  }
}

/** The box never leaves the image, however lopsided the ink. */
function inside(offset: number): number {
  return Math.min(IMAGE_SIDE - BOX_SIDE, Math.max(0, offset));
}
