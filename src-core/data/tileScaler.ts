/**
 * @file Scales planar pictures into square tiles of one size, whole and centered on transparency. A triangle filter
 * as in decode/pixels.ts, with its weights kept per size and its buffers reused: about 10 µs for a digit.
 */
import { fitInside, type Size } from './decode/pixels.ts';

/** For each target pixel the first source pixel and `width` weights, padded with zeros. */
type Filter = {
  readonly starts: Int32Array;
  readonly weights: Float32Array;
  readonly width: number;
};

/** Filters of as many sizes as a mixed dataset shows on one screen, roughly; beyond, all are made anew. */
const filtersMax = 512;
const opaque = 0xff000000;

export class TileScaler {
  readonly #side: number;
  readonly #filters = new Map<number, Filter>();
  /** [source height, target width] of one channel. */
  #across = new Float32Array(0);

  constructor(side: number) {
    this.#side = side;
  }

  /**
   * @param planar  uint8 [channels, size.height, size.width].
   * @param tile    [side, side] pixels, overwritten.
   */
  draw(planar: Uint8Array, size: Size, channels: 1 | 3, tile: Uint32Array): void {
    const side = this.#side;
    const fitted = fitInside(size, { channels, width: side, height: side });
    const left = (side - fitted.width) >> 1;
    const top = (side - fitted.height) >> 1;
    if (fitted.width < side || fitted.height < side) tile.fill(0);
    const plane = size.width * size.height;
    for (let c = 0; c < channels; c++) {
      const pixels = planar.subarray(c * plane, (c + 1) * plane);
      const paint: Paint = channels === 1 ? gray : colored[c]!;
      const to = { tile, first: top * side + left, stride: side };
      if (fitted.width === size.width && fitted.height === size.height)
        copy(pixels, fitted, to, paint);
      else this.#resample(pixels, { from: size, fitted }, to, paint);
    }
  }

  #resample(
    pixels: Uint8Array,
    { from, fitted }: { from: Size; fitted: Size },
    { tile, first, stride }: Target,
    { factor, base }: Paint,
  ): void {
    const across = this.#acrossOf(from.height * fitted.width);
    const horizontal = this.#filter(from.width, fitted.width);
    const vertical = this.#filter(from.height, fitted.height);
    for (let y = 0, to = 0; y < from.height; y++)
      for (let x = 0; x < fitted.width; x++) {
        const start = y * from.width + horizontal.starts[x]!;
        const weight = x * horizontal.width;
        let sum = 0;
        for (let k = 0; k < horizontal.width; k++)
          sum += horizontal.weights[weight + k]! * pixels[start + k]!;
        across[to++] = sum;
      }
    for (let y = 0; y < fitted.height; y++) {
      const start = vertical.starts[y]! * fitted.width;
      const weight = y * vertical.width;
      const row = first + y * stride;
      for (let x = 0; x < fitted.width; x++) {
        let sum = 0.5;
        for (let k = 0; k < vertical.width; k++)
          sum += vertical.weights[weight + k]! * across[start + k * fitted.width + x]!;
        const value = (sum | 0) * factor;
        tile[row + x] = base === opaque ? opaque | value : tile[row + x]! | value;
      }
    }
  }

  #acrossOf(length: number): Float32Array {
    if (this.#across.length < length) this.#across = new Float32Array(length);
    return this.#across;
  }

  #filter(from: number, to: number): Filter {
    const key = from * 65_536 + to;
    const known = this.#filters.get(key);
    if (known) return known;
    if (this.#filters.size >= filtersMax) this.#filters.clear();
    const made = triangle(from, to);
    this.#filters.set(key, made);
    return made;
  }
}

type Target = { readonly tile: Uint32Array; readonly first: number; readonly stride: number };

/** A sample is multiplied with `factor`; the first channel overwrites with `base`, later ones add to what is there. */
type Paint = { readonly factor: number; readonly base: number };
const gray: Paint = { factor: 0x010101, base: opaque };
const colored: readonly Paint[] = [
  { factor: 1, base: opaque },
  { factor: 0x100, base: 0 },
  { factor: 0x10000, base: 0 },
];

function copy(pixels: Uint8Array, size: Size, target: Target, { factor, base }: Paint): void {
  const { tile, first, stride } = target;
  for (let y = 0, from = 0; y < size.height; y++)
    for (let x = 0, to = first + y * stride; x < size.width; x++, to++) {
      const value = pixels[from++]! * factor;
      tile[to] = base === opaque ? opaque | value : tile[to]! | value;
    }
}

/** Triangles of half-width max(1, from / to) around each target pixel's center, weights summing to 1. */
function triangle(from: number, to: number): Filter {
  const scale = from / to;
  const reach = Math.max(1, scale);
  // From the first pixel inside the triangle on; one more would only ever weigh nothing.
  const width = Math.min(from, Math.ceil(2 * reach));
  const starts = new Int32Array(to);
  const weights = new Float32Array(to * width);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale - 0.5;
    // Never beyond the last pixel: the weights of what lies outside the triangle are zero.
    const start = Math.min(Math.max(0, Math.ceil(center - reach)), from - width);
    starts[i] = start;
    const row = weights.subarray(i * width, (i + 1) * width);
    for (let k = 0; k < width; k++) row[k] = Math.max(0, 1 - Math.abs(start + k - center) / reach);
    const sum = row.reduce((total, weight) => total + weight, 0);
    for (let k = 0; k < width; k++) row[k]! /= sum;
  }
  return { starts, weights, width };
}
