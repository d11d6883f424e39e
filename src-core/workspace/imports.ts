/**
 * @file One import, all or nothing for whoever watches: nothing of it is visible before `commit`, and then all
 * of it is, the dataset included.
 *
 * Blobs are written as they come, in one transaction per `add`, because an import may be larger than memory;
 * names, classes and parts wait in a temporary table. A marker row tells how many blobs there were before, so
 * that `abort`, or the next writer to open the workspace after a crash, can sweep what no image refers to.
 */
import { blobWriter, dropUnused, type NewBlob } from './blobs.ts';
import { splitQueries, type AssignSplits, type PartCounts } from './splits.ts';
import { datasetQueries } from './datasets.ts';
import { failure } from '../errors.ts';
import type { DatasetId, Part, Store } from './records.ts';

export type NewImage = {
  /** Where it came from, with forward slashes: `7/scan-01.png`, `train/00123`. Unique together with the content. */
  readonly name: string;
  readonly blob: NewBlob;
  /** Class name; null: unlabeled. */
  readonly label: string | null;
  /** The part its source puts it in; null: the source does not say. */
  readonly part: Part | null;
};

export type ImportOptions = {
  /** Of the seeded split, when this import creates the dataset. Default 1. */
  readonly splitSeed?: number;
};

export type ImportResult = {
  readonly dataset: DatasetId;
  readonly name: string;
  /** Images this import added. */
  readonly added: number;
  /** Images that were there already: same name and same content. */
  readonly known: number;
  /** All classes of the dataset, in order. */
  readonly classes: readonly string[];
  /** All images of the dataset by part. */
  readonly splits: PartCounts;
};

export interface ImportSession {
  /** The name it was begun with. */
  readonly dataset: string;
  /**
   * Stores a batch; 100 – 1000 images at a time are quick and keep memory flat.
   * @throws InklingError `workspace-in-use`, `disk-full`
   */
  add(images: readonly NewImage[]): void;
  /**
   * Makes everything added visible in one transaction. The session is over afterwards.
   * @param classes every class name that was added, in the order the dataset shows them; names the dataset
   *   does not have yet are appended to its own order.
   * @param assign `assignSplits` of `data/splits.ts`.
   */
  commit(classes: readonly string[], assign: AssignSplits): ImportResult;
  /** Forgets everything added. Does nothing after `commit` or a second time. */
  abort(): void;
}

/** @throws InklingError `import-running`, `workspace-in-use` */
export function beginImport(store: Store, name: string, options: ImportOptions): ImportSession {
  const { database, write, writeAhead, folder } = store;
  write(() => {
    if (pendingImport(database) !== undefined) throw failure('import-running', { folder });
    database.exec(
      `INSERT INTO pending_import SELECT 1, coalesce(max(id), 0) FROM blob;
       CREATE TEMP TABLE staged (id INTEGER PRIMARY KEY, name TEXT, blob INTEGER, label INTEGER, part TEXT);
       CREATE TEMP TABLE staged_label (label INTEGER PRIMARY KEY, class INTEGER);`,
    );
  });
  const stage = database.prepare(
    'INSERT INTO temp.staged (name, blob, label, part) VALUES (?, ?, ?, ?)',
  );
  const writeBlob = blobWriter(store);
  const labels = new Map<string, number>();
  let open = true;

  const labelNumber = (label: string): number => {
    const known = labels.get(label) ?? labels.size;
    labels.set(label, known);
    return known;
  };

  return {
    dataset: name,

    add(images) {
      if (!open) throw new Error('the import is over');
      writeAhead(() => {
        for (const { name: source, blob, label, part } of images)
          stage.run(source, writeBlob(blob), label === null ? null : labelNumber(label), part);
      });
    },

    commit(classes, assign) {
      if (!open) throw new Error('the import is over');
      const result = write(() => {
        const made = publish(store, name, options, labels, classes, assign);
        sweep(store);
        return made;
      });
      open = false;
      return result;
    },

    abort() {
      if (!open) return;
      open = false;
      write(() => sweep(store));
    },
  };
}

/** Forgets what an import left behind that neither committed nor aborted; for the first moment of a writer. */
export function sweepCrashedImport({ database, write }: Store): void {
  const blobsBefore = pendingImport(database);
  if (blobsBefore !== undefined) write(() => sweepBlobs(database, blobsBefore));
}

/** Turns the staged rows into a dataset's images, labels and splits. */
function publish(
  store: Store,
  name: string,
  options: ImportOptions,
  labels: ReadonlyMap<string, number>,
  classOrder: readonly string[],
  assign: AssignSplits,
): ImportResult {
  const { database } = store;
  const datasets = datasetQueries(store);
  const splits = splitQueries(store);
  const { id: dataset } = datasets.ensure(name, options.splitSeed ?? 1);
  const classes = datasets.addClasses(dataset, classOrder);

  const bind = database.prepare('INSERT INTO temp.staged_label (label, class) VALUES (?, ?)');
  for (const [label, number] of labels) {
    const found = classes.find((one) => one.name === label);
    if (!found) throw new Error(`the class order lacks ${label}`);
    bind.run(number, found.id);
  }
  const added = insertImages(store, dataset);
  splits.assign(dataset, assign);
  const staged = database.prepare<[], number>('SELECT count(*) FROM temp.staged').pluck().get()!;
  return {
    dataset,
    name,
    added,
    known: staged - added,
    classes: classes.map((one) => one.name),
    splits: splits.counts(dataset),
  };
}

/** Copies staged images that the dataset does not have, with their label events and given parts; counts them. */
function insertImages({ database, clock }: Store, dataset: DatasetId): number {
  const now = clock();
  // A staged row's image gets the id base + row number, so that the tables below need no search by name.
  const base = database
    .prepare<[], number>('SELECT coalesce(max(id), 0) FROM image')
    .pluck()
    .get()!;
  const { changes: added } = database
    .prepare(
      `INSERT INTO image (id, dataset, blob, class, name, origin, labeled_at)
       SELECT @base + staged.id, @dataset, staged.blob, staged_label.class, staged.name,
         iif(staged_label.class IS NULL, NULL, 'import'), iif(staged_label.class IS NULL, NULL, @now)
       FROM temp.staged LEFT JOIN temp.staged_label USING (label) WHERE true ORDER BY staged.id
       ON CONFLICT (dataset, name, blob) DO NOTHING`,
    )
    .run({ base, dataset, now });
  database
    .prepare(
      `INSERT INTO split (image, part, given) SELECT image.id, staged.part, 1
       FROM temp.staged JOIN image ON image.id = @base + staged.id WHERE staged.part IS NOT NULL`,
    )
    .run({ base });
  if (added === 0) return 0;
  const batch = database
    .prepare(`INSERT INTO label_batch (dataset, origin, at) VALUES (?, 'import', ?)`)
    .run(dataset, now).lastInsertRowid;
  database
    .prepare(
      `INSERT INTO label_event (batch, image, from_class, to_class)
       SELECT @batch, id, NULL, class FROM image WHERE id > @base AND class IS NOT NULL`,
    )
    .run({ batch, base });
  return added;
}

/** Drops the staging tables, the marker, and blobs the import added that no image refers to. */
function sweep({ database }: Store): void {
  database.exec('DROP TABLE temp.staged; DROP TABLE temp.staged_label;');
  sweepBlobs(database, pendingImport(database)!);
}

function sweepBlobs(database: Store['database'], blobsBefore: number): void {
  const unused = database
    .prepare<[number], number>(
      `SELECT id FROM blob WHERE id > ? AND NOT EXISTS (SELECT 1 FROM image WHERE image.blob = blob.id)`,
    )
    .pluck();
  dropUnused(database, unused.all(blobsBefore));
  database.exec('DELETE FROM pending_import');
}

function pendingImport(database: Store['database']): number | undefined {
  return database.prepare<[], number>('SELECT blobs_before FROM pending_import').pluck().get();
}
