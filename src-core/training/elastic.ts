/**
 * @file Elastic distortion (Simard, Steinkraus and Platt, 2003): every pixel is displaced a little, neighbors
 * alike. The smooth field is not a filtered random image but a cubic B-spline over a coarse lattice of random
 * vectors, which is the same thing for a fraction of the work.
 */
import type { AugmentationSpec, ImageShape } from '../model/spec.ts';
import type { Stream } from '../random.ts';
import type { Displacement } from './warp.ts';

/** Lattice weights along one axis: for each pixel the first of four lattice nodes, and the weight of each. */
type Axis = { readonly nodes: number; readonly first: Int32Array; readonly weights: Float64Array };

/**
 * A source of displacement fields, [H, W, 2], for images of one shape; each call overwrites the last one.
 *
 * Lattice vectors are uniform in ±`elasticPixels` each way. Splines average, so no pixel moves further than
 * that, and the field's standard deviation is about 0.28 of it: 5 pixels is the distortion of Simard's α = 34,
 * σ = 4. A cubic B-spline of spacing h has the width of a Gaussian of σ = h/√3, which sets the spacing.
 */
export function createElastic(
  { elasticPixels, elasticSigma }: AugmentationSpec,
  { height, width }: ImageShape,
): (random: Stream) => Displacement {
  const spacing = elasticSigma * Math.sqrt(3);
  const across = axis(width, spacing);
  const down = axis(height, spacing);
  const lattice = new Float64Array(2 * across.nodes * down.nodes);
  const line = new Float64Array(2 * across.nodes);
  const field = new Float32Array(2 * height * width);

  return (random) => {
    for (let i = 0; i < lattice.length; i++) lattice[i] = elasticPixels * (2 * random.float() - 1);
    for (let row = 0; row < height; row++) {
      blendRows(lattice, down, row, line);
      blendColumns(line, across, field, 2 * width * row);
    }
    return field;
  };
}

/** Places the lattice centered over `length` pixels, with nodes enough that four surround every pixel. */
function axis(length: number, spacing: number): Axis {
  const cells = Math.floor((length - 1) / spacing) + 1;
  const margin = (cells * spacing - (length - 1)) / 2;
  const first = new Int32Array(length);
  const weights = new Float64Array(4 * length);
  for (let pixel = 0; pixel < length; pixel++) {
    const position = (pixel + margin) / spacing;
    const cell = Math.min(cells - 1, Math.floor(position));
    first[pixel] = cell;
    cubicWeights(position - cell, weights, 4 * pixel);
  }
  return { nodes: cells + 3, first, weights };
}

/** Uniform cubic B-spline: the weights of the four nodes around a point at `t`, 0 … 1, between the middle two. */
function cubicWeights(t: number, out: Float64Array, at: number): void {
  const s = 1 - t;
  out[at] = (s * s * s) / 6;
  out[at + 1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
  out[at + 2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
  out[at + 3] = (t * t * t) / 6;
}

/** One line of lattice vectors at pixel row `row`: four lattice rows weighted. */
function blendRows(lattice: Float64Array, down: Axis, row: number, line: Float64Array): void {
  const start = down.first[row]! * line.length;
  const w0 = down.weights[4 * row]!;
  const w1 = down.weights[4 * row + 1]!;
  const w2 = down.weights[4 * row + 2]!;
  const w3 = down.weights[4 * row + 3]!;
  for (let i = 0; i < line.length; i++) {
    const node = start + i;
    line[i] =
      w0 * lattice[node]! +
      w1 * lattice[node + line.length]! +
      w2 * lattice[node + 2 * line.length]! +
      w3 * lattice[node + 3 * line.length]!;
  }
}

/** One row of the field, from `at`: at each pixel, four vectors of the line weighted. */
function blendColumns(line: Float64Array, across: Axis, field: Float32Array, at: number): void {
  const { first, weights } = across;
  for (let column = 0; column < first.length; column++) {
    const w0 = weights[4 * column]!;
    const w1 = weights[4 * column + 1]!;
    const w2 = weights[4 * column + 2]!;
    const w3 = weights[4 * column + 3]!;
    const i = 2 * first[column]!;
    field[at + 2 * column] =
      w0 * line[i]! + w1 * line[i + 2]! + w2 * line[i + 4]! + w3 * line[i + 6]!;
    field[at + 2 * column + 1] =
      w0 * line[i + 1]! + w1 * line[i + 3]! + w2 * line[i + 5]! + w3 * line[i + 7]!;
  }
}
