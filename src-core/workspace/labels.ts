/**
 * @file Labels: an append-only log of events, in batches, and the current value on the image. Both are written
 * here (and by an import and a merge of classes) in one transaction, so that they never disagree.
 *
 * Undo is linear, per dataset, over batches made by a human: undoing writes a new batch that takes back the
 * last one not undone; redoing applies again the first undone one, unless something newer was done meanwhile.
 * It is all in the database, so it works across restarts.
 */
import { failure } from '../errors.ts';
import type { ClassId, DatasetId, ImageId, Store } from './records.ts';

export type Origin = 'human' | 'import' | 'model';

export type LabelEvent = {
  readonly batch: number;
  readonly origin: Origin;
  readonly from: ClassId | null;
  readonly to: ClassId | null;
  readonly at: number;
};

/** What undo or redo would be about. `to` null: labels were taken away. */
export type LabelEdit = {
  readonly batch: number;
  readonly images: number;
  readonly to: ClassId | null;
};

/** An image that changed, as it is now. */
export type LabeledImage = [id: ImageId, classId: ClassId | null, origin: Origin | null];

export function labelQueries(store: Store) {
  const { database, write } = store;
  const sql = statements(database);
  const { known, classOf, undoable, redoable, history, edit, newest, latest } = sql;
  const { record, revert } = recorder(store, sql);
  const editOf = (batch: number | null | undefined): LabelEdit | null =>
    batch ? edit.get({ batch })! : null;

  return {
    /**
     * Labels images of one dataset (`to` null: takes their label away), as one batch.
     * @returns how many changed. @throws InklingError `image-gone`, `class-gone`
     */
    set: (
      dataset: DatasetId,
      images: readonly ImageId[],
      to: ClassId | null,
      origin: Exclude<Origin, 'import'>,
    ): number =>
      write(() => {
        if (to !== null && !classOf.get(to, dataset)) throw failure('class-gone', undefined);
        const ids = JSON.stringify([...new Set(images)]);
        const [found, changing] = known.get({ ids, dataset, to })!;
        if (found !== new Set(images).size) throw failure('image-gone', undefined);
        if (changing === 0) return 0;
        return record(dataset, ids, to, origin);
      }),

    /** Takes back the last human batch. @returns how many images changed; null: nothing to undo. */
    undo: (dataset: DatasetId): number | null =>
      write(() => {
        const batch = undoable.get(dataset);
        return batch ? revert(dataset, batch, 'undone') : null;
      }),

    /** Applies again what was undone last. @returns how many images changed; null: nothing to redo. */
    redo: (dataset: DatasetId): number | null =>
      write(() => {
        const batch = redoable.get(dataset);
        return batch ? revert(dataset, batch, 'done') : null;
      }),

    undoable: (dataset: DatasetId): LabelEdit | null => editOf(undoable.get(dataset)),
    redoable: (dataset: DatasetId): LabelEdit | null => editOf(redoable.get(dataset)),

    /** The row number of the dataset's newest batch, 0 for none: what has it unchanged has its labels unchanged. */
    newest: (dataset: DatasetId): number => newest.get(dataset) ?? 0,

    /** The images that the dataset's newest batch changed. */
    latest: (dataset: DatasetId): LabeledImage[] => latest.all(dataset),

    /** All that was said about an image, oldest first. */
    history: (image: ImageId): LabelEvent[] => history.all(image),
  };
}

function recorder({ clock }: Store, sql: ReturnType<typeof statements>) {
  const { insertBatch, insertEvents, insertReverting, update, updateReverted, mark, drop } = sql;

  /** Writes events and current values; images that have the label already are left out. Counts the changed. */
  const record = (
    dataset: DatasetId,
    ids: string,
    to: ClassId | null,
    origin: Exclude<Origin, 'import'>,
  ): number => {
    const isEdit = origin === 'human';
    if (isEdit) drop.run(dataset);
    const at = clock();
    const state = isEdit ? 'done' : null;
    const batch = insertBatch.run(dataset, origin, at, null, state).lastInsertRowid;
    insertEvents.run({ batch, ids, to });
    const by = to === null ? null : origin;
    return update.run({ batch, to, origin: by, at }).changes;
  };

  /** Images whose label is no longer what the batch left, because a model or an import changed it, stay. */
  const revert = (dataset: DatasetId, reverted: number, state: 'done' | 'undone'): number => {
    const at = clock();
    const batch = insertBatch.run(dataset, 'human', at, reverted, null).lastInsertRowid;
    mark.run(state, reverted);
    insertReverting[state].run({ batch, reverted });
    return updateReverted[state].run({ batch, reverted, at }).changes;
  };

  return { record, revert };
}

/** A class that was merged away counts as the one that it was merged into; one that was removed as 0, no class. */
const heirOf = (column: string): string =>
  `coalesce((SELECT heir FROM former_class WHERE id = ${column}), ${column})`;

/** Events that lead from `was` to `to`, columns of the reverted batch's events, where an image still is at `was`. */
const revertingEvents = (was: string, to: string): string =>
  `INSERT INTO label_event (batch, image, from_class, to_class, from_origin)
   SELECT @batch, image.id, image.class, ${heirOf(to)}, image.origin
   FROM label_event AS event INDEXED BY label_event_by_batch CROSS JOIN image ON image.id = event.image
   WHERE event.batch = @reverted AND image.class IS ${heirOf(was)}
     AND ${heirOf(to)} IS NOT 0 AND image.class IS NOT ${heirOf(to)} ORDER BY event.id`;

/** Puts the labels of batch `@batch` in place; `origin` is an expression over the reverted batch's event. */
const revertedImages = (origin: string): string =>
  `UPDATE image SET class = made.to_class, labeled_at = @at,
     origin = iif(made.to_class IS NULL, NULL, ${origin})
   FROM label_event AS made INDEXED BY label_event_by_batch
     CROSS JOIN label_event AS reverted INDEXED BY label_event_by_image
     ON reverted.batch = @reverted AND reverted.image = made.image
   WHERE made.batch = @batch AND image.id = made.image`;

function statements(database: Store['database']) {
  return { ...reading(database), ...changing(database) };
}

// CROSS JOIN and INDEXED BY keep SQLite from starting at the image table, which it cannot know to be the larger.
function changing(database: Store['database']) {
  return {
    insertBatch: database.prepare(
      'INSERT INTO label_batch (dataset, origin, at, reverts, state) VALUES (?, ?, ?, ?, ?)',
    ),
    insertEvents: database.prepare(
      `INSERT INTO label_event (batch, image, from_class, to_class, from_origin)
       SELECT @batch, image.id, image.class, @to, image.origin
       FROM json_each(@ids) AS one CROSS JOIN image ON image.id = one.value WHERE image.class IS NOT @to
       ORDER BY one.key`,
    ),
    update: database.prepare(
      `UPDATE image SET class = @to, origin = @origin, labeled_at = @at
       WHERE id IN (SELECT image FROM label_event WHERE batch = @batch)`,
    ),
    insertReverting: {
      undone: database.prepare(revertingEvents('event.to_class', 'event.from_class')),
      done: database.prepare(revertingEvents('event.from_class', 'event.to_class')),
    },
    updateReverted: {
      undone: database.prepare(revertedImages('reverted.from_origin')),
      done: database.prepare(revertedImages(`'human'`)),
    },
    mark: database.prepare('UPDATE label_batch SET state = ? WHERE id = ?'),
    drop: database.prepare(
      `UPDATE label_batch SET state = 'dropped' WHERE dataset = ? AND state = 'undone'`,
    ),
  };
}

function reading(database: Store['database']) {
  return {
    known: database
      .prepare<[object], [found: number, changing: number]>(
        `SELECT count(*), count(*) FILTER (WHERE image.class IS NOT @to)
         FROM json_each(@ids) AS one CROSS JOIN image ON image.id = one.value WHERE image.dataset = @dataset`,
      )
      .raw(),
    classOf: database.prepare<[number, number], 1>(
      'SELECT 1 FROM class WHERE id = ? AND dataset = ?',
    ),
    // Undone batches are newer than done ones: an edit that comes between drops them.
    undoable: database
      .prepare<[number], number | null>(
        `SELECT max(id) FROM label_batch WHERE dataset = ? AND state = 'done'`,
      )
      .pluck(),
    redoable: database
      .prepare<[number], number | null>(
        `SELECT min(id) FROM label_batch WHERE dataset = ? AND state = 'undone'`,
      )
      .pluck(),
    // All events of a human's edit lead to the same label.
    edit: database.prepare<[object], LabelEdit>(
      `SELECT @batch AS batch, (SELECT count(*) FROM label_event WHERE batch = @batch) AS images,
         (SELECT to_class FROM label_event WHERE batch = @batch LIMIT 1) AS "to"`,
    ),
    newest: database
      .prepare<[number], number | null>('SELECT max(id) FROM label_batch WHERE dataset = ?')
      .pluck(),
    latest: database
      .prepare<[number], LabeledImage>(
        `SELECT image.id, image.class, image.origin FROM label_event CROSS JOIN image ON image.id = label_event.image
         WHERE batch = (SELECT max(id) FROM label_batch WHERE dataset = ?)`,
      )
      .raw(),
    history: database.prepare<[number], LabelEvent>(
      `SELECT batch, origin, from_class AS "from", to_class AS "to", at
     FROM label_event JOIN label_batch ON label_batch.id = batch WHERE image = ? ORDER BY label_event.id`,
    ),
  };
}
