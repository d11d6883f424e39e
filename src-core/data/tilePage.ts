/** @file Packs a page of thumbnails as `paths.page` of the contract describes it. */

/** What a page says about a tile. */
export type TileRecord = {
  readonly id: number;
  /** Class position; −1: unlabeled. */
  readonly position: number;
  /** As `partCode`. */
  readonly part: number;
  readonly flagged: number;
};

const headerBytes = 8;
const recordBytes = 12;

/** A page with its records, and its tiles [count, side, side] to be drawn: transparent until then. */
export function tilePage(
  records: readonly TileRecord[],
  side: number,
): { readonly page: Buffer; readonly tiles: Uint32Array } {
  const count = records.length;
  const start = headerBytes + recordBytes * count; // a multiple of 4, as the pixels need
  const bytes = new ArrayBuffer(start + count * side * side * 4);
  const view = new DataView(bytes);
  view.setUint32(0, count, true);
  view.setUint32(4, side, true);
  records.forEach(({ id, position, part, flagged }, i) => {
    const at = headerBytes + recordBytes * i;
    view.setUint32(at, id, true);
    view.setInt32(at + 4, position, true);
    view.setUint8(at + 8, part);
    view.setUint8(at + 9, flagged);
  });
  return { page: Buffer.from(bytes), tiles: new Uint32Array(bytes, start) };
}
