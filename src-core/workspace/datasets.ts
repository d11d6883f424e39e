/** @file Datasets, their classes and their images. */
import { failure } from '../errors.ts';
import { classAppender } from './classes.ts';
import { sweepOrphans } from './blobs.ts';
import type { ClassId, DatasetId, ImageId, Part, Store } from './records.ts';

export type Dataset = {
  readonly id: DatasetId;
  readonly name: string;
  readonly createdAt: number;
  readonly splitSeed: number;
};

/** `position` is the class index that labels and networks use. */
export type Class = { readonly id: ClassId; readonly name: string; readonly position: number };

export type Image = {
  readonly id: ImageId;
  readonly name: string;
  /** The current label; null: unlabeled. */
  readonly class: ClassId | null;
  readonly part: Part | null;
};

/** Which images of a dataset: of one class, without a label, or all. */
export type ImageFilter =
  | { readonly kind: 'all' }
  | { readonly kind: 'unlabeled' }
  | { readonly kind: 'class'; readonly class: ClassId };

/** The most images one page may hold: a few screens of thumbnails. */
const imagePageMax = 10_000;

/** How many images each class has; `class` null counts the unlabeled. */
export type ClassCount = { readonly class: ClassId | null; readonly count: number };

export function datasetQueries(store: Store) {
  const { database, clock, write } = store;
  const sql = statements(database);
  const append = classAppender(store);
  const { all, named, insert, classes, classCounts, count } = sql;
  const pages = imagePages(database);

  const find = (name: string): Dataset | undefined => named.get(name);

  return {
    list: (): Dataset[] => all.all(),
    find,

    /** @throws InklingError `dataset-unknown` */
    get(name: string): Dataset {
      const dataset = find(name);
      if (dataset) return dataset;
      const known = all.all().map((one) => one.name);
      throw failure('dataset-unknown', { name, known: known.join(', ') || 'none' });
    },

    /** The dataset of this name, made when there is none. */
    ensure: (name: string, splitSeed: number): Dataset =>
      write(() => {
        if (!find(name)) insert.run(name, clock(), splitSeed);
        return find(name)!;
      }),

    ...ownCalls(store, sql),

    classes: (dataset: DatasetId): Class[] => classes.all(dataset),

    /** Appends the names the dataset does not have yet, and gives all its classes in order. */
    addClasses: (dataset: DatasetId, names: readonly string[]): Class[] =>
      write(() => {
        const known = new Set(classes.all(dataset).map((one) => one.name));
        for (const name of names) {
          if (known.has(name)) continue;
          append(dataset, name);
          known.add(name);
        }
        return classes.all(dataset);
      }),

    classCounts: (dataset: DatasetId): ClassCount[] => classCounts.all(dataset),
    imageCount: (dataset: DatasetId): number => count.pluck().get(dataset)!,

    /** Images with an id above `after`, in order of id, `limit` (≤ `imagePageMax`) at most. */
    images(dataset: DatasetId, filter: ImageFilter, after: number, limit: number): Image[] {
      if (limit > imagePageMax) throw new RangeError(`${limit} images in a page`);
      const page = pages[filter.kind];
      return filter.kind === 'class'
        ? page.all(dataset, filter.class, after, limit)
        : page.all(dataset, after, limit);
    },
  };
}

/** A dataset as a whole, by its id. */
function ownCalls(store: Store, sql: ReturnType<typeof statements>) {
  const { clock, write } = store;
  const { named, insert } = sql;
  const find = (name: string): Dataset | undefined => named.get(name);
  const known = (id: DatasetId): Dataset => {
    const dataset = sql.byId.get(id);
    if (!dataset) throw failure('dataset-gone', undefined);
    return dataset;
  };

  return {
    /** @throws InklingError `dataset-gone` */
    byId: (dataset: DatasetId): Dataset => known(dataset),

    /** @throws InklingError `dataset-exists` */
    create: (name: string, splitSeed: number): Dataset =>
      write(() => {
        if (find(name)) throw failure('dataset-exists', { name });
        insert.run(name, clock(), splitSeed);
        return find(name)!;
      }),

    /** @throws InklingError `dataset-gone`, `dataset-exists` */
    rename: (dataset: DatasetId, name: string): void =>
      write(() => {
        if (known(dataset).name === name) return;
        if (find(name)) throw failure('dataset-exists', { name });
        sql.rename.run(name, dataset);
      }),

    /**
     * With its images, labels and classes. Runs stay, and so do pictures that other datasets or runs use.
     * @throws InklingError `dataset-gone`
     */
    remove: (dataset: DatasetId): void =>
      write(() => {
        known(dataset);
        const blobs = sql.blobs.all(dataset);
        sql.removeImages.run(dataset);
        sql.remove.run(dataset);
        sweepOrphans(store, blobs);
      }),
  };
}

function statements(database: Store['database']) {
  const columns = 'id, name, created_at AS createdAt, split_seed AS splitSeed';
  return {
    all: database.prepare<[], Dataset>(`SELECT ${columns} FROM dataset ORDER BY name`),
    named: database.prepare<[string], Dataset>(`SELECT ${columns} FROM dataset WHERE name = ?`),
    byId: database.prepare<[number], Dataset>(`SELECT ${columns} FROM dataset WHERE id = ?`),
    rename: database.prepare('UPDATE dataset SET name = ? WHERE id = ?'),
    remove: database.prepare('DELETE FROM dataset WHERE id = ?'),
    // Before the dataset, so that no class is removed that an image still refers to.
    removeImages: database.prepare('DELETE FROM image WHERE dataset = ?'),
    blobs: database
      .prepare<[number], number>('SELECT DISTINCT blob FROM image WHERE dataset = ? ORDER BY blob')
      .pluck(),
    insert: database.prepare('INSERT INTO dataset (name, created_at, split_seed) VALUES (?, ?, ?)'),
    classes: database.prepare<[number], Class>(
      'SELECT id, name, position FROM class WHERE dataset = ? ORDER BY position',
    ),
    classCounts: database.prepare<[number], ClassCount>(
      'SELECT class, count(*) AS count FROM image WHERE dataset = ? GROUP BY class',
    ),
    count: database.prepare<[number], number>('SELECT count(*) FROM image WHERE dataset = ?'),
  };
}

function imagePages(database: Store['database']) {
  const page = (condition: string) =>
    database.prepare<number[], Image>(
      `SELECT image.id, image.name, image.class, split.part
       FROM image LEFT JOIN split ON split.image = image.id
       WHERE image.dataset = ? ${condition} AND image.id > ? ORDER BY image.id LIMIT ?`,
    );
  return {
    all: page(''),
    unlabeled: page('AND image.class IS NULL'),
    class: page('AND image.class = ?'),
  } satisfies Record<ImageFilter['kind'], unknown>;
}
