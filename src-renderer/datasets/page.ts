/** @file One page of thumbnails as it comes from the host: its records, and its tiles as one strip of pixels. */

/** Record of one image in a page. */
const recordBytes = 12;
const headerBytes = 8;
const partNames = [null, 'train', 'validation', 'test'] as const;

export type PageRecords = {
  readonly count: number;
  /** px: width and height of every tile in the strip. */
  readonly side: number;
  readonly ids: Uint32Array;
  /** Position of the class, −1: unlabeled. Changed in place when this page labels. */
  readonly classes: Int32Array;
  /** 0 none, 1 train, 2 validation, 3 test. */
  readonly parts: Uint8Array;
  readonly flagged: Uint8Array;
};

/** What is known of one image without asking for more. */
export type TileInfo = {
  readonly id: number;
  /** Position of its class; null: unlabeled. */
  readonly classPosition: number | null;
  readonly part: 'train' | 'validation' | 'test' | null;
  readonly flagged: boolean;
};

/** Reads what `paths.page` of the contract describes; `tiles` is RGBA, one tile below the other. */
export function readPage(bytes: ArrayBuffer): {
  records: PageRecords;
  tiles: Uint8ClampedArray<ArrayBuffer>;
} {
  const data = new DataView(bytes);
  const count = data.getUint32(0, true);
  const side = data.getUint32(4, true);
  const records = {
    count,
    side,
    ids: new Uint32Array(count),
    classes: new Int32Array(count),
    parts: new Uint8Array(count),
    flagged: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const at = headerBytes + i * recordBytes;
    records.ids[i] = data.getUint32(at, true);
    records.classes[i] = data.getInt32(at + 4, true);
    records.parts[i] = data.getUint8(at + 8);
    records.flagged[i] = data.getUint8(at + 9);
  }
  const start = headerBytes + count * recordBytes;
  return { records, tiles: new Uint8ClampedArray(bytes, start, count * side * side * 4) };
}

export function tileInfo(page: PageRecords, i: number): TileInfo | null {
  const id = page.ids[i];
  if (id === undefined) return null;
  const position = page.classes[i] ?? -1;
  return {
    id,
    classPosition: position < 0 ? null : position,
    part: partNames[page.parts[i] ?? 0] ?? null,
    flagged: page.flagged[i] === 1,
  };
}

/** Sides that pages are asked for in, px. */
const sides = [16, 24, 32, 48, 64] as const;
const sideMax = 64;
/** Pixels below each other in one page: what graphics hardware takes as one texture. */
const stripMax = 8192;

/** The smallest side that need not be enlarged to be shown as `devicePixels`, as far as there is one. */
export function sideFor(devicePixels: number): number {
  return sides.find((side) => side >= devicePixels) ?? sideMax;
}

export function tilesPerPage(side: number): number {
  return 2 ** Math.floor(Math.log2(stripMax / side));
}
