/**
 * @file Frozen content, stored once per hash. What goes into a snapshot, and its hash, is `data/snapshot.ts`'s
 * business; this file reads the candidates and keeps the packed result.
 */
import { z } from 'zod';
import { ImageShape } from '../model/spec.ts';
import { failure } from '../errors.ts';
import { fromJson, toJson } from './json.ts';
import {
  parts,
  type DatasetId,
  type Part,
  type Range,
  type Ranges,
  type SnapshotHash,
  type Store,
} from './records.ts';

export const hashBytes = 32;

export type Snapshot = {
  readonly hash: SnapshotHash;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** How an image of another size becomes one of `shape`. */
  readonly resize: string;
  readonly ranges: Ranges;
  /** [count, 32]: SHA-256 of each sample's blob. */
  readonly hashes: Uint8Array;
  /** int32 [count], class indices. */
  readonly labels: Int32Array;
};

/** A labeled image with a part. `label` is the class's position. */
export type Candidate = [
  part: Part,
  hash: Buffer,
  label: number,
  width: number,
  height: number,
  channels: number,
];

/** The images of one class (null: without one) in one part (null: in none yet). */
export type CandidateGroup = {
  readonly label: number | null;
  readonly part: Part | null;
  readonly count: number;
};

/** Of several images: what tells which shape suits them all. */
export type Extent = {
  readonly widthMin: number;
  readonly widthMax: number;
  readonly heightMin: number;
  readonly heightMax: number;
  readonly channelsMin: number;
  readonly channelsMax: number;
};

/** Of images one after another by id: how far it reaches, and their extent. */
export type ExtentSlice = Extent & { readonly count: number; readonly lastId: number };

/** `label` is the class's position. */
export type TrainingImage = [hash: Buffer, label: number];

/** Samples in one row of `snapshot_item`: rows of half a megabyte, well inside every limit of SQLite. */
const samplesPerRow = 16_384;

type SnapshotRow = {
  readonly id: number;
  readonly classes: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly resize: string;
};
/** What a snapshot is about, without its samples. `dataset` null: removed since. */
export type SnapshotAbout = {
  readonly dataset: DatasetId | null;
  readonly classes: readonly string[];
};

type ItemRow = { readonly part: Part; readonly hashes: Buffer; readonly labels: Buffer };

export function snapshotQueries({ database, clock, write }: Store) {
  const insert = database.prepare(
    `INSERT INTO snapshot (hash, dataset, created_at, classes, channels, height, width, resize)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO NOTHING`,
  );
  const insertItem = database.prepare(
    'INSERT INTO snapshot_item (snapshot, start, part, hashes, labels) VALUES (?, ?, ?, ?, ?)',
  );
  const one = database.prepare<[string], SnapshotRow>(
    'SELECT id, classes, channels, height, width, resize FROM snapshot WHERE hash = ?',
  );
  const about = database.prepare<[string], { dataset: DatasetId | null; classes: string }>(
    'SELECT dataset, classes FROM snapshot WHERE hash = ?',
  );
  const items = database.prepare<[number], ItemRow>(
    'SELECT part, hashes, labels FROM snapshot_item WHERE snapshot = ? ORDER BY start',
  );

  const insertItems = (row: number | bigint, snapshot: Snapshot): void => {
    const { ranges, hashes, labels } = snapshot;
    for (const part of parts)
      for (let { start } = ranges[part]; start < ranges[part].end; start += samplesPerRow) {
        const end = Math.min(start + samplesPerRow, ranges[part].end);
        const packed = hashes.subarray(start * hashBytes, end * hashBytes);
        insertItem.run(row, start, part, packed, littleEndian(labels.subarray(start, end)));
      }
  };

  return {
    ...candidateCalls(database),

    /** Stores a snapshot unless it is there already. @param dataset null: of none in this workspace. */
    put: (dataset: DatasetId | null, snapshot: Snapshot): void =>
      write(() => {
        const { hash, classes, shape, resize } = snapshot;
        const { channels, height, width } = shape;
        const values = [hash, dataset, clock(), toJson(classes), channels, height, width, resize];
        const { changes, lastInsertRowid } = insert.run(...values);
        if (changes === 1) insertItems(lastInsertRowid, snapshot);
      }),

    /** @throws InklingError `snapshot-unknown` */
    about(hash: SnapshotHash): SnapshotAbout {
      const row = about.get(hash);
      if (!row) throw failure('snapshot-unknown', { hash });
      return {
        dataset: row.dataset,
        classes: z.array(z.string()).parse(fromJson(row.classes)),
      };
    },

    /** @throws InklingError `snapshot-unknown` */
    get(hash: SnapshotHash): Snapshot {
      const row = one.get(hash);
      if (!row) throw failure('snapshot-unknown', { hash });
      return { hash, ...header(row), ...unpacked(items.all(row.id)) };
    },
  };
}

/** What a dataset has for a snapshot. */
function candidateCalls(database: Store['database']) {
  const candidates = database
    .prepare<[number], Candidate>(
      `SELECT split.part, blob.hash, class.position, blob.width, blob.height, blob.channels
       FROM image JOIN split ON split.image = image.id JOIN class ON class.id = image.class
       JOIN blob ON blob.id = image.blob WHERE image.dataset = ? ORDER BY blob.hash, class.position`,
    )
    .raw();
  const groups = database.prepare<[number], CandidateGroup>(
    `SELECT class.position AS label, part, count FROM
       (SELECT image.class, split.part, count(*) AS count
        FROM image LEFT JOIN split ON split.image = image.id WHERE image.dataset = ? GROUP BY 1, 2) AS one
     LEFT JOIN class ON class.id = one.class`,
  );
  const extent = database.prepare<[object], ExtentSlice>(
    `SELECT count(*) AS count, max(id) AS lastId, min(width) AS widthMin, max(width) AS widthMax,
       min(height) AS heightMin, max(height) AS heightMax, min(channels) AS channelsMin,
       max(channels) AS channelsMax
     FROM (SELECT image.id, blob.width, blob.height, blob.channels
           FROM image JOIN blob ON blob.id = image.blob
           WHERE +image.dataset = @dataset AND image.id > @after AND (image.class IS NOT NULL OR @isAll)
           ORDER BY image.id LIMIT @limit)`,
  );
  const forTraining = database
    .prepare<[number, number], TrainingImage>(
      `SELECT blob.hash, class.position FROM image JOIN class ON class.id = image.class
         JOIN blob ON blob.id = image.blob LEFT JOIN split ON split.image = image.id
       WHERE image.dataset = ? AND coalesce(split.part, 'train') = 'train' ORDER BY image.id LIMIT ?`,
    )
    .raw();

  return {
    /** All labeled images of a dataset that have a part, in order of hash, then of label. */
    candidates: (dataset: DatasetId): Candidate[] => candidates.all(dataset),

    /** What a snapshot would be made of, counted. */
    groups: (dataset: DatasetId): CandidateGroup[] => groups.all(dataset),

    /** Of `limit` images with an id above `after`, labeled ones or all; null: there are no more. */
    extent(
      dataset: DatasetId,
      of: 'labeled' | 'all',
      after: number,
      limit: number,
    ): ExtentSlice | null {
      const found = extent.get({ dataset, isAll: of === 'all' ? 1 : 0, after, limit });
      return found && found.count > 0 ? found : null;
    },

    /** The first labeled images that training may use as the dataset is now: those without a part are among them. */
    forTraining: (dataset: DatasetId, limit: number): TrainingImage[] =>
      forTraining.all(dataset, limit),
  };
}

function header({ classes, channels, height, width, resize }: SnapshotRow) {
  return {
    classes: z.array(z.string()).parse(fromJson(classes)),
    shape: ImageShape.parse({ channels, height, width }),
    resize,
  };
}

function unpacked(rows: readonly ItemRow[]): Pick<Snapshot, 'ranges' | 'hashes' | 'labels'> {
  const hashes = Buffer.concat(rows.map((row) => row.hashes));
  const labels = new Int32Array(hashes.length / hashBytes);
  let at = 0;
  for (const row of rows)
    for (let i = 0; i < row.labels.length; i += 4) labels[at++] = row.labels.readInt32LE(i);
  const counts = parts.map((part) =>
    rows.reduce((sum, row) => sum + (row.part === part ? row.hashes.length / hashBytes : 0), 0),
  );
  return { ranges: rangesOf(counts), hashes, labels };
}

/** @param counts samples in each part, in the order of `parts`. */
export function rangesOf(counts: readonly number[]): Ranges {
  const [train = 0, validation = 0, test = 0] = counts;
  const range = (start: number, count: number): Range => ({ start, end: start + count });
  return {
    train: range(0, train),
    validation: range(train, validation),
    test: range(train + validation, test),
  };
}

/** int32 as bytes in little-endian order, on any machine. */
export function littleEndian(values: Int32Array): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * 4);
  for (let i = 0; i < values.length; i++) bytes.writeInt32LE(values[i]!, i * 4);
  return bytes;
}
