/**
 * @file A decoder for uncompressed Windows and OS/2 bitmaps, which the general decoder does not read: 1, 4, 8,
 * 16, 24 and 32 bits, palettes, bit masks, rows from the bottom or the top.
 *
 * Format: https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
 */
import { failure } from '../../errors.ts';
import type { Pixels } from './pixels.ts';

const fileHeaderBytes = 14;
/** The header of OS/2 1.x; everything later has at least 40 bytes. */
const coreHeaderBytes = 12;
const knownBits = [1, 4, 8, 16, 24, 32];
/** BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS. The others are run lengths, or a JPEG or PNG inside. */
const uncompressed = [0, 3, 6];

type Header = {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  /** Of the pixels in the file. */
  readonly offset: number;
  readonly palette: Palette;
  /** Red, green, blue, alpha; 0 where there is none. */
  readonly masks: readonly [number, number, number, number];
};

/** `count` entries of `bytes` each, blue first. */
type Palette = { readonly offset: number; readonly bytes: number; readonly count: number };

/** @throws InklingError `image-truncated`, `image-unsupported`, `image-unreadable`, `image-too-large` */
export function decodeBmp(bytes: Buffer, pixelsMax: number): Pixels {
  const header = readHeader(bytes);
  const { width, height, bits, offset } = header;
  if (width * height > pixelsMax)
    throw failure('image-too-large', { reason: `${width} × ${height} pixels` });
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (offset + rowBytes * height > bytes.length)
    throw failure('image-truncated', { bytes: bytes.length });
  return bits <= 8 ? paint(bytes, header, rowBytes) : unmask(bytes, header, rowBytes);
}

function readHeader(bytes: Buffer): Header {
  if (bytes.length < fileHeaderBytes + coreHeaderBytes)
    throw failure('image-truncated', { bytes: bytes.length });
  const size = bytes.readUInt32LE(fileHeaderBytes);
  const core = size === coreHeaderBytes;
  if (!core && size < 40) throw failure('image-unreadable', { reason: `header of ${size} bytes` });
  if (bytes.length < fileHeaderBytes + size)
    throw failure('image-truncated', { bytes: bytes.length });
  const width = core ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signedHeight = core ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(core ? 24 : 28);
  const compression = core ? 0 : bytes.readUInt32LE(30);
  if (width < 1 || signedHeight === 0)
    throw failure('image-unreadable', { reason: `${width} × ${signedHeight} pixels` });
  if (!knownBits.includes(bits) || !uncompressed.includes(compression))
    throw failure('image-unsupported', { reason: 'a compressed BMP' });
  const masksAfter = size === 40 ? { 0: 0, 3: 12, 6: 16 }[compression] : 0;
  const paletteOffset = fileHeaderBytes + size + (masksAfter ?? 0);
  const declared = core ? 0 : bytes.readUInt32LE(46);
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits,
    offset: bytes.readUInt32LE(10),
    palette: { offset: paletteOffset, bytes: core ? 3 : 4, count: declared || 2 ** bits },
    masks: readMasks(bytes, { size, bits, compression }),
  };
}

function readMasks(
  bytes: Buffer,
  { size, bits, compression }: { size: number; bits: number; compression: number },
): Header['masks'] {
  if (compression === 0)
    return bits === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const withAlpha = compression === 6 || size >= 56;
  if (bytes.length < 54 + (withAlpha ? 16 : 12))
    throw failure('image-truncated', { bytes: bytes.length });
  const mask = (index: number): number => bytes.readUInt32LE(54 + 4 * index);
  return [mask(0), mask(1), mask(2), withAlpha ? mask(3) : 0];
}

/** Pixels that number a palette entry. A palette of grays gives one channel. */
function paint(bytes: Buffer, header: Header, rowBytes: number): Pixels {
  const { width, height, bits, palette } = header;
  const count = Math.min(2 ** bits, palette.count);
  if (palette.offset + count * palette.bytes > bytes.length)
    throw failure('image-truncated', { bytes: bytes.length });
  const colors = Array.from({ length: count }, (_, i) => {
    const at = palette.offset + i * palette.bytes;
    return [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!] as const;
  });
  const channels = colors.every(([r, g, b]) => r === g && g === b) ? 1 : 3;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    const row = rowStart(header, rowBytes, y);
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits - ((x * bits) & 7);
      const number = (bytes[row + ((x * bits) >> 3)]! >> shift) & (2 ** bits - 1);
      const color = colors[number];
      if (color === undefined)
        throw failure('image-unreadable', { reason: 'a color not in its palette' });
      for (let c = 0; c < channels; c++) data[to++] = color[c]!;
    }
  }
  return { width, height, channels, data };
}

/** Pixels of 16, 24 or 32 bits, cut into channels by masks. An alpha channel of zeros alone means opaque. */
function unmask(bytes: Buffer, header: Header, rowBytes: number): Pixels {
  const { width, height, bits, masks } = header;
  const used = masks[3] === 0 ? 3 : 4;
  const channels = masks.slice(0, used).map(channelOf);
  const data = new Uint8Array(width * height * used);
  let opaque = 0;
  for (let y = 0, to = 0; y < height; y++) {
    const row = rowStart(header, rowBytes, y);
    for (let x = 0; x < width; x++) {
      const value = bytes.readUIntLE(row + (x * bits) / 8, bits / 8);
      for (const { shift, max } of channels)
        data[to++] = (((value >>> shift) & max) * 255) / max + 0.5;
      if (used === 4) opaque |= data[to - 1]!;
    }
  }
  if (used === 4 && opaque === 0) for (let i = 3; i < data.length; i += 4) data[i] = 255;
  return { width, height, channels: used, data };
}

/** Where a mask's bits lie and their largest value; an empty mask reads as zero. */
function channelOf(mask: number): { shift: number; max: number } {
  if (mask === 0) return { shift: 0, max: Infinity };
  const shift = 31 - Math.clz32(mask & -mask);
  return { shift, max: mask >>> shift };
}

function rowStart({ offset, topDown, height }: Header, rowBytes: number, y: number): number {
  return offset + rowBytes * (topDown ? y : height - 1 - y);
}
