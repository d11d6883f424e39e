import { crc32, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { InklingError } from '../../errors.ts';
import { decodeMany, decodeToTensor, inspectImage, type ImageInfo } from './decode.ts';
import { decodeSmallPng } from './png.ts';

const width = 12;
const height = 10;
/** A smooth picture, so that lossy formats stay close. */
const value = (x: number, y: number, c: number) => 20 + 15 * x + 5 * y + 10 * c;

function pixels(channels: number, of = value): Buffer {
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = of(x, y, c);
  return data;
}

const picture = (channels: 1 | 2 | 3 | 4, of = value) => {
  const raw = sharp(pixels(channels, of), { raw: { width, height, channels } });
  return channels < 3 ? raw.toColourspace('b-w') : raw;
};

/** A minimal PNG of any color type, filter 0, for what sharp does not write. */
function png(header: number[], lines: Buffer, extra: [string, Buffer][] = []): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', Buffer.from(header)),
    ...extra.map(([type, data]) => chunk(type, data)),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A bitmap of 24 bits, as Windows writes it. */
function bmp24(rows: number, topDown = false): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const bytes = Buffer.alloc(54 + stride * rows);
  bytes.write('BM', 'latin1');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(topDown ? -rows : rows, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        bytes[54 + stride * (topDown ? y : rows - 1 - y) + 3 * x + (2 - c)] = value(x, y, c);
  return bytes;
}

/** One pixel of 32-bit floating point. */
function floatTiff(): Buffer {
  const tags = [256, 1, 257, 1, 258, 32, 259, 1, 262, 1, 273, 200, 277, 1, 278, 1, 279, 4, 339, 3];
  const bytes = Buffer.alloc(204);
  bytes.write('II*\0\x08', 'latin1');
  bytes.writeUInt16LE(tags.length / 2, 8);
  for (let i = 0; i < tags.length; i += 2) {
    const at = 10 + 6 * i;
    const long = 4;
    bytes.writeUInt16LE(tags[i]!, at);
    bytes.writeUInt16LE(long, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeUInt32LE(tags[i + 1]!, at + 8);
  }
  bytes.writeFloatLE(0.5, 200);
  return bytes;
}

const big = (image: Sharp) => image.resize(240, 200, { kernel: 'nearest' });

/** Every kind of picture: how it is made, what it is, and how far its pixels may be off. */
const kinds: [string, () => Promise<Buffer>, Omit<ImageInfo, 'width' | 'height'>, number][] = [
  ['gray PNG', () => picture(1).png().toBuffer(), { encoding: 'png', channels: 1, depth: 8 }, 0],
  ['color PNG', () => picture(3).png().toBuffer(), { encoding: 'png', channels: 3, depth: 8 }, 0],
  [
    'PNG with a palette',
    () => picture(3).png({ palette: true, colors: 256, dither: 0 }).toBuffer(),
    { encoding: 'png', channels: 3, depth: 8 },
    3,
  ],
  [
    'interlaced PNG',
    () => picture(3).png({ progressive: true }).toBuffer(),
    { encoding: 'png', channels: 3, depth: 8 },
    0,
  ],
  [
    'PNG of 16 bits',
    () => picture(3).toColourspace('rgb16').png().toBuffer(),
    { encoding: 'png', channels: 3, depth: 16 },
    1,
  ],
  [
    'JPEG',
    () => picture(3).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
    { encoding: 'jpeg', channels: 3, depth: 8 },
    4,
  ],
  [
    'gray JPEG',
    () => picture(1).jpeg({ quality: 100 }).toBuffer(),
    { encoding: 'jpeg', channels: 1, depth: 8 },
    3,
  ],
  [
    'WebP',
    () => picture(3).webp({ lossless: true }).toBuffer(),
    { encoding: 'webp', channels: 3, depth: 8 },
    0,
  ],
  [
    'GIF',
    () => picture(3).gif({ dither: 0 }).toBuffer(),
    { encoding: 'gif', channels: 4, depth: 8 },
    8,
  ],
  [
    'TIFF',
    () => picture(3).tiff({ compression: 'lzw' }).toBuffer(),
    { encoding: 'tiff', channels: 3, depth: 8 },
    0,
  ],
  [
    'TIFF of 16 bits',
    () => picture(3).toColourspace('rgb16').tiff({ compression: 'none' }).toBuffer(),
    { encoding: 'tiff', channels: 3, depth: 16 },
    1,
  ],
  ['BMP', async () => bmp24(height), { encoding: 'bmp', channels: 3, depth: 8 }, 0],
  [
    'BMP from the top',
    async () => bmp24(height, true),
    { encoding: 'bmp', channels: 3, depth: 8 },
    0,
  ],
];

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (e: unknown) => e,
  );
  if (error instanceof InklingError) return error.code;
  throw error ?? new Error('it did not fail');
}

async function tensor(bytes: Buffer, shape: { channels: 1 | 3; height: number; width: number }) {
  const image = { ...(await inspectImage(bytes)), bytes };
  return decodeToTensor(image, shape);
}

describe.each(kinds)('%s', (_name, make, info, tolerance) => {
  test('is told by its bytes and decoded to its own pixels', async () => {
    const bytes = await make();
    expect(await inspectImage(bytes)).toEqual({ ...info, width, height });
    const channels = info.channels === 1 ? 1 : 3;
    const planar = await tensor(bytes, { channels, height, width });
    let worst = 0;
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const found = planar[(c * height + y) * width + x]!;
          worst = Math.max(worst, Math.abs(found - value(x, y, c)));
        }
    expect(worst).toBeLessThanOrEqual(tolerance);
  });

  test('fails with a code, never otherwise, when cut short or damaged', async () => {
    const bytes = await make();
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), fc.boolean(), async (at, bit, cut) => {
        const broken = Buffer.from(cut ? bytes.subarray(0, at) : bytes);
        if (!cut) broken[at]! ^= 1 << bit;
        const problem = await inspectImage(broken).catch((error: unknown) => error);
        if (problem instanceof Error) expect(problem).toBeInstanceOf(InklingError);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

describe('small PNGs', () => {
  test.each([1, 2, 3, 4] as const)(
    'with %i channels decode as the general decoder does',
    async (channels) => {
      const random = (x: number, y: number, c: number) => (x * 7919 + y * 104729 + c * 31337) % 251;
      // adaptiveFiltering makes the encoder use all five line filters.
      const bytes = await picture(channels, random).png({ adaptiveFiltering: true }).toBuffer();
      expect(decodeSmallPng(bytes)?.pixels).toEqual({
        width,
        height,
        channels,
        data: new Uint8Array(pixels(channels, random)),
      });
    },
  );

  test.each([1, 2, 4])('of %i bits are spread over 0 … 255', async (bits) => {
    // Two pixels, of the smallest and the largest value; the second in the bits that follow.
    const largest = 2 ** bits - 1;
    const line = Buffer.from([0, largest << (8 - 2 * bits)]);
    const bytes = png([0, 0, 0, 2, 0, 0, 0, 1, bits, 0, 0, 0, 0], line);
    expect(decodeSmallPng(bytes)?.pixels.data).toEqual(Uint8Array.of(0, 255));
  });

  test('with a palette get its colors and transparency', () => {
    const bytes = png([0, 0, 0, 2, 0, 0, 0, 1, 8, 3, 0, 0, 0], Buffer.from([0, 1, 0]), [
      ['PLTE', Buffer.from([10, 20, 30, 40, 50, 60])],
      ['tRNS', Buffer.from([128])],
    ]);
    expect(decodeSmallPng(bytes)?.pixels.data).toEqual(
      Uint8Array.of(40, 50, 60, 255, 10, 20, 30, 128),
    );
  });

  test('that promise more lines than they have, or more colors, are left to the general decoder', async () => {
    const short = png([0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0], Buffer.from([0, 1, 2]));
    const beyond = png([0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0], Buffer.from([0, 5]), [
      ['PLTE', Buffer.from([1, 2, 3])],
    ]);
    expect(decodeSmallPng(short)).toBeNull();
    expect(decodeSmallPng(beyond)).toBeNull();
    expect(await codeOf(inspectImage(short))).toMatch(/^image-(truncated|unreadable)$/);
  });
});

describe('bad pictures', () => {
  const cases: [string, () => Buffer | Promise<Buffer>, string][] = [
    ['text', () => Buffer.from('not a picture at all'), 'image-unsupported'],
    ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image-unsupported'],
    ['half a PNG', async () => half(await picture(3).png().toBuffer()), 'image-truncated'],
    ['half a JPEG', async () => half(await picture(3).jpeg().toBuffer()), 'image-truncated'],
    ['half a WebP', async () => half(await picture(3).webp().toBuffer()), 'image-truncated'],
    ['half a GIF', async () => half(await picture(3).gif().toBuffer()), 'image-truncated'],
    ['half a BMP', () => half(bmp24(height)), 'image-truncated'],
    [
      'a PNG of 100 million pixels',
      () => png([0, 0, 39, 16, 0, 0, 39, 16, 8, 0, 0, 0, 0], Buffer.alloc(9)),
      'image-too-large',
    ],
    [
      'a BMP of 2 billion pixels',
      () => {
        const b = bmp24(2);
        b.writeInt32LE(1e9, 22);
        return b;
      },
      'image-too-large',
    ],
    ['a TIFF of floats', floatTiff, 'image-unsupported'],
    [
      'a damaged PNG',
      async () => {
        const b = await picture(3).png().toBuffer();
        b[b.length - 30]! ^= 255;
        return b;
      },
      'image-unreadable',
    ],
  ];
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
  test.each(cases)('%s is refused', async (_name, make, code) => {
    expect(await codeOf(inspectImage(await make()))).toBe(code);
  });
});

describe('a tensor', () => {
  test('is turned upright as EXIF says', async () => {
    const marked = picture(1, (x, y) => (x < 2 && y < 2 ? 255 : 0));
    for (const [orientation, corner] of [
      [1, 'top left'],
      [3, 'bottom right'],
      [6, 'top right'],
      [8, 'bottom left'],
    ] as const) {
      const bytes = await marked
        .clone()
        .withMetadata({ orientation })
        .jpeg({ quality: 100 })
        .toBuffer();
      const info = await inspectImage(bytes);
      const turned = orientation > 4;
      expect([info.width, info.height]).toEqual(turned ? [height, width] : [width, height]);
      const shape = { channels: 1, height: info.height, width: info.width } as const;
      const found = await tensor(bytes, shape);
      const at = (x: number, y: number) => found[y * info.width + x]!;
      const [y, x] = [
        corner.startsWith('top') ? 0 : info.height - 1,
        corner.endsWith('left') ? 0 : info.width - 1,
      ];
      expect(at(x, y), corner).toBeGreaterThan(200);
      expect(at(info.width - 1 - x, info.height - 1 - y)).toBeLessThan(50);
    }
  });

  test.each(['small', 'large'])(
    'shows black ink on nothing as black on white (%s)',
    async (size) => {
      const ink = picture(4, (x, y, c) => (c === 3 && x === 5 && y > 1 ? 255 : 0));
      const bytes = await (size === 'small' ? ink : big(ink)).png().toBuffer();
      const found = await tensor(bytes, { channels: 1, height, width });
      expect(found[5 * width + 5]).toBeLessThan(80);
      expect(found[5 * width + 1]).toBe(255);
      expect(found[0]).toBe(255);
    },
  );

  test('makes gray from color by BT.601, and color from gray by repeating it', async () => {
    const color = await picture(3, (x, _y, c) => (x === c ? 255 : 0))
      .png()
      .toBuffer();
    const gray = await tensor(color, { channels: 1, height, width });
    expect([...gray.subarray(0, 4)]).toEqual([76, 150, 29, 0]);
    const flat = await picture(1).png().toBuffer();
    const planes = await tensor(flat, { channels: 3, height, width });
    for (const c of [0, 1, 2])
      expect(Buffer.from(planes.subarray(c * width * height, (c + 1) * width * height))).toEqual(
        pixels(1),
      );
  });

  test.each([
    ['light ink on dark', 0, 255],
    ['dark ink on light', 255, 0],
  ])('fits %s inside and keeps the background', async (_name, paper, ink) => {
    const bytes = await picture(1, (x, y) => (x > 3 && x < 8 && y > 2 && y < 7 ? ink : paper))
      .png()
      .toBuffer();
    const found = await tensor(bytes, { channels: 1, height: 28, width: 28 });
    const at = (x: number, y: number) => found[y * 28 + x]!;
    for (const [x, y] of [
      [0, 0],
      [27, 0],
      [0, 27],
      [27, 27],
      [14, 1],
    ] as const)
      expect(at(x, y)).toBe(paper);
    expect(at(13, 14)).toBe(ink);
  });

  test('made smaller keeps the mean of a fine pattern', async () => {
    for (const scale of [1, 20]) {
      const checks = picture(1, (x, y) => ((x + y) % 2 ? 255 : 0));
      const large = checks.resize(width * scale, height * scale, { kernel: 'nearest' });
      const found = await tensor(await large.png().toBuffer(), {
        channels: 1,
        height: 3,
        width: 3,
      });
      // Two rows of the picture reach the middle of it; the third and first are its border's color.
      const mean = found.reduce((sum, v) => sum + v, 0) / found.length;
      expect(mean).toBeGreaterThan(90);
      expect(mean).toBeLessThan(165);
    }
  });

  test('of bare pixels is those pixels, and many are decoded as one is', async () => {
    const shape = { channels: 3, height: 8, width: 8 } as const;
    const raw = {
      encoding: 'raw',
      channels: 1,
      depth: 8,
      width,
      height,
      bytes: new Uint8Array(pixels(1)),
    } as const;
    expect(await decodeToTensor(raw, { channels: 1, height, width })).toEqual(raw.bytes);
    const files = await Promise.all(kinds.map(([, make]) => make()));
    const images = await Promise.all(
      files.map(async (bytes) => ({ ...(await inspectImage(bytes)), bytes })),
    );
    const all = new Uint8Array((images.length + 1) * 192);
    await decodeMany([raw, ...images], shape, all);
    for (const [i, image] of [raw, ...images].entries())
      expect(all.subarray(i * 192, (i + 1) * 192)).toEqual(await decodeToTensor(image, shape));
  });
});
