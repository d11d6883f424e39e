/** @file Files that the stories import: small, made anew each time, with known contents. */
import { createWriteStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';
import { ZipFile } from 'yazl';

const side = 28;

/** 28 × 28 gray bytes: a bright bar, at a height that tells the class, of a length that tells the image. */
function barPixels(label: number, index: number): Buffer {
  const pixels = Buffer.alloc(side * side);
  const top = 2 + label * 2;
  for (let y = top; y < top + 3; y++) {
    pixels.fill(255, y * side + 2, y * side + 4 + (index % 22));
    pixels[y * side + 27] = Math.floor(index / 22) % 256;
  }
  return pixels;
}

const png = (label: number, index: number): Promise<Buffer> =>
  sharp(barPixels(label, index), { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer();

/** An IDX pair of `count` images, labels 0 … 9 in turn. @returns both paths */
export async function writeIdxPair(folder: string, count: number): Promise<string[]> {
  const images = Buffer.concat([
    uint32s(0x00000803, count, side, side),
    ...Array.from({ length: count }, (_, i) => barPixels(i % 10, i)),
  ]);
  const labels = Buffer.concat([
    uint32s(0x00000801, count),
    Buffer.from(Array.from({ length: count }, (_, i) => i % 10)),
  ]);
  const paths = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'].map((it) =>
    join(folder, it),
  );
  await Promise.all([writeFile(paths[0]!, images), writeFile(paths[1]!, labels)]);
  return paths;
}

/** The original MNIST where it lies beside the project; null elsewhere. */
export function mnistPair(): string[] | null {
  const folder = join(import.meta.dirname, '../../shared/data/mnist');
  for (const suffix of ['', '.gz']) {
    const paths = ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'].map((name) =>
      join(folder, name + suffix),
    );
    if (paths.every((path) => existsSync(path))) return paths;
  }
  return null;
}

/** A ZIP of images in folders of their class ('': in no folder), and files that are none. @returns its path */
export async function writeZip(
  path: string,
  {
    classes,
    each,
    broken,
  }: { classes: readonly string[]; each: number; broken: readonly string[] },
): Promise<string> {
  const zip = new ZipFile();
  for (const [label, name] of classes.entries()) {
    for (let i = 0; i < each; i++) zip.addBuffer(await png(label, i), posix.join(name, `${i}.png`));
  }
  const whole = await png(0, 0);
  // Cut in the middle: it begins like an image, and cannot be read.
  for (const name of broken) zip.addBuffer(whole.subarray(0, 40), name);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
  return path;
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4));
  return bytes;
}
