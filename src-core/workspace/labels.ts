/**
 * @file Labels: an append-only log of events, in batches, and the current value on the image. Both are written
 * by the one function `record`, in one transaction, so that they never disagree.
 *
 * Undo is linear, per dataset, over batches made by a human: undoing writes a new batch that takes back the
 * last one not undone; redoing applies again the first undone one, unless something newer was done meanwhile.
 */
import type { ClassId, DatasetId, ImageId, Store } from './records.ts';

export type Origin = 'human' | 'import' | 'model';

export type LabelEvent = {
  readonly batch: number;
  readonly origin: Origin;
  readonly from: ClassId | null;
  readonly to: ClassId | null;
  readonly at: number;
};

type Change = { readonly image: ImageId; readonly to: ClassId | null };
type Past = { readonly image: ImageId; readonly from: ClassId | null; readonly to: ClassId | null };

export function labelQueries(store: Store) {
  const { database, write } = store;
  const sql = statements(database);
  const { current, classOf, undoable, redoable, history } = sql;
  const { record, revert } = recorder(store, sql);

  return {
    /**
     * Labels images of one dataset (`to` null: takes their label away), as one batch.
     * @returns how many changed.
     */
    set: (
      dataset: DatasetId,
      images: readonly ImageId[],
      to: ClassId | null,
      origin: Exclude<Origin, 'import'>,
    ): number =>
      write(() => {
        if (to !== null && !classOf.get(to, dataset))
          throw new Error(`dataset ${dataset} has no class ${to}`);
        const changes = images.map((image) => ({ image, to }));
        return changes.some(({ image }) => current.get(image, dataset)?.class !== to)
          ? record(dataset, origin, changes, null)
          : 0;
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

    /** All that was said about an image, oldest first. */
    history: (image: ImageId): LabelEvent[] => history.all(image),
  };
}

function recorder({ clock }: Store, sql: ReturnType<typeof statements>) {
  const { insertBatch, insertEvent, current, update, mark, drop, events } = sql;

  /** Writes events and current values; images that have the label already are left out. Counts the changed. */
  const record = (
    dataset: DatasetId,
    origin: Origin,
    changes: readonly Change[],
    reverts: number | null,
  ): number => {
    const isEdit = origin === 'human' && reverts === null;
    if (isEdit) drop.run(dataset);
    const state = isEdit ? 'done' : null;
    const batch = insertBatch.run(dataset, origin, clock(), reverts, state).lastInsertRowid;
    let changed = 0;
    for (const { image, to } of changes) {
      const held = current.get(image, dataset);
      if (!held) throw new Error(`dataset ${dataset} has no image ${image}`);
      if (held.class === to) continue;
      insertEvent.run(batch, image, held.class, to);
      update.run(to, image);
      changed++;
    }
    return changed;
  };

  /** Images whose label is no longer what the batch left, because a model or an import changed it, stay. */
  const revert = (dataset: DatasetId, batch: number, state: 'done' | 'undone'): number => {
    const changes = events
      .all(batch)
      .map(({ image, from, to }) =>
        state === 'undone' ? { image, was: to, to: from } : { image, was: from, to },
      )
      .filter(({ image, was }) => current.get(image, dataset)?.class === was);
    mark.run(state, batch);
    return record(dataset, 'human', changes, batch);
  };

  return { record, revert };
}

function statements(database: Store['database']) {
  return {
    insertBatch: database.prepare(
      'INSERT INTO label_batch (dataset, origin, at, reverts, state) VALUES (?, ?, ?, ?, ?)',
    ),
    insertEvent: database.prepare(
      'INSERT INTO label_event (batch, image, from_class, to_class) VALUES (?, ?, ?, ?)',
    ),
    current: database.prepare<[number, number], { class: ClassId | null }>(
      'SELECT class FROM image WHERE id = ? AND dataset = ?',
    ),
    classOf: database.prepare<[number, number], 1>(
      'SELECT 1 FROM class WHERE id = ? AND dataset = ?',
    ),
    update: database.prepare('UPDATE image SET class = ? WHERE id = ?'),
    mark: database.prepare('UPDATE label_batch SET state = ? WHERE id = ?'),
    drop: database.prepare(
      `UPDATE label_batch SET state = 'dropped' WHERE dataset = ? AND state = 'undone'`,
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
    events: database.prepare<[number], Past>(
      'SELECT image, from_class AS "from", to_class AS "to" FROM label_event WHERE batch = ? ORDER BY id',
    ),
    history: database.prepare<[number], LabelEvent>(
      `SELECT batch, origin, from_class AS "from", to_class AS "to", at
     FROM label_event JOIN label_batch ON label_batch.id = batch WHERE image = ? ORDER BY label_event.id`,
    ),
  };
}
