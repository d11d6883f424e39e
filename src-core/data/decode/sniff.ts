/**
 * @file What a file is, by its first bytes. Names and extensions are never trusted.
 */
import type { Encoding } from '../../workspace/blobs.ts';

/** Every encoding that has bytes to recognize: all but `raw`. */
export type PictureEncoding = Exclude<Encoding, 'raw'>;

type Signature = { readonly offset: number; readonly bytes: Buffer };

const at = (offset: number, text: string): Signature => ({
  offset,
  bytes: Buffer.from(text, 'latin1'),
});

/** All signatures of one alternative must be there; any alternative will do. */
const signatures = {
  png: [[at(0, '\x89PNG\r\n\x1a\n')]],
  jpeg: [[at(0, '\xff\xd8\xff')]],
  gif: [[at(0, 'GIF87a')], [at(0, 'GIF89a')]],
  webp: [[at(0, 'RIFF'), at(8, 'WEBP')]],
  tiff: [[at(0, 'II*\0')], [at(0, 'MM\0*')], [at(0, 'II+\0')], [at(0, 'MM\0+')]],
  bmp: [[at(0, 'BM'), at(6, '\0\0\0\0')]],
} satisfies Record<PictureEncoding, readonly (readonly Signature[])[]>;

/** The encoding of `bytes`, or null when it is none that can be decoded. */
export function sniff(bytes: Buffer): PictureEncoding | null {
  if (matches(bytes, signatures.png)) return 'png';
  if (matches(bytes, signatures.jpeg)) return 'jpeg';
  if (matches(bytes, signatures.gif)) return 'gif';
  if (matches(bytes, signatures.webp)) return 'webp';
  if (matches(bytes, signatures.tiff)) return 'tiff';
  if (matches(bytes, signatures.bmp)) return 'bmp';
  return null;
}

function matches(bytes: Buffer, alternatives: readonly (readonly Signature[])[]): boolean {
  return alternatives.some((parts) =>
    parts.every(
      ({ offset, bytes: expected }) =>
        bytes.length >= offset + expected.length &&
        expected.compare(bytes, offset, offset + expected.length) === 0,
    ),
  );
}
