/** @file The digits that benchmarks read: MNIST where it is, and generated ones written as files. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import sharp from 'sharp';
import { DIGIT_BYTES, DIGIT_SIDE, digitImage, generateDigits } from '../src-core/data/digits.ts';

const folder = join(import.meta.dirname, '../../shared/data/mnist');

/** The folder of MNIST's four IDX files; null where it is not. */
export const mnistFolder: string | null = existsSync(folder) ? folder : null;

export const mnistMissing =
  'MNIST is not here: put its four IDX files into ../shared/data/mnist, seen from the project.';

const imageHeaderBytes = 16;
const labelHeaderBytes = 8;

/** MNIST's test set: uint8 [10 000, 1, 28, 28] and as many labels. */
export function mnistTest(from: string): { readonly pixels: Uint8Array; readonly labels: Buffer } {
  const content = (name: string) => gunzipSync(readFileSync(join(from, `t10k-${name}-ubyte.gz`)));
  return {
    pixels: content('images-idx3').subarray(imageHeaderBytes),
    labels: content('labels-idx1').subarray(labelHeaderBytes),
  };
}

/** As large as MNIST, and named like it. */
const idxSets = { train: 60_000, t10k: 10_000 };

/** Generated digits in place of MNIST: the same number in the same kind of files, not compressed. */
export async function writeIdx(into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  let first = 0;
  for (const [name, images] of Object.entries(idxSets)) {
    await writeIdxPair(join(into, name), first, images);
    first += images;
  }
}

async function writeIdxPair(stem: string, first: number, images: number): Promise<void> {
  const labels = new Uint8Array(images);
  await using file = await open(`${stem}-images-idx3-ubyte`, 'w');
  await file.write(header(0x803, images, DIGIT_SIDE, DIGIT_SIDE));
  const pixels = new Uint8Array(DIGIT_BYTES);
  for (let i = 0; i < images; i++) {
    labels[i] = digitImage(1, first + i, pixels);
    await file.write(pixels);
  }
  await writeFile(`${stem}-labels-idx1-ubyte`, Buffer.concat([header(0x801, images), labels]));
}

/** Digits drawn once; more images repeat them. */
const distinctDigits = 5000;

/**
 * An IDX pair of any number of different images: a few thousand digits again and again, each with its number in the
 * last pixels of the last row, so that no two are equal.
 */
export async function writeManyDigits(into: string, images: number): Promise<void> {
  await mkdir(into, { recursive: true });
  const stem = join(into, 'train');
  const pixels = new Uint8Array(distinctDigits * DIGIT_BYTES);
  const digits = Uint8Array.from({ length: distinctDigits }, (_, i) =>
    digitImage(1, i, pixels.subarray(i * DIGIT_BYTES, (i + 1) * DIGIT_BYTES)),
  );
  const labels = new Uint8Array(images);
  await using file = await open(`${stem}-images-idx3-ubyte`, 'w');
  await file.write(header(0x803, images, DIGIT_SIDE, DIGIT_SIDE));
  for (let start = 0; start < images; start += distinctDigits) {
    const count = Math.min(distinctDigits, images - start);
    for (let i = 0; i < count; i++) {
      labels[start + i] = digits[i]!;
      new DataView(pixels.buffer).setUint32((i + 1) * DIGIT_BYTES - 4, start + i);
    }
    await file.write(pixels, 0, count * DIGIT_BYTES);
  }
  await writeFile(`${stem}-labels-idx1-ubyte`, Buffer.concat([header(0x801, images), labels]));
}

/** Big-endian: magic number, then the dimensions. */
function header(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => bytes.writeUInt32BE(word, 4 * i));
  return bytes;
}

/** Generated digits as PNG files, in a folder per class. */
export async function writePngs(into: string, images: number): Promise<void> {
  for (let digit = 0; digit < 10; digit++)
    await mkdir(join(into, String(digit)), { recursive: true });
  const raw = { width: DIGIT_SIDE, height: DIGIT_SIDE, channels: 1 as const };
  for (const { index, pixels, label } of generateDigits({ count: images, seed: 1 })) {
    const name = `${String(index).padStart(5, '0')}.png`;
    await sharp(pixels, { raw })
      .png()
      .toFile(join(into, String(label), name));
  }
}
