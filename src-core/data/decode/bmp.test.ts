import { expect, test } from 'vitest';
import { InklingError } from '../../errors.ts';
import { decodeBmp } from './bmp.ts';

type Parts = {
  readonly width: number;
  readonly bits: number;
  readonly compression?: number;
  /** Bytes of the information header beyond its first 40. */
  readonly headerRest?: readonly number[];
  /** Masks behind the header, or the palette. */
  readonly between?: readonly number[];
  /** Rows from the bottom, each padded to 4 bytes. */
  readonly rows: readonly (readonly number[])[];
};

function bmp({ width, bits, compression = 0, headerRest = [], between = [], rows }: Parts): Buffer {
  const start = 54 + headerRest.length + between.length;
  const header = Buffer.alloc(54);
  header.write('BM', 'latin1');
  header.writeUInt32LE(start, 10);
  header.writeUInt32LE(40 + headerRest.length, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(rows.length, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  return Buffer.concat([header, Buffer.from([...headerRest, ...between, ...rows.flat()])]);
}

const mask = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const bgra = [0xff0000, 0xff00, 0xff, 0xff000000].flatMap(mask);
const blackWhite = [0, 0, 0, 0, 255, 255, 255, 0];
const redBlue = [0, 0, 255, 0, 255, 0, 0, 0];
/** OS/2: a header of 12 bytes and a palette of three bytes per color. */
const os2 = Buffer.from(
  '424d0000000000000000200000000c000000020001000100010001020304050640000000',
  'hex',
);

const readable: [string, Buffer, number, number[]][] = [
  [
    '1 bit, grays',
    bmp({ width: 3, bits: 1, between: blackWhite, rows: [[0b010_00000, 0, 0, 0]] }),
    1,
    [0, 255, 0],
  ],
  [
    '1 bit, colors',
    bmp({ width: 2, bits: 1, between: redBlue, rows: [[0b01_000000, 0, 0, 0]] }),
    3,
    [255, 0, 0, 0, 0, 255],
  ],
  [
    '4 bits',
    bmp({
      width: 3,
      bits: 4,
      between: Array.from({ length: 16 }, (_, i) => [i, i, i, 0]).flat(),
      rows: [[0x4f, 0x20, 0, 0]],
    }),
    1,
    [4, 15, 2],
  ],
  [
    '8 bits, two rows',
    bmp({
      width: 1,
      bits: 8,
      between: Array.from({ length: 256 }, (_, i) => [i, i, i, 0]).flat(),
      rows: [
        [7, 0, 0, 0],
        [9, 0, 0, 0],
      ],
    }),
    1,
    [9, 7],
  ],
  ['16 bits, 5-5-5', bmp({ width: 1, bits: 16, rows: [[0x1f, 0x7c, 0, 0]] }), 3, [255, 0, 255]],
  [
    '16 bits, 5-6-5',
    bmp({
      width: 1,
      bits: 16,
      compression: 3,
      between: [0xf800, 0x7e0, 0x1f].flatMap(mask),
      rows: [[0xe0, 0x07, 0, 0]],
    }),
    3,
    [0, 255, 0],
  ],
  ['32 bits', bmp({ width: 1, bits: 32, rows: [[1, 2, 3, 0]] }), 3, [3, 2, 1]],
  [
    '32 bits with alpha',
    bmp({
      width: 2,
      bits: 32,
      compression: 3,
      headerRest: [...bgra, ...Array<number>(52).fill(0)],
      rows: [[1, 2, 3, 128, 4, 5, 6, 0]],
    }),
    4,
    [3, 2, 1, 128, 6, 5, 4, 0],
  ],
  [
    '32 bits with alpha never set',
    bmp({
      width: 1,
      bits: 32,
      compression: 3,
      headerRest: [...bgra, ...Array<number>(52).fill(0)],
      rows: [[1, 2, 3, 0]],
    }),
    4,
    [3, 2, 1, 255],
  ],
  ['OS/2', os2, 3, [3, 2, 1, 6, 5, 4]],
];

test.each(readable)('%s', (_name, bytes, channels, expected) => {
  const { data, ...info } = decodeBmp(bytes, 100);
  expect(info.channels).toBe(channels);
  expect([...data]).toEqual(expected);
});

const sound = bmp({ width: 2, bits: 24, rows: [[1, 2, 3, 4, 5, 6, 0, 0]] });
const changed = (at: number, value: number): Buffer => {
  const bytes = Buffer.from(sound);
  bytes.writeInt32LE(value, at);
  return bytes;
};

test.each([
  ['run lengths', changed(30, 1), 'image-unsupported'],
  ['2 bits per pixel', changed(26, 0x20001), 'image-unsupported'],
  ['no width', changed(18, 0), 'image-unreadable'],
  ['a header that is too short', changed(14, 20), 'image-unreadable'],
  ['a header longer than the file', changed(14, 1000), 'image-truncated'],
  ['pixels beyond the end', changed(10, 1000), 'image-truncated'],
  ['more pixels than allowed', changed(22, 1000), 'image-too-large'],
  ['a palette beyond the end', bmp({ width: 1, bits: 8, rows: [[0, 0, 0, 0]] }), 'image-truncated'],
])('%s is refused', (_name, bytes, code) => {
  const attempt = () => decodeBmp(bytes, 100);
  expect(attempt).toThrow(InklingError);
  expect(attempt).toThrow(expect.objectContaining({ code }));
});
