/**
 * @file Moves, turns, scales, shears and bends an image in one sampling: every pixel of the result looks up
 * where it comes from, so that blurring happens once however many changes are combined.
 */
import type { ImageShape } from '../model/spec.ts';

/** Applied to the image about its middle in this order: scale, shear, rotate, shift. Clockwise on the screen. */
export type Transform = {
  shiftX: number;
  shiftY: number;
  rotateRadians: number;
  scale: number;
  /** Tangent of the shear angle: how far x moves per pixel of y upward. */
  shear: number;
};

/** Displacements in pixels, [H, W, 2] as x, y: where each pixel of the result looks besides the transform. */
export type Displacement = Float32Array;

export type Warper = (
  source: Uint8Array,
  sourceOffset: number,
  transform: Readonly<Transform>,
  displacement: Displacement | null,
  out: Float32Array,
) => void;

/**
 * A warper for images of one shape. It reads uint8 [C, H, W] of `source` from `sourceOffset` and writes float32
 * [C, H, W] gray levels to `out`. What lies outside the image takes the value of the nearest edge pixel.
 */
export function createWarper({ channels, height, width }: ImageShape): Warper {
  const area = height * width;
  // The margin lets bilinear reads at the last row and column run over, where their weight is zero.
  const image = new Uint8Array(channels * area + width + 1);
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;

  return (source, sourceOffset, transform, displacement, out) => {
    for (let i = 0; i < channels * area; i++) image[i] = source[sourceOffset + i]!;
    const { xx, xy, yx, yy } = inverse(transform);
    for (let row = 0, pixel = 0; row < height; row++)
      for (let column = 0; column < width; column++, pixel++) {
        let x = column - middleX - transform.shiftX;
        let y = row - middleY - transform.shiftY;
        if (displacement) {
          x += displacement[2 * pixel]!;
          y += displacement[2 * pixel + 1]!;
        }
        const fromX = clamp(middleX + xx * x + xy * y, width - 1);
        const fromY = clamp(middleY + yx * x + yy * y, height - 1);
        const left = fromX | 0;
        const top = fromY | 0;
        const wx = fromX - left;
        const wy = fromY - top;
        for (let plane = 0; plane < channels * area; plane += area) {
          const i = plane + top * width + left;
          const upper = image[i]! + wx * (image[i + 1]! - image[i]!);
          const lower = image[i + width]! + wx * (image[i + width + 1]! - image[i + width]!);
          out[plane + pixel] = upper + wy * (lower - upper);
        }
      }
  };
}

/** The 2 × 2 matrix from the result back to the source: inverse of rotation · shear · scale, y downward. */
function inverse({ rotateRadians, scale, shear }: Readonly<Transform>) {
  const cosine = Math.cos(rotateRadians);
  const sine = Math.sin(rotateRadians);
  // Rotation undone is its transpose; shear undone is x + shear·y (y points down); then the scale is divided out.
  return {
    xx: (cosine - shear * sine) / scale,
    xy: (sine + shear * cosine) / scale,
    yx: -sine / scale,
    yy: cosine / scale,
  };
}

function clamp(value: number, last: number): number {
  return value < 0 ? 0 : value > last ? last : value;
}
