/**
 * @file From the pixels of any picture to the planar bytes a network reads. Plain loops over bytes, the same on
 * every machine: alpha over white, gray by luma, a triangle filter for every change of size.
 */
import type { ImageShape } from '../../model/spec.ts';

/** uint8 [height, width, channels]: gray 1, gray and alpha 2, color 3, color and alpha 4. */
export type Pixels = {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  readonly data: Uint8Array;
};

export type Size = { readonly width: number; readonly height: number };

/** The largest size of the same proportions inside `shape`, at least one pixel each way. */
export function fitInside(size: Size, shape: ImageShape): Size {
  const scale = Math.min(shape.width / size.width, shape.height / size.height);
  return {
    width: Math.min(shape.width, Math.max(1, Math.round(size.width * scale))),
    height: Math.min(shape.height, Math.max(1, Math.round(size.height * scale))),
  };
}

/**
 * The picture as a network of input `shape` reads it: over white where it is transparent, in the shape's
 * channels, scaled to fit inside and centered. What is left around it gets the median of its border, so that
 * dark ink on light paper and light ink on dark both keep their background.
 *
 * @param out  uint8 [C, H, W], overwritten.
 */
export function toTensor(picture: Pixels, shape: ImageShape, out: Uint8Array): void {
  const colored = toChannels(overWhite(picture), shape.channels);
  const fitted = resample(colored, fitInside(picture, shape));
  const { width, height, channels, data } = fitted;
  const left = (shape.width - width) >> 1;
  const top = (shape.height - height) >> 1;
  const plane = shape.width * shape.height;
  if (width * height < plane)
    for (let c = 0; c < channels; c++)
      out.fill(borderMedian(fitted, c), c * plane, (c + 1) * plane);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      let to = c * plane + (top + y) * shape.width + left;
      for (let x = 0, from = y * width * channels + c; x < width; x++, from += channels)
        out[to++] = data[from]!;
    }
}

/** From [C, H, W] to [H, W, C]. */
export function interleave(planar: Uint8Array, { width, height }: Size, channels: 1 | 3): Pixels {
  if (channels === 1) return { width, height, channels, data: planar };
  const plane = width * height;
  const data = new Uint8Array(planar.length);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) data[i * channels + c] = planar[c * plane + i]!;
  return { width, height, channels, data };
}

/** Alpha is coverage over white paper: v·α + 255·(1 − α). A transparent drawing in black stays black on white. */
function overWhite(picture: Pixels): Pixels & { readonly channels: 1 | 3 } {
  const { width, height, channels, data } = picture;
  if (channels === 1 || channels === 3) return { width, height, channels, data };
  const kept = channels === 4 ? 3 : 1;
  const count = width * height;
  const out = new Uint8Array(count * kept);
  for (let i = 0; i < count; i++) {
    const alpha = data[i * channels + kept]!;
    for (let c = 0; c < kept; c++) {
      const value = data[i * channels + c]!;
      out[i * kept + c] = Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, channels: kept, data: out };
}

/** Gray from color is luma as ITU-R BT.601 defines it: 0.299 R + 0.587 G + 0.114 B, on the stored values. */
function toChannels(picture: Pixels, wanted: 1 | 3): Pixels {
  const { width, height, channels, data } = picture;
  if (channels === wanted) return picture;
  const count = width * height;
  const out = new Uint8Array(count * wanted);
  for (let i = 0; i < count; i++)
    if (wanted === 3) out.fill(data[i]!, 3 * i, 3 * i + 3);
    else
      out[i] = (299 * data[3 * i]! + 587 * data[3 * i + 1]! + 114 * data[3 * i + 2]! + 500) / 1000;
  return { width, height, channels: wanted, data: out };
}

/** Separable triangle filter: linear when enlarging, an average over every source pixel when reducing. */
function resample(picture: Pixels, size: Size): Pixels {
  if (picture.width === size.width && picture.height === size.height) return picture;
  const { channels } = picture;
  const across = new Float32Array(size.width * picture.height * channels);
  const rowFrom = picture.width * channels;
  const rowTo = size.width * channels;
  taps(picture.width, size.width).forEach(({ start, weights }, x) => {
    for (let y = 0; y < picture.height; y++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += weights[k]! * picture.data[y * rowFrom + (start + k) * channels + c]!;
        across[y * rowTo + x * channels + c] = sum;
      }
  });
  const data = new Uint8Array(size.height * rowTo);
  taps(picture.height, size.height).forEach(({ start, weights }, y) => {
    for (let i = 0; i < rowTo; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++)
        sum += weights[k]! * across[(start + k) * rowTo + i]!;
      data[y * rowTo + i] = sum + 0.5; // weights are positive and sum to 1: never beyond 0 … 255
    }
  });
  return { ...size, channels, data };
}

type Taps = { readonly start: number; readonly weights: Float64Array };

/** For each target pixel, the source pixels under a triangle of half-width max(1, from / to), weights summing to 1. */
function taps(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale - 0.5;
    const start = Math.max(0, Math.ceil(center - reach));
    const end = Math.min(from - 1, Math.floor(center + reach));
    const weights = new Float64Array(end - start + 1);
    let sum = 0;
    for (let k = 0; k < weights.length; k++)
      sum += weights[k] = Math.max(0, 1 - Math.abs(start + k - center) / reach);
    for (let k = 0; k < weights.length; k++) weights[k]! /= sum;
    return { start, weights };
  });
}

/** The middle value of one channel along the border (the lower of two), by counting. */
function borderMedian({ width, height, channels, data }: Pixels, channel: number): number {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step, total++)
      counts[data[(y * width + x) * channels + channel]!]!++;
  }
  let value = 0;
  for (let seen = counts[0]!; seen * 2 < total; seen += counts[value]!) value++;
  return value;
}
