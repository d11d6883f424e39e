/**
 * @file Image bytes, kept as they came and stored once per content. A blob's hash is the SHA-256 of its bytes;
 * for `raw`, whose bytes do not tell their shape, of a line with the shape followed by the bytes.
 */
import { hash } from 'node:crypto';
import type { Store } from './records.ts';
import { hashBytes } from './snapshots.ts';

export type Encoding = 'png' | 'jpeg' | 'gif' | 'webp' | 'tiff' | 'bmp' | 'raw';

/**
 * `width` and `height` are those of the picture as shown (after EXIF orientation); `channels` counts gray 1,
 * gray and alpha 2, color 3, color and alpha 4; `depth` is bits per channel (8 or 16). `raw` bytes are uint8
 * [C, H, W] (IDX), so its depth is 8.
 */
export type NewBlob = {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
};

export type BlobShape = Omit<NewBlob, 'bytes'>;
export type Blob = BlobShape & { readonly bytes: Buffer };

export function blobQueries({ database }: Store) {
  const columns = 'encoding, width, height, channels, depth, bytes';
  const byHash = database.prepare<[Uint8Array], Blob>(`SELECT ${columns} FROM blob WHERE hash = ?`);
  const byImage = database.prepare<[number], Blob>(
    `SELECT ${columns} FROM blob WHERE id = (SELECT blob FROM image WHERE id = ?)`,
  );
  const shapes = database.prepare<[number, number, number], BlobShape>(
    `SELECT encoding, width, height, channels, depth FROM image JOIN blob ON blob.id = image.blob
     WHERE dataset = ? AND image.id > ? ORDER BY image.id LIMIT ?`,
  );
  const count = database.prepare<[], number>('SELECT count(*) FROM blob').pluck();
  const known = database.prepare<[Uint8Array], 1>('SELECT 1 FROM blob WHERE hash = ?').pluck();
  const name = database
    .prepare<[Uint8Array], string>(
      `SELECT image.name FROM image JOIN blob ON blob.id = image.blob
       WHERE blob.hash = ? ORDER BY image.id LIMIT 1`,
    )
    .pluck();
  return {
    /** The name of an image with this content, the first of several. */
    nameOf: (blobHash: Uint8Array): string | undefined => name.get(blobHash),
    /** @param blobHash 32 bytes. */
    get: (blobHash: Uint8Array): Blob | undefined => byHash.get(blobHash),
    /** Of the dataset's images with an id above `after`, in order of id: all but the bytes. */
    shapes: (dataset: number, after: number, limit: number): BlobShape[] =>
      shapes.all(dataset, after, limit),
    ofImage: (image: number): Blob | undefined => byImage.get(image),
    count: (): number => count.get()!,
    /** How many of these are not stored. @param hashes [N, 32] */
    missing(hashes: Uint8Array): number {
      let absent = 0;
      for (let at = 0; at < hashes.length; at += hashBytes)
        if (known.get(hashes.subarray(at, at + hashBytes)) === undefined) absent++;
      return absent;
    },
  };
}

/** Returns a function that stores a blob unless it is known, and gives its row number. Call it inside a transaction. */
export function blobWriter({ database }: Store): (blob: NewBlob) => number {
  const insert = database.prepare(
    `INSERT INTO blob (hash, encoding, width, height, channels, depth, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING`,
  );
  const find = database.prepare<[Uint8Array], number>('SELECT id FROM blob WHERE hash = ?').pluck();
  return (blob) => {
    const { encoding, width, height, channels, depth, bytes } = blob;
    const key = blobHash(blob);
    const { changes, lastInsertRowid } = insert.run(
      key,
      encoding,
      width,
      height,
      channels,
      depth,
      bytes,
    );
    return changes === 1 ? Number(lastInsertRowid) : find.get(key)!;
  };
}

/** SHA-256, 32 bytes. */
export function blobHash(blob: NewBlob): Buffer {
  if (blob.encoding !== 'raw') return hash('sha256', blob.bytes, 'buffer');
  const shape = Buffer.from(`raw ${blob.channels} ${blob.height} ${blob.width} ${blob.depth}\n`);
  return hash('sha256', Buffer.concat([shape, blob.bytes]), 'buffer');
}

/**
 * Drops those of the given blobs that no image and no snapshot refers to any more. Call it inside a transaction.
 * While an import is under way nothing is dropped, because it may be about to use one of them: the import's own
 * sweep at its end is told to begin early enough.
 *
 * @param blobs row numbers, ascending.
 */
export function sweepOrphans({ database }: Store, blobs: readonly number[]): void {
  if (blobs.length === 0) return;
  const { changes: pending } = database
    .prepare('UPDATE pending_import SET blobs_before = min(blobs_before, ?)')
    .run(blobs[0]! - 1);
  if (pending === 0) dropUnused(database, blobs);
}

/** The same without regard to an import: for the import itself. */
export function dropUnused(database: Store['database'], blobs: readonly number[]): void {
  const unused = database
    .prepare<[string], [id: number, hash: Buffer]>(
      `SELECT blob.id, blob.hash FROM json_each(?) AS one CROSS JOIN blob ON blob.id = one.value
       WHERE NOT EXISTS (SELECT 1 FROM image WHERE image.blob = blob.id)`,
    )
    .raw()
    .all(JSON.stringify(blobs));
  if (unused.length === 0) return;
  const candidates = new Map(unused.map(([id, key]) => [key.toString('latin1'), id]));
  keepFrozen(database, candidates);
  const drop = database.prepare('DELETE FROM blob WHERE id = ?');
  for (const id of candidates.values()) drop.run(id);
}

/** Takes out of `candidates` (hash as latin1 to row number) what a snapshot holds: its runs still read it. */
function keepFrozen(database: Store['database'], candidates: Map<string, number>): void {
  const packed = database.prepare<[], Buffer>('SELECT hashes FROM snapshot_item').pluck();
  for (const hashes of packed.iterate())
    for (let at = 0; at < hashes.length; at += hashBytes)
      candidates.delete(hashes.toString('latin1', at, at + hashBytes));
}
