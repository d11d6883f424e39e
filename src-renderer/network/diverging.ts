/**
 * @file Colors of values around zero: orange below, blue above, the page's gray at zero. Color is never the only sign:
 * what is drawn with it marks negative values by a dash or a minus as well.
 */

export type Rgb = readonly [red: number, green: number, blue: number];
export type Diverging = {
  readonly negative: Rgb;
  readonly zero: Rgb;
  readonly positive: Rgb;
  /** What is not a number. */
  readonly broken: Rgb;
};

export const divergingColors = {
  light: {
    negative: [201, 84, 0],
    zero: [236, 239, 244],
    positive: [24, 88, 196],
    broken: [200, 0, 160],
  },
  dark: {
    negative: [255, 158, 74],
    zero: [38, 43, 53],
    positive: [112, 168, 255],
    broken: [255, 92, 214],
  },
} as const satisfies Record<string, Diverging>;

/** @param share  of the largest size: −1 … 1; beyond it counts as the end */
export function divergingColor(colors: Diverging, share: number): Rgb {
  if (Number.isNaN(share)) return colors.broken;
  const end = share < 0 ? colors.negative : colors.positive;
  const part = Math.min(1, Math.abs(share));
  const mixed = (i: 0 | 1 | 2): number =>
    Math.round(colors.zero[i] + (end[i] - colors.zero[i]) * part);
  return [mixed(0), mixed(1), mixed(2)];
}

export const cssColor = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** The largest size among finite values; 0 without any. */
export function largestSize(values: ArrayLike<number>, start = 0, end = values.length): number {
  let largest = 0;
  for (let i = start; i < end; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest && Number.isFinite(size)) largest = size;
  }
  return largest;
}

export type Raster = {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
};

/** Values [H, W] from `start` on, by their share of `max`. */
export function divergingRaster(
  values: Float32Array,
  [start, height, width]: readonly [number, number, number],
  max: number,
  colors: Diverging,
): Raster {
  const pixels = new Uint8ClampedArray(4 * height * width);
  for (let i = 0; i < height * width; i++) {
    const value = values[start + i]!;
    const share = max === 0 && value === 0 ? 0 : value / max;
    pixels.set(divergingColor(colors, share), 4 * i);
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}

/** Values [H, W] to be laid over a picture: clear at zero. In bright colors, since pictures are mostly dark. */
export function overlayRaster(
  values: Float32Array,
  [height, width]: readonly [number, number],
  max: number,
): Raster {
  const pixels = new Uint8ClampedArray(4 * height * width);
  const { dark } = divergingColors;
  for (let i = 0; i < height * width; i++) {
    const share = max === 0 ? 0 : values[i]! / max;
    pixels.set(divergingColor(dark, Math.sign(share)), 4 * i);
    // The square root: half of the largest is seen well, a hundredth hardly.
    pixels[4 * i + 3] = Number.isNaN(share) ? 255 : 255 * Math.sqrt(Math.min(1, Math.abs(share)));
  }
  return { width, height, pixels };
}

/** A picture [C, H, W] of 0 … 1, gray or in color. */
export function pictureRaster(
  values: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Raster {
  const pixels = new Uint8ClampedArray(4 * height * width);
  const area = height * width;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++)
      pixels[4 * i + c] = 255 * values[(channels === 1 ? 0 : c) * area + i]!;
    pixels[4 * i + 3] = 255;
  }
  return { width, height, pixels };
}

/** The mean over channels of [C, H, W]: one picture of weights that read several. */
export function overChannels(
  values: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  start = 0,
): Float32Array {
  const area = height * width;
  const mean = new Float32Array(area);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < area; i++) mean[i]! += values[start + c * area + i]! / channels;
  return mean;
}
