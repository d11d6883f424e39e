/**
 * @file Writes one digit as a pen would: picks a way of writing it, moves every point a little, runs a smooth
 * curve through them and bends, slants and turns the whole.
 *
 * Only + − × ÷ and square roots are used here and in `render.ts`. IEEE 754 rounds these exactly, so every
 * machine gives the same bytes; sines and logarithms would not promise that.
 */
import type { Stream } from '../../random.ts';
import { allographs } from './allographs.ts';

/** One pen stroke as a polyline, three numbers a point: x, y on the square of 100, and pressure around 1. */
export type Stroke = Float64Array;

type Corners = readonly boolean[];
type Shape = { readonly points: Stroke; readonly corners: Corners };
type Way = { readonly share: number; readonly shapes: readonly Shape[] };

/** Curve pieces between two points: fine enough that no edge shows at 20 pixels. */
const STEPS = 6;

/** How far the hand strays, on the square of 100 or as a factor; a careless hand scales all of it. */
const JITTER = 3;
const PRESSURE = 0.09;
const OVERSHOOT = 0.09;
const BEND = 9;
const TURN = 0.08;
const SLANT_MEAN = 0.12;
const SLANT = 0.21;
const GAP_SHARE = 0.02;

const ways: readonly (readonly Way[])[] = allographs.map((list) =>
  list.map(({ share, strokes }) => ({ share, shapes: strokes.split('/').map(parse) })),
);

/** The strokes of one handwritten `digit`, in writing order. */
export function writeDigit(digit: number, random: Stream): readonly Stroke[] {
  // Most hands are neat, some are in a hurry.
  const haste = random.float();
  const stray = 0.5 + haste * haste;
  const strokes = pick(ways[digit]!, random).shapes.map((shape) =>
    curve(wander(shape.points, stray, random), shape.corners),
  );
  bend(strokes, BEND * stray, random);
  place(strokes, random);
  return random.float() < GAP_SHARE ? withGap(strokes, random) : strokes;
}

/** Nearly normal: mean 0, standard deviation 1, never beyond ±3. The sum of three uniform draws. */
export function spread(random: Stream): number {
  return 2 * (random.float() + random.float() + random.float()) - 3;
}

function parse(text: string): Shape {
  const words = text.trim().split(/\s+/);
  const points = new Float64Array(3 * words.length);
  words.forEach((word, i) =>
    points.set([...word.replace('!', '').split(',').map(Number), 1], 3 * i),
  );
  return { points, corners: words.map((word) => word.endsWith('!')) };
}

function pick(list: readonly Way[], random: Stream): Way {
  let left = random.float() * list.reduce((sum, way) => sum + way.share, 0);
  return list.find((way) => (left -= way.share) < 0) ?? list[0]!;
}

/** Every point strays, the pressure varies along the stroke, and the ends stop short or run over. */
function wander(points: Stroke, stray: number, random: Stream): Stroke {
  const moved = points.slice();
  const last = points.length - 3;
  lengthen(moved, 0, 3, OVERSHOOT * stray * spread(random));
  lengthen(moved, last, last - 3, OVERSHOOT * stray * spread(random));
  for (let i = 0; i < moved.length; i += 3) {
    moved[i]! += JITTER * stray * spread(random);
    moved[i + 1]! += JITTER * stray * spread(random);
    moved[i + 2]! += PRESSURE * spread(random);
  }
  return moved;
}

/** Moves the point at `end` away from its neighbor at `next` by `factor` of their distance. */
function lengthen(points: Stroke, end: number, next: number, factor: number): void {
  for (let k = 0; k < 2; k++) points[end + k]! += factor * (points[end + k]! - points[next + k]!);
}

/** The Catmull–Rom curve through `points`; at corners and ends the curve leaves straight for the next point. */
function curve(points: Stroke, corners: Corners): Stroke {
  const pieces = points.length / 3 - 1;
  const line = new Float64Array(3 * (pieces * STEPS + 1));
  for (let piece = 0; piece < pieces; piece++) {
    const smoothStart = piece > 0 && !corners[piece];
    const smoothEnd = piece < pieces - 1 && !corners[piece + 1];
    for (let k = 0; k < 3; k++) {
      const p1 = points[3 * piece + k]!;
      const p2 = points[3 * piece + 3 + k]!;
      const p0 = smoothStart ? points[3 * piece - 3 + k]! : 2 * p1 - p2;
      const p3 = smoothEnd ? points[3 * piece + 6 + k]! : 2 * p2 - p1;
      for (let step = 0; step < STEPS; step++)
        line[3 * (piece * STEPS + step) + k] = catmullRom(p0, p1, p2, p3, step / STEPS);
    }
  }
  line.set(points.subarray(-3), line.length - 3);
  return line;
}

/** Catmull and Rom, 1974: the cubic from p1 (t = 0) to p2 (t = 1) with slopes (p2 − p0)/2 and (p3 − p1)/2. */
function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const a = 3 * (p1 - p2) + p3 - p0;
  const b = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  return p1 + 0.5 * t * (p2 - p0 + t * (b + t * a));
}

/**
 * Bends the paper: a random displacement on a 4 × 4 lattice, spacing 50 from −25 … 125 (what the strokes can
 * reach, generously), smoothed by quadratic B-splines. Nearby points move together, so strokes keep meeting.
 */
function bend(strokes: readonly Stroke[], size: number, random: Stream): void {
  // A spline averages over its neighbors, which halves the draws' standard deviation in the plane.
  const lattice = Float64Array.from({ length: 32 }, () => 2 * size * spread(random));
  const wx = new Float64Array(3);
  const wy = new Float64Array(3);
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i += 3) {
      const column = splineWeights(stroke[i]!, wx);
      const row = splineWeights(stroke[i + 1]!, wy);
      for (let v = 0; v < 3; v++)
        for (let u = 0; u < 3; u++) {
          const weight = wx[u]! * wy[v]!;
          const node = 2 * (4 * (row + v) + column + u);
          stroke[i]! += weight * lattice[node]!;
          stroke[i + 1]! += weight * lattice[node + 1]!;
        }
    }
}

/** Quadratic B-spline weights of three lattice nodes at `position`, and the first of them (0 or 1). */
function splineWeights(position: number, weights: Float64Array): number {
  const nearest = Math.min(2, Math.max(1, Math.round((position + 25) / 50)));
  const t = Math.min(0.5, Math.max(-0.5, (position + 25) / 50 - nearest));
  weights[0] = 0.5 * (0.5 - t) * (0.5 - t);
  weights[1] = 0.75 - t * t;
  weights[2] = 0.5 * (0.5 + t) * (0.5 + t);
  return nearest - 1;
}

/** Width, slant and turn of the whole digit about its middle. */
function place(strokes: readonly Stroke[], random: Stream): void {
  const aspect = 0.93 * (1 + 0.2 * spread(random));
  const slant = SLANT_MEAN + SLANT * spread(random);
  const tangent = TURN * spread(random);
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i += 3) {
      const y = stroke[i + 1]! - 50;
      const x = aspect * (stroke[i]! - 50) - slant * y;
      stroke[i] = cosine * (x - tangent * y);
      stroke[i + 1] = cosine * (y + tangent * x);
    }
}

/** The pen fails to write for a moment: one stroke falls in two. */
function withGap(strokes: readonly Stroke[], random: Stream): Stroke[] {
  const broken = random.below(strokes.length);
  return strokes.flatMap((stroke, i) => {
    const points = stroke.length / 3;
    const cut = 2 + random.below(points - 4);
    return i === broken ? [stroke.slice(0, 3 * cut), stroke.slice(3 * (cut + 2))] : [stroke];
  });
}
