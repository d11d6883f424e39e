/**
 * @file Pictures, from the bytes of a file to the bytes a network reads. `inspectImage` decodes a file once at
 * import, to know that it can be; `decodeToTensor` decodes what the workspace stores.
 *
 * Small PNGs and bitmaps are decoded here, on the calling thread, in microseconds; everything else by libvips
 * (sharp), on its own threads.
 */
import sharp, { type Sharp } from 'sharp';
import { failure, InklingError } from '../../errors.ts';
import { imageSize } from '../../engine/engine.ts';
import type { ImageShape } from '../../model/spec.ts';
import type { NewBlob } from '../../workspace/blobs.ts';
import { decodeBmp } from './bmp.ts';
import { fitInside, interleave, toTensor, type Pixels, type Size } from './pixels.ts';
import { decodeSmallPng } from './png.ts';
import { sniff, type PictureEncoding } from './sniff.ts';

/** What is known of a picture once it has been decoded; the words of the workspace's blobs. */
export type ImageInfo = Omit<NewBlob, 'bytes'>;

/** A raw photograph of a large camera is below this; more would crowd out everything else in memory. */
export const imageBytesMax = 64 * 1024 * 1024;
/** A 48-megapixel telephone picture fits. Decoded in color, this many pixels take 150 MB. */
const imagePixelsMax = 50_000_000;
/** No format in use goes further but TIFF, and a strip this long is not a picture. */
const imageSideMax = 65_535;
/** A 50-megapixel JPEG takes about a second; what takes this long was made to. */
const decodeSecondsMax = 20;
/** libvips' own threads: enough to keep its work going while results are copied, few enough for flat memory. */
const decodesAtOnce = 4;

// Many small pictures, each read once: a cache would only hold memory, and threads within a picture only wait.
sharp.cache(false);
sharp.concurrency(1);

/**
 * Decodes a file completely and says what it holds.
 *
 * @throws InklingError with one of the codes `image-…`
 */
export async function inspectImage(bytes: Buffer): Promise<ImageInfo> {
  const encoding = recognize(bytes);
  const png = encoding === 'png' ? decodeSmallPng(bytes) : null;
  if (png) return { ...sizeOf(png.pixels), encoding, depth: png.depth };
  if (encoding === 'bmp')
    return { ...sizeOf(decodeBmp(bytes, imagePixelsMax)), encoding, depth: 8 };
  return inspectBySharp(bytes, encoding);
}

/** `inspectImage` of each, a few at a time; an error stands in the place of a picture that cannot be used. */
export async function inspectImages(
  files: readonly Buffer[],
): Promise<readonly (ImageInfo | InklingError)[]> {
  const results: (ImageInfo | InklingError)[] = [];
  await eachAtOnce(files, async (bytes, i) => {
    results[i] = await inspectImage(bytes).catch(expected);
  });
  return results;
}

/**
 * The picture as a network of input `shape` reads it: turned upright, 16 bits rounded to 8, transparency over
 * white, gray by luma (BT.601), fitted inside and centered on the color of its border.
 *
 * @returns uint8 [C, H, W].
 * @throws InklingError with one of the codes `image-…`
 */
export async function decodeToTensor(image: NewBlob, shape: ImageShape): Promise<Uint8Array> {
  const tensor = new Uint8Array(imageSize(shape));
  toTensor(await decode(image, shape), shape, tensor);
  return tensor;
}

/**
 * `decodeToTensor` of each, a few at a time.
 *
 * @param out  uint8 [images.length, C, H, W], overwritten.
 */
export async function decodeMany(
  images: readonly NewBlob[],
  shape: ImageShape,
  out: Uint8Array,
): Promise<void> {
  const size = imageSize(shape);
  await eachAtOnce(images, async (image, i) => {
    const tensor = out.subarray(i * size, (i + 1) * size);
    // The commonest case, an IDX image of the right size, is a copy.
    if (isTensor(image, shape)) tensor.set(image.bytes);
    else toTensor(await decode(image, shape), shape, tensor);
  });
}

function isTensor(image: NewBlob, shape: ImageShape): boolean {
  const { encoding, channels, height, width } = image;
  const sameSize = height === shape.height && width === shape.width;
  return encoding === 'raw' && sameSize && channels === shape.channels;
}

/** Pixels in any size not below what `shape` needs, upright. */
async function decode(image: NewBlob, shape: ImageShape): Promise<Pixels> {
  const { encoding } = image;
  if (encoding === 'raw') return interleave(image.bytes, image, image.channels === 3 ? 3 : 1);
  const bytes = asBuffer(image.bytes);
  const png = encoding === 'png' ? decodeSmallPng(bytes) : null;
  if (png) return png.pixels;
  if (encoding === 'bmp') return decodeBmp(bytes, imagePixelsMax);
  const fitted = fitInside(image, shape);
  const smaller = fitted.width < image.width ? fitted : null;
  return decodeBySharp(bytes, encoding, smaller);
}

function recognize(bytes: Buffer): PictureEncoding {
  if (bytes.length > imageBytesMax)
    throw failure('image-too-large', { reason: `${bytes.length} bytes` });
  const encoding = sniff(bytes);
  if (encoding === null)
    throw failure('image-unsupported', { reason: 'not a known picture format' });
  return encoding;
}

const sizeOf = ({ width, height, channels }: Pixels) => ({ width, height, channels });

async function inspectBySharp(bytes: Buffer, encoding: PictureEncoding): Promise<ImageInfo> {
  const info = await bySharp(bytes, encoding, () => open(bytes).metadata());
  const { depth, space } = info;
  if (depth !== 'uchar' && depth !== 'ushort')
    throw failure('image-unsupported', { reason: `pixels of type ${depth}` });
  const channels = space === 'cmyk' ? 3 : info.channels;
  if (channels > 4) throw failure('image-unsupported', { reason: `${channels} channels` });
  if (Math.max(info.width, info.height) > imageSideMax)
    throw failure('image-too-large', { reason: `${info.width} × ${info.height} pixels` });
  // Every pixel is decoded; a few come back.
  await decodeBySharp(bytes, encoding, { width: 1, height: 1 });
  return { ...info.autoOrient, encoding, channels, depth: depth === 'uchar' ? 8 : 16 };
}

async function decodeBySharp(
  bytes: Buffer,
  encoding: PictureEncoding,
  size: Size | null,
): Promise<Pixels> {
  const upright = open(bytes).autoOrient();
  // The same filter as `resample` in pixels.ts.
  const sized = size ? upright.resize({ ...size, fit: 'fill', kernel: 'linear' }) : upright;
  const raw = sized.toColourspace('srgb').raw({ depth: 'uchar' });
  const { data, info } = await bySharp(bytes, encoding, () =>
    raw.toBuffer({ resolveWithObject: true }),
  );
  const { width, height, channels } = info;
  return { width, height, channels, data };
}

/** `truncated` and `error` fail; mere warnings, such as an odd tag or profile, do not. */
function open(bytes: Buffer): Sharp {
  return sharp(bytes, { failOn: 'error', limitInputPixels: imagePixelsMax }).timeout({
    seconds: decodeSecondsMax,
  });
}

/** Runs sharp; whatever it says of these bytes becomes an entry of the catalogue. */
async function bySharp<T>(
  bytes: Buffer,
  encoding: PictureEncoding,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw sharpFailure(error.message, bytes, encoding);
  }
}

function sharpFailure(message: string, bytes: Buffer, encoding: PictureEncoding): InklingError {
  if (/timeout/i.test(message)) return failure('image-too-slow', { seconds: decodeSecondsMax });
  if (/pixel limit|too large|exceeds/i.test(message))
    return failure('image-too-large', { reason: `more than ${imagePixelsMax} pixels` });
  const endsEarly = /premature|unexpected end|truncated|not enough data/i.test(message);
  if (endsEarly || lacksEnd(bytes, encoding))
    return failure('image-truncated', { bytes: bytes.length });
  return failure('image-unreadable', { reason: plainReason(message) });
}

/** The first line of libvips' message, without the names of its parts. */
function plainReason(message: string): string {
  const line = message.split('\n')[0]!;
  const plain = line.replace(/^Input buffer (has|contains)|\b\w*(vips|load)\w*:/gi, '');
  const reason = plain.replace(/[\s.:]+$/, '').trim();
  return reason === '' || reason === 'Unknown error' ? 'its data cannot be decoded' : reason;
}

/** Whether a file that could not be decoded also lacks the end its format prescribes. */
function lacksEnd(bytes: Buffer, encoding: PictureEncoding): boolean {
  if (encoding === 'png') return !bytes.includes('IEND', -16, 'latin1');
  if (encoding === 'jpeg') return bytes.lastIndexOf('\xff\xd9', undefined, 'latin1') < 0;
  if (encoding === 'webp') return bytes.length < 12 || bytes.readUInt32LE(4) + 8 > bytes.length;
  if (encoding === 'gif') return bytes.at(-1) !== 0x3b;
  return false;
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Lets catalogue errors through as values; anything else is a defect and stays thrown. */
function expected(error: unknown): InklingError {
  if (error instanceof InklingError) return error;
  throw error;
}

/** Runs `work` over all items, `decodesAtOnce` at a time; the first failure stops the rest. */
async function eachAtOnce<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: decodesAtOnce }, worker));
}
