/**
 * @file Thumbnails: square tiles of RGBA, a thousand digits in about 20 ms. Gray IDX images are scaled straight
 * from the store; everything else is decoded once and its tile kept as long as there is room.
 */
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import type { NewBlob } from '../workspace/blobs.ts';
import { decodeToTensor } from './decode/decode.ts';
import { interleave } from './decode/pixels.ts';
import { TileScaler } from './tileScaler.ts';

/** Smaller is a dot; larger is no thumbnail but a picture. */
export const tileSideMin = 16;
export const tileSideMax = 64;

/** Decoded tiles in memory: 16 000 of the largest, which is several screens at every size. */
const keptBytesMax = 256 * 1024 * 1024;
/** Tiles made between two looks at what else there is to do: below a millisecond or two. */
const tilesAtOnce = 128;
/** Pictures decoded at once; see `decodesAtOnce` of decode.ts. */
const decodesAtOnce = 4;
/** Pictures up to this side are scaled here, in microseconds, larger ones by their decoder. */
const scaledSideMax = 128;

/** Gives the content of a blob by its row number; undefined where it is gone. */
export type ReadBlob = (blob: number) => NewBlob | undefined;

export class Thumbnails {
  readonly #read: ReadBlob;
  readonly #keptBytesMax: number;
  /** By `blob:side`, the one used longest ago first. */
  readonly #kept = new Map<string, Uint32Array>();
  #keptBytes = 0;
  readonly #scalers = new Map<number, TileScaler>();

  constructor(read: ReadBlob, bytesMax = keptBytesMax) {
    this.#read = read;
    this.#keptBytesMax = bytesMax;
  }

  /**
   * Draws one tile for each blob. A blob that is gone (undefined, or not there any more) leaves its tile as it is.
   *
   * @param out  [blobs.length, side, side] pixels, R in the lowest byte: RGBA in memory on every machine in use.
   */
  async draw(
    blobs: readonly (number | undefined)[],
    side: number,
    out: Uint32Array,
  ): Promise<void> {
    const size = side * side;
    const slow: (() => Promise<void>)[] = [];
    for (const [i, blob] of blobs.entries()) {
      if (i % tilesAtOnce === tilesAtOnce - 1) await setImmediate();
      if (blob === undefined) continue;
      const tile = out.subarray(i * size, (i + 1) * size);
      const kept = this.#take(`${blob}:${side}`);
      if (kept) {
        tile.set(kept);
        continue;
      }
      const picture = this.#read(blob);
      if (!picture) continue;
      if (isPlain(picture)) this.#scaler(side).draw(picture.bytes, picture, 1, tile);
      else slow.push(() => this.#decode(blob, picture, side, tile));
    }
    await inTurn(slow);
  }

  async #decode(blob: number, picture: NewBlob, side: number, tile: Uint32Array): Promise<void> {
    const isSmall = picture.width <= scaledSideMax && picture.height <= scaledSideMax;
    const size = isSmall ? picture : { width: side, height: side };
    const channels = picture.channels <= 2 ? 1 : 3;
    const { width, height } = size;
    const tensor = await decodeToTensor(picture, { channels, width, height });
    this.#scaler(side).draw(tensor, size, channels, tile);
    this.#keep(`${blob}:${side}`, tile.slice());
  }

  #scaler(side: number): TileScaler {
    const scaler = this.#scalers.get(side) ?? new TileScaler(side);
    this.#scalers.set(side, scaler);
    return scaler;
  }

  #take(key: string): Uint32Array | undefined {
    const tile = this.#kept.get(key);
    if (!tile) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, tile);
    return tile;
  }

  #keep(key: string, tile: Uint32Array): void {
    const before = this.#kept.get(key);
    if (before) return;
    this.#kept.set(key, tile);
    this.#keptBytes += tile.byteLength;
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#keptBytes <= this.#keptBytesMax) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= byteLength;
    }
  }
}

/** The picture as PNG: upright, 8 bits, transparency over white. @throws InklingError of `decodeToTensor` */
export async function toPng(picture: NewBlob): Promise<Buffer> {
  const { width, height } = picture;
  const channels = picture.channels <= 2 ? 1 : 3;
  const tensor = await decodeToTensor(picture, { channels, width, height });
  const { data } = interleave(tensor, picture, channels);
  return sharp(data, { raw: { width, height, channels } }).png().toBuffer();
}

const isPlain = ({ encoding, channels, depth }: NewBlob): boolean =>
  encoding === 'raw' && channels === 1 && depth === 8;

/** Runs the tasks, a few at a time; the first failure stops the rest. */
async function inTurn(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tasks.length) {
      await tasks[next++]!();
      if (next % tilesAtOnce === 0) await setImmediate();
    }
  };
  await Promise.all(Array.from({ length: decodesAtOnce }, worker));
}
