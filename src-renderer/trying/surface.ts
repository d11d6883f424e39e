/**
 * @file What lies on the pad: ink alone, or a picture that was pasted, dropped or photographed, with its ink found.
 * Ink is found by taking the paper away: dark strokes on light paper and light strokes on dark both become bright ink
 * on nothing, as digit models know it.
 */
import { paintPiece, type Box, type Plane, type Point } from './ink.ts';

/** Levels 0 … 255 [height, width] each. */
export type Colors = {
  readonly gray: Uint8Array;
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
};
export type Surface = {
  readonly width: number;
  readonly height: number;
  readonly ink: Uint8Array;
  /** Null: nothing but ink. */
  readonly colors: Colors | null;
  /** Strokes are lighter than what they are drawn on. Always so without colors. */
  readonly isDark: boolean;
};

/** A drawing's side: 16 pixels to each of 28, so that edges are smooth and a step costs a few milliseconds. */
export const surfaceSide = 448;
/** Paper as bright as this is black, as in pictures made for digit models: nothing to take away. */
const blackMax = 8;
/** Of the way from paper to the strongest ink: what is weaker is grain and shadow. */
const grainShare = 0.3;
/** Of all pixels: those stronger than the strongest ink counted are sparks. */
const sparkShare = 0.005;

export function emptySurface(): Surface {
  const [width, height] = [surfaceSide, surfaceSide];
  return { width, height, ink: new Uint8Array(width * height), colors: null, isDark: true };
}

/** @param pixels RGBA, transparent places over white paper. */
export function surfaceOf(
  pixels: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
): Surface {
  const count = width * height;
  const colors = {
    gray: new Uint8Array(count),
    red: new Uint8Array(count),
    green: new Uint8Array(count),
    blue: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const alpha = pixels[4 * i + 3]! / 255;
    const [red, green, blue] = [0, 1, 2].map((c) =>
      Math.round(pixels[4 * i + c]! * alpha + 255 * (1 - alpha)),
    ) as [number, number, number]; // three, as the list above
    colors.red[i] = red;
    colors.green[i] = green;
    colors.blue[i] = blue;
    // Luma as ITU-R BT.601 defines it, as imports do it.
    colors.gray[i] = (299 * red + 587 * green + 114 * blue + 500) / 1000;
  }
  const paper = borderMedian(colors.gray, width, height);
  const ink = inkOf(colors.gray, paper);
  return { width, height, ink, colors, isDark: paper < 128 };
}

/** Paints a piece of a stroke onto everything that can be read of the surface. */
export function paintOn(surface: Surface, from: Point, to: Point, isEraser: boolean): Box {
  const { width, height, colors, isDark } = surface;
  const plane = (levels: Uint8Array): Plane => ({ levels, width, height });
  for (const levels of colors === null ? [] : Object.values(colors))
    paintPiece(plane(levels), from, to, isDark !== isEraser);
  return paintPiece(plane(surface.ink), from, to, !isEraser);
}

/** A copy that can be painted on. */
export function copyOf(surface: Surface): Surface {
  const { ink, colors } = surface;
  const copied = colors && {
    gray: colors.gray.slice(),
    red: colors.red.slice(),
    green: colors.green.slice(),
    blue: colors.blue.slice(),
  };
  return { ...surface, ink: ink.slice(), colors: copied };
}

/** The median level along the four edges: what the paper looks like. */
export function borderMedian(levels: Uint8Array, width: number, height: number): number {
  const counts = new Uint32Array(256);
  for (let x = 0; x < width; x++) {
    counts[levels[x]!]!++;
    counts[levels[(height - 1) * width + x]!]!++;
  }
  for (let y = 1; y < height - 1; y++) {
    counts[levels[y * width]!]!++;
    counts[levels[y * width + width - 1]!]!++;
  }
  return levelAbove(counts, 0.5);
}

/** The level that `share` of what was counted does not exceed. */
function levelAbove(counts: Uint32Array, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let level = 0; level < 256; level++) {
    seen += counts[level]!;
    if (seen >= total * share) return level;
  }
  return 255;
}

/** Distance from the paper, stretched so that the strongest ink is full, without what is weaker than grain. */
function inkOf(gray: Uint8Array, paper: number): Uint8Array {
  if (paper <= blackMax) return gray.slice();
  const far = gray.map((level) => Math.max(0, paper < 128 ? level - paper : paper - level));
  const counts = new Uint32Array(256);
  for (const level of far) counts[level]!++;
  const strongest = Math.max(1, levelAbove(counts, 1 - sparkShare));
  const grain = strongest * grainShare;
  return far.map((level) =>
    level <= grain ? 0 : Math.min(255, Math.round((255 * (level - grain)) / (strongest - grain))),
  );
}
