/**
 * @file Seeded changes to training images. What happens to an image depends on the spec and the stream passed
 * and on nothing else, so naming the stream by seed, epoch and sample makes it repeatable in any order.
 */
import type { AugmentationSpec, ImageShape } from '../model/spec.ts';
import { imageSize } from '../engine/engine.ts';
import { createElastic } from './elastic.ts';
import { createWarper, type Transform } from './warp.ts';
import type { Stream } from '../random.ts';

export type Augmenter = {
  /**
   * Reads one image, uint8 [C, H, W] of `source` from `sourceOffset`, and writes its changed copy, same shape,
   * to `out` from `outOffset`. The two may be the same place. Nothing is allocated.
   */
  apply(
    source: Uint8Array,
    sourceOffset: number,
    out: Uint8Array,
    outOffset: number,
    random: Stream,
  ): void;
};

/** An augmenter for images of one shape. It owns its buffers: one at a time, so one per thread. */
export function createAugmenter(spec: AugmentationSpec, shape: ImageShape): Augmenter {
  const size = imageSize(shape);
  const levels = new Float32Array(size);
  const warp = createWarper(shape);
  const elastic = spec.elasticPixels > 0 ? createElastic(spec, shape) : null;
  const moves = elastic !== null || changesPlace(spec);
  const transform: Transform = { shiftX: 0, shiftY: 0, rotateRadians: 0, scale: 1, shear: 0 };

  return {
    apply(source, sourceOffset, out, outOffset, random) {
      // Drawn whether used or not: turning one change off leaves the draws of the others as they were.
      drawTransform(spec, random, transform);
      const inverted = random.float() < spec.invert;
      if (moves) warp(source, sourceOffset, transform, elastic ? elastic(random) : null, levels);
      else for (let i = 0; i < size; i++) levels[i] = source[sourceOffset + i]!;
      if (inverted) for (let i = 0; i < size; i++) levels[i] = 255 - levels[i]!;
      if (spec.noise > 0) addNoise(levels, spec.noise, random);
      for (let i = 0; i < size; i++) out[outOffset + i] = grayLevel(levels[i]!);
    },
  };
}

function changesPlace(spec: AugmentationSpec): boolean {
  return spec.shiftPixels > 0 || spec.rotateDegrees > 0 || spec.scale > 0 || spec.shearDegrees > 0;
}

/** Draws each change uniformly from −value … value, into `transform`. */
export function drawTransform(spec: AugmentationSpec, random: Stream, transform: Transform): void {
  transform.shiftX = spec.shiftPixels * symmetric(random);
  transform.shiftY = spec.shiftPixels * symmetric(random);
  transform.rotateRadians = radians(spec.rotateDegrees * symmetric(random));
  transform.scale = 1 + spec.scale * symmetric(random);
  transform.shear = Math.tan(radians(spec.shearDegrees * symmetric(random)));
}

function symmetric(random: Stream): number {
  return 2 * random.float() - 1;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Mean and standard deviation of the sum of four bytes drawn uniformly from 0 … 255: 4·255/2, √(4·(256² − 1)/12). */
const FOUR_BYTES_MEAN = 510;
const FOUR_BYTES_DEVIATION = Math.sqrt((4 * (256 * 256 - 1)) / 12);

/**
 * Adds noise of standard deviation `deviation`. The sum of four uniform bytes, one draw of the stream, stands
 * for a normal value: it ends at ±3.45 deviations, and in whole gray levels no one can tell.
 */
function addNoise(levels: Float32Array, deviation: number, random: Stream): void {
  const factor = deviation / FOUR_BYTES_DEVIATION;
  for (let i = 0; i < levels.length; i++) {
    const word = random.uint32();
    const sum = (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
    levels[i]! += factor * (sum - FOUR_BYTES_MEAN);
  }
}

/** The nearest of 0 … 255. */
function grayLevel(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : (value + 0.5) | 0;
}
