/**
 * @file The way from what lies on the pad to what a network reads, step by step, each of which can be left out: find
 * the ink, cut around it, leave a margin, move its center of mass to the middle, invert. With the three of MNIST it is
 * `pictureOf`, which exported pages carry as well; otherwise a window of the surface is scaled.
 */
import type { ImageShape } from '../../src-core/contract/training.ts';
import { pictureOf } from '../../src-core/export/page/drawing.js';
import { borderMedian, type Surface } from './surface.ts';

export type Steps = {
  /** Reads the ink alone of a picture, without its paper. Drawings are ink. */
  readonly ink: boolean;
  /** Cuts around the ink. Without it the whole surface is read. */
  readonly crop: boolean;
  /** Leaves a margin: 20 of 28 pixels are filled. */
  readonly fit: boolean;
  /** Moves the center of mass to the middle, but no ink over an edge. */
  readonly center: boolean;
  /** Dark ink on light, for models that learned so. */
  readonly invert: boolean;
};
type Shape = ImageShape;
type Size = { readonly width: number; readonly height: number };
/** A part of the surface, in its pixels; it may reach beyond. */
export type Window = Size & { readonly left: number; readonly top: number };
/** What a network reads, and the part of the surface that each step chose. */
export type Reading = {
  /** uint8 [C, H, W] */
  readonly pixels: Uint8Array;
  /** Null: there is no ink. */
  readonly crop: Window;
  readonly fit: Window;
  readonly center: Window;
  /** The center of mass on the surface; null: there is no ink. */
  readonly mass: { readonly x: number; readonly y: number } | null;
};

/** MNIST's margin, as `pictureOf` has it. */
const filledShare = 20 / 28;
/** Sides of pictures that digits come in. */
const digitSides = { min: 16, max: 48 };

/** Gray and small: a network for digits, most likely. */
const isDigitLike = ({ channels, width, height }: Shape): boolean =>
  channels === 1 &&
  [width, height].every((side) => side >= digitSides.min && side <= digitSides.max);

export function usualSteps(shape: Shape): Steps {
  const isDigit = isDigitLike(shape);
  return { ink: isDigit, crop: isDigit, fit: isDigit, center: isDigit, invert: false };
}

export function readingOf(surface: Surface, shape: Shape, steps: Steps): Reading {
  // Also finds the ink; where its picture is not what is read, it may be small.
  const isCentered = steps.crop && steps.fit && steps.center;
  const size = isCentered ? sizeOf(shape) : { width: 1, height: 1 };
  const found = pictureOf(inkOf(surface), size, isCentered);
  const { crop: box, mass } = found;
  const crop = around(steps.crop && box ? box : { left: 0, top: 0, ...sizeOf(surface) }, shape);
  const fit = steps.fit ? grown(crop, 1 / filledShare) : crop;
  const center = steps.center && box && mass ? moved(fit, box, mass) : fit;
  const plane = shape.width * shape.height;
  const pixels = new Uint8Array(shape.channels * plane);
  for (const [c, levels] of planesOf(surface, shape, steps).entries()) {
    const isFound = isCentered && levels === surface.ink;
    pixels.set(isFound ? found.pixels : scaled(surface, levels, center, shape), c * plane);
  }
  if (steps.invert) for (let i = 0; i < pixels.length; i++) pixels[i] = 255 - pixels[i]!;
  return { pixels, crop, fit, center, mass };
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height });
const inkOf = ({ ink, width, height }: Surface) => ({ ink, width, height });

/** What each channel is read from. */
function planesOf({ ink, colors }: Surface, shape: Shape, steps: Steps): readonly Uint8Array[] {
  if (colors === null || steps.ink) return Array.from({ length: shape.channels }, () => ink);
  return shape.channels === 1 ? [colors.gray] : [colors.red, colors.green, colors.blue];
}

/** The smallest window of the shape's aspect that holds `box`, with it in the middle. */
function around(box: Window, shape: Size): Window {
  const scale = Math.max(box.width / shape.width, box.height / shape.height);
  const [width, height] = [scale * shape.width, scale * shape.height];
  const left = box.left + (box.width - width) / 2;
  return { left, top: box.top + (box.height - height) / 2, width, height };
}

function grown({ left, top, width, height }: Window, factor: number): Window {
  const [more, higher] = [width * (factor - 1), height * (factor - 1)];
  return {
    left: left - more / 2,
    top: top - higher / 2,
    width: width + more,
    height: height + higher,
  };
}

function moved(window: Window, box: Window, mass: { x: number; y: number }): Window {
  const { width, height } = window;
  const along = (start: number, length: number, middle: number, size: number): number =>
    Math.min(start, Math.max(start + length - size, middle - size / 2));
  // A window that ink fills entirely cannot move without losing some.
  const left = box.width > width ? window.left : along(box.left, box.width, mass.x, width);
  const top = box.height > height ? window.top : along(box.top, box.height, mass.y, height);
  return { left, top, width, height };
}

/** @returns uint8 [height, width] of `size` */
function scaled(surface: Surface, levels: Uint8Array, window: Window, size: Size): Uint8Array {
  const isInk = levels === surface.ink;
  const part = cut(surface, levels, window, isInk ? 0 : null);
  // `pictureOf` takes a plane as dark as this for empty; its opposite is not.
  const isDark = !isInk && part.ink.every((level) => level < 128);
  if (!isDark) return pictureOf(part, sizeOf(size), false).pixels;
  const opposite = { ...part, ink: part.ink.map((level) => 255 - level) };
  return pictureOf(opposite, sizeOf(size), false).pixels.map((level) => 255 - level);
}

/** The window's levels; beyond the surface there is `paper`, or where that is null, what its border looks like. */
function cut(surface: Surface, levels: Uint8Array, window: Window, paper: number | null) {
  const { width, height } = surface;
  const [left, top] = [Math.round(window.left), Math.round(window.top)];
  const size = {
    width: Math.max(1, Math.round(window.width)),
    height: Math.max(1, Math.round(window.height)),
  };
  const ink = new Uint8Array(size.width * size.height);
  ink.fill(paper ?? borderMedian(levels, width, height));
  const [from, to] = [Math.max(0, left), Math.min(width, left + size.width)];
  if (from >= to) return { ink, ...size };
  for (let y = Math.max(0, top); y < Math.min(height, top + size.height); y++)
    ink.set(
      levels.subarray(y * width + from, y * width + to),
      (y - top) * size.width + from - left,
    );
  return { ink, ...size };
}
