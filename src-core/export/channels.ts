/** @file The order of the values of an image: one channel after another here, one pixel after another elsewhere. */
import { imageSize } from '../engine/engine.ts';
import type { ImageShape } from '../model/spec.ts';

/** [N, C, H, W] → [N, H, W, C] */
export function channelsLast(pixels: Uint8Array, shape: ImageShape): Uint8Array {
  const { channels } = shape;
  const size = imageSize(shape);
  const area = shape.height * shape.width;
  const out = new Uint8Array(pixels.length);
  for (let start = 0; start < pixels.length; start += size)
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < area; i++) out[start + i * channels + c] = pixels[start + c * area + i]!;
  return out;
}
