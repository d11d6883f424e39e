/**
 * @file Images as a grid looks at them: the columns that views filter by, names, details, pictures; and what is
 * done to many at once, marking as unsure and removing. Ids go to SQLite as one JSON array, which is quicker
 * than a statement for each.
 */
import { failure } from '../errors.ts';
import { sweepOrphans, type Blob } from './blobs.ts';
import {
  partCode,
  type ClassId,
  type DatasetId,
  type ImageId,
  type Part,
  type Store,
} from './records.ts';

/** Who gave a label as a number, for typed arrays. */
export const originCode = { none: 0, human: 1, import: 2, model: 3 } as const;

/**
 * An image's columns. `marks` holds the part as `partCode` in bits 0 – 1, the origin as `originCode` in bits
 * 2 – 3 and flagged in bit 4. `labeledAt` is 0 for what never had a label.
 */
export type ImageRow = [
  id: number,
  blob: number,
  classId: number,
  marks: number,
  labeledAt: number,
];

export type ImageDetails = {
  readonly id: ImageId;
  readonly dataset: DatasetId;
  readonly name: string;
  readonly class: ClassId | null;
  readonly flagged: 0 | 1;
  readonly part: Part | null;
  readonly encoding: string;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
  readonly bytes: number;
};

/** Counts of a dataset, for where its columns are not in memory. */
export type ImageCounts = { readonly images: number; readonly flagged: number };

export type NamedImage = { readonly id: ImageId; readonly name: string };

/** A set of ids. */
const chosen = 'SELECT one.value FROM json_each(@ids) AS one';

export function imageQueries(store: Store) {
  const { database, write } = store;
  const sql = statements(database);

  const requireAll = (dataset: DatasetId, ids: string, count: number): void => {
    if (sql.known.get({ ids, dataset }) !== count) throw failure('image-gone', undefined);
  };

  const revisions = new Map<DatasetId, number>();
  const revisionOf = (dataset: DatasetId): number => revisions.get(dataset) ?? 0;
  const revise = (dataset: DatasetId): unknown => revisions.set(dataset, revisionOf(dataset) + 1);
  return {
    /** Changes whenever images are marked or removed here. */
    revision: revisionOf,

    /** Rows with an id above `after`, in order of id, `limit` at most. */
    rows: (dataset: DatasetId, after: number, limit: number): ImageRow[] =>
      sql.rows.all(dataset, after, limit),

    /** Ids above `after` with the SHA-256 of their pictures, in order of id, `limit` at most. */
    hashes: (dataset: DatasetId, after: number, limit: number): [id: number, hash: Buffer][] =>
      sql.hashes.all(dataset, after, limit),

    /** The image of this name and content. */
    find: (dataset: DatasetId, name: string, hash: Uint8Array): ImageId | undefined =>
      sql.find.get(dataset, name, hash),

    /** Changes whenever another process writes the database. */
    foreignVersion: (): number => Number(database.pragma('data_version', { simple: true })),

    counts: (dataset: DatasetId): ImageCounts => sql.counts.get({ dataset })!,

    /** All ids in order of name, then of age. */
    idsByName: (dataset: DatasetId): number[] => sql.byName.all(dataset),

    /** Ids whose name contains `text`, in any order; upper and lower case of A – Z are the same. */
    idsWithText: (dataset: DatasetId, text: string): number[] =>
      sql.withText.all(dataset, `%${text.replace(/[\\%_]/g, '\\$&')}%`),

    /** @throws InklingError `image-gone` */
    details(image: ImageId): ImageDetails {
      const found = sql.details.get(image);
      if (!found) throw failure('image-gone', undefined);
      return found;
    },

    /** Other images of the same dataset with the same content, `limit` at most. */
    duplicates: (image: ImageId, limit: number): NamedImage[] =>
      sql.duplicates.all({ image, limit }),

    /** Those of the images that the dataset still has, in the order given. */
    existing: (dataset: DatasetId, images: readonly ImageId[]): ImageId[] =>
      sql.existing.all({ ids: JSON.stringify(images), dataset }),

    /** @param blob a row number. */
    blob: (blob: number): Blob | undefined => sql.blob.get(blob),

    /** @returns how many changed. @throws InklingError `image-gone` */
    flag: (dataset: DatasetId, images: readonly ImageId[], flagged: boolean): number =>
      write(() => {
        revise(dataset);
        const ids = JSON.stringify(images);
        requireAll(dataset, ids, new Set(images).size);
        return sql.flag.run({ ids, flagged: flagged ? 1 : 0 }).changes;
      }),

    /**
     * For good, with their labels and history. Pictures go too, unless another image or a run's snapshot has them.
     * @returns how many there were. @throws InklingError `image-gone`
     */
    remove: (dataset: DatasetId, images: readonly ImageId[]): number =>
      write(() => {
        revise(dataset);
        const ids = JSON.stringify(images);
        requireAll(dataset, ids, new Set(images).size);
        const blobs = sql.blobs.all({ ids });
        const { changes } = sql.remove.run({ ids });
        sweepOrphans(store, blobs);
        return changes;
      }),
  };
}

function statements(database: Store['database']) {
  return { ...reading(database), ...changing(database) };
}

function reading(database: Store['database']) {
  const { train, validation, test } = partCode;
  const { human, import: imported, model } = originCode;
  return {
    rows: database
      .prepare<[number, number, number], ImageRow>(
        `SELECT image.id, image.blob, coalesce(image.class, 0),
           CASE split.part WHEN 'train' THEN ${train} WHEN 'validation' THEN ${validation} WHEN 'test' THEN ${test} ELSE 0 END
           + 4 * CASE image.origin WHEN 'human' THEN ${human} WHEN 'import' THEN ${imported} WHEN 'model' THEN ${model} ELSE 0 END
           + 16 * image.flagged,
           coalesce(image.labeled_at, 0)
         FROM image LEFT JOIN split ON split.image = image.id
         WHERE +image.dataset = ? AND image.id > ? ORDER BY image.id LIMIT ?`,
      )
      .raw(),
    hashes: database
      .prepare<[number, number, number], [id: number, hash: Buffer]>(
        `SELECT image.id, blob.hash FROM image JOIN blob ON blob.id = image.blob
         WHERE +image.dataset = ? AND image.id > ? ORDER BY image.id LIMIT ?`,
      )
      .raw(),
    find: database
      .prepare<[number, string, Uint8Array], ImageId>(
        `SELECT image.id FROM image JOIN blob ON blob.id = image.blob
         WHERE image.dataset = ? AND image.name = ? AND blob.hash = ?`,
      )
      .pluck(),
    counts: database.prepare<[object], ImageCounts>(
      `SELECT (SELECT count(*) FROM image WHERE dataset = @dataset) AS images,
         (SELECT count(*) FROM image WHERE dataset = @dataset AND flagged = 1) AS flagged`,
    ),
    byName: database
      .prepare<[number], number>('SELECT id FROM image WHERE dataset = ? ORDER BY name, id')
      .pluck(),
    withText: database
      .prepare<[number, string], number>(
        `SELECT id FROM image WHERE dataset = ? AND name LIKE ? ESCAPE '\\'`,
      )
      .pluck(),
    details: database.prepare<[number], ImageDetails>(
      `SELECT image.id, image.dataset, image.name, image.class, image.flagged, split.part, encoding, width,
         height, channels, depth, length(bytes) AS bytes
       FROM image JOIN blob ON blob.id = image.blob LEFT JOIN split ON split.image = image.id
       WHERE image.id = ?`,
    ),
    duplicates: database.prepare<[object], NamedImage>(
      `SELECT other.id, other.name FROM image JOIN image AS other
         ON other.blob = image.blob AND other.dataset = image.dataset AND other.id <> image.id
       WHERE image.id = @image ORDER BY other.id LIMIT @limit`,
    ),
    blob: database.prepare<[number], Blob>(
      'SELECT encoding, width, height, channels, depth, bytes FROM blob WHERE id = ?',
    ),
  };
}

function changing(database: Store['database']) {
  return {
    known: database
      .prepare<[object], number>(
        `SELECT count(*) FROM image WHERE id IN (${chosen}) AND +dataset = @dataset`,
      )
      .pluck(),
    existing: database
      .prepare<[object], ImageId>(
        `SELECT image.id FROM json_each(@ids) AS one CROSS JOIN image ON image.id = one.value
         WHERE image.dataset = @dataset ORDER BY one.key`,
      )
      .pluck(),
    flag: database.prepare(
      `UPDATE image SET flagged = @flagged WHERE id IN (${chosen}) AND flagged <> @flagged`,
    ),
    blobs: database
      .prepare<[object], number>(
        `SELECT DISTINCT blob FROM image WHERE id IN (${chosen}) ORDER BY blob`,
      )
      .pluck(),
    remove: database.prepare(`DELETE FROM image WHERE id IN (${chosen})`),
  };
}
