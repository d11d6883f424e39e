/** @file Augmented training images as the core sends them, and how they are drawn. */

export type Augmented = {
  readonly images: number;
  readonly variants: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** uint8 [images · (1 + variants), channels, height, width]: each image followed by its variants. */
  readonly pixels: Uint8Array;
};

const headerBytes = 20;

/** @throws RangeError when the bytes are not as many as the header says */
export function parseAugmented(bytes: ArrayBuffer): Augmented {
  if (bytes.byteLength < headerBytes) throw new RangeError('the pictures have no header');
  const view = new DataView(bytes);
  const [images = 0, variants = 0, channels = 0, height = 0, width = 0] = Array.from(
    { length: headerBytes / 4 },
    (_, at) => view.getUint32(at * 4, true),
  );
  const pixels = new Uint8Array(bytes, headerBytes);
  if (pixels.length !== images * (1 + variants) * channels * height * width)
    throw new RangeError(`${pixels.length} bytes are not the pictures that the header announces`);
  return { images, variants, channels, height, width, pixels };
}

/** One picture as RGBA; gray where it has one channel. */
export function rgbaOf(augmented: Augmented, index: number): Uint8ClampedArray<ArrayBuffer> {
  const { channels, height, width, pixels } = augmented;
  const area = height * width;
  const first = index * channels * area;
  const rgba = new Uint8ClampedArray(area * 4);
  for (let at = 0; at < area; at++) {
    for (let c = 0; c < 3; c++) {
      rgba[at * 4 + c] = pixels[first + (channels === 3 ? c : 0) * area + at]!;
    }
    rgba[at * 4 + 3] = 255;
  }
  return rgba;
}
