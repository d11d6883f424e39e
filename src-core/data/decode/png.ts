/**
 * @file A PNG decoder for small pictures, where a general decoder's cost per picture dominates: about 20 µs for
 * a digit of 28×28. It does not judge: whatever it does not expect (a damaged file included) gives null, and
 * the general decoder has the last word.
 *
 * Format: https://www.w3.org/TR/png-3/
 */
import { crc32, inflateSync } from 'node:zlib';
import type { Pixels } from './pixels.ts';

type Png = { readonly pixels: Pixels; readonly depth: 8 | 16 };

/** Above this many pixels the general decoder is as fast, and does not run on the calling thread. */
const fastPixelsMax = 128 * 128;
/** No honest picture of `fastPixelsMax` needs more: 4 channels of 16 bits, stored, with room for text. */
const fastBytesMax = 160 * 1024;

const signatureLength = 8;
/** Length, type and CRC around a chunk's data. */
const chunkOverhead = 12;
/** Samples per pixel by color type: gray, color, palette, gray and alpha, color and alpha. */
const samplesOf: Readonly<Record<number, 1 | 2 | 3 | 4>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Chunks that do not change the pixels as shown. `gAMA` and its like are ignored, as most viewers do. */
const harmless = new Set(
  'gAMA cHRM sRGB sBIT bKGD hIST pHYs sPLT tIME tEXt zTXt iTXt acTL fcTL fdAT'.split(' '),
);

type Header = {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly colorType: number;
  readonly samples: 1 | 2 | 3 | 4;
};

type Chunks = {
  readonly header: Header;
  readonly data: readonly Buffer[];
  /** RGB triples. */
  readonly palette: Buffer;
  /** Alpha by palette entry; entries beyond its end are opaque. */
  readonly alpha: Buffer;
};

/** The picture, 16 bits rounded to 8; null when it is not a plain, small, sound PNG. */
export function decodeSmallPng(bytes: Buffer): Png | null {
  if (bytes.length > fastBytesMax) return null;
  const chunks = readChunks(bytes);
  if (chunks === null) return null;
  const lines = inflate(chunks);
  if (lines === null || !unfilter(lines, chunks.header)) return null;
  const samples = unpack(lines, chunks.header);
  const pixels =
    chunks.header.colorType === 3
      ? paint(samples, chunks)
      : {
          width: chunks.header.width,
          height: chunks.header.height,
          channels: chunks.header.samples,
          data: samples,
        };
  return pixels && { pixels, depth: chunks.header.bits === 16 ? 16 : 8 };
}

function readChunks(bytes: Buffer): Chunks | null {
  let header: Header | null = null;
  let palette: Buffer = Buffer.alloc(0);
  let alpha: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  for (let at = signatureLength; at + chunkOverhead <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) return null;
    const type = bytes.toString('latin1', at + 4, at + 8);
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) return null;
    const body = bytes.subarray(at + 8, end);
    if ((header === null) !== (type === 'IHDR')) return null;
    if (type === 'IHDR') header = readHeader(body);
    else if (type === 'IDAT') data.push(body);
    else if (type === 'PLTE') palette = body;
    // A transparent color of a picture without palette is rare: left to the general decoder.
    else if (type === 'tRNS' && header?.colorType === 3) alpha = body;
    else if (type === 'IEND') return header && { header, data, palette, alpha };
    // Color profiles and orientation, for two, are left to the general decoder.
    else if (!harmless.has(type)) return null;
    if (header === null) return null;
    at = end + 4;
  }
  return null;
}

function readHeader(body: Buffer): Header | null {
  if (body.length !== 13) return null;
  const [bits = 0, colorType = 0, compression, filter, interlace] = body.subarray(8);
  const width = body.readUInt32BE(0);
  const height = body.readUInt32BE(4);
  const samples = samplesOf[colorType];
  const plain = compression === 0 && filter === 0 && interlace === 0;
  const fits = width > 0 && height > 0 && width * height <= fastPixelsMax;
  const packed = [1, 2, 4].includes(bits) && (colorType === 0 || colorType === 3);
  const known = packed || bits === 8 || (bits === 16 && colorType !== 3);
  return plain && fits && known && samples !== undefined
    ? { width, height, bits, colorType, samples }
    : null;
}

const lineBytes = ({ width, bits, samples }: Header): number =>
  Math.ceil((width * bits * samples) / 8);

/** The filtered lines: each a filter byte and its packed samples. Null unless there are exactly enough. */
function inflate({ header, data }: Chunks): Buffer | null {
  const expected = header.height * (1 + lineBytes(header));
  const packed = data.length === 1 ? data[0]! : Buffer.concat(data);
  try {
    const lines = inflateSync(packed, { maxOutputLength: expected });
    return lines.length === expected ? lines : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null; // zlib's own errors carry a code
    throw error;
  }
}

/** Undoes the five filters, in place; false when a line names another. */
function unfilter(lines: Buffer, header: Header): boolean {
  const length = lineBytes(header);
  const pixel = Math.max(1, (header.bits * header.samples) >> 3);
  for (let y = 0; y < header.height; y++) {
    const start = y * (length + 1) + 1;
    const kind = lines[start - 1]!;
    if (kind > 4) return false;
    if (kind !== 0) unfilterLine(lines, { start, length, pixel, kind, first: y === 0 });
  }
  return true;
}

type Line = {
  readonly start: number;
  readonly length: number;
  /** Bytes back to the sample before. */
  readonly pixel: number;
  readonly kind: number;
  readonly first: boolean;
};

function unfilterLine(lines: Buffer, { start, length, pixel, kind, first }: Line): void {
  const above = length + 1;
  for (let i = 0; i < length; i++) {
    const at = start + i;
    const a = i < pixel ? 0 : lines[at - pixel]!;
    const b = first ? 0 : lines[at - above]!;
    const c = i < pixel || first ? 0 : lines[at - above - pixel]!;
    const predicted =
      kind === 1 ? a : kind === 2 ? b : kind === 3 ? (a + b) >> 1 : nearest(a, b, c);
    lines[at] = lines[at]! + predicted;
  }
}

/** Paeth's predictor: whichever of left, above and above left is nearest to a + b − c. */
function nearest(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - c - c);
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

/** One byte per sample: 16 bits rounded, fewer than 8 spread over 0 … 255 unless they number a palette entry. */
function unpack(lines: Buffer, header: Header): Uint8Array {
  const { bits, height } = header;
  const perLine = header.width * header.samples;
  const stride = lineBytes(header) + 1;
  const out = new Uint8Array(perLine * height);
  const factor = header.colorType === 3 ? 1 : 255 / (2 ** bits - 1);
  for (let y = 0; y < height; y++) {
    const start = y * stride + 1;
    const row = y * perLine;
    if (bits === 8) out.set(lines.subarray(start, start + perLine), row);
    else if (bits === 16)
      for (let x = 0; x < perLine; x++)
        out[row + x] = (lines.readUInt16BE(start + 2 * x) + 128) / 257;
    else
      for (let x = 0; x < perLine; x++) {
        const shift = 8 - bits - ((x * bits) & 7);
        out[row + x] = ((lines[start + ((x * bits) >> 3)]! >> shift) & (2 ** bits - 1)) * factor;
      }
  }
  return out;
}

/** Palette numbers to colors; null when a number is beyond the palette. */
function paint(numbers: Uint8Array, { header, palette, alpha }: Chunks): Pixels | null {
  const { width, height } = header;
  const channels = alpha.length > 0 ? 4 : 3;
  const data = new Uint8Array(numbers.length * channels);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!;
    if (3 * number + 2 >= palette.length) return null;
    for (let k = 0; k < 3; k++) data[i * channels + k] = palette[3 * number + k]!;
    if (channels === 4) data[i * 4 + 3] = alpha[number] ?? 255;
  }
  return { width, height, channels, data };
}
