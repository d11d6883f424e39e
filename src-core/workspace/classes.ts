/**
 * @file The classes of a dataset: their order, names, colors and keys. Positions count from 0 without gaps,
 * whatever is merged, removed or moved.
 *
 * Label events speak of classes by id. A class that goes is therefore remembered in `former_class`, with the
 * class that took over its labels, and its id is never given to another.
 */
import { failure } from '../errors.ts';
import type { ClassId, DatasetId, Store } from './records.ts';

export type ClassStyle = {
  readonly id: ClassId;
  readonly name: string;
  readonly position: number;
  /** `#rrggbb` */
  readonly color: string;
  /** The key it was bound to; null: the usual one. */
  readonly key: string | null;
};

/** Told apart with any kind of color vision as far as twelve colors can be, and visible on light and dark. */
const classColors = [
  '#3b6fd4',
  '#e0812b',
  '#2f9e5f',
  '#d1495b',
  '#8e5bd0',
  '#1fa3b5',
  '#c2a114',
  '#d45da8',
  '#7a8b2e',
  '#6b7f99',
  '#a0633d',
  '#4bb39c',
] as const;

/** Of classes that are not digits, in this order. D, F and U are taken: they move and mark as unsure. */
const usualKeys = [...'1234567890abceghijklmnopqrstvwxyz'];

export function classQueries(store: Store) {
  const { write } = store;
  const sql = statements(store.database);
  const append = classAppender(store);
  const merge = merger(store);

  const get = (dataset: DatasetId, id: ClassId): ClassStyle => {
    const found = sql.one.get(id, dataset);
    if (!found) throw failure('class-gone', undefined);
    return found;
  };
  const refuseTaken = (dataset: DatasetId, name: string): void => {
    if (sql.named.get(dataset, name) !== undefined) throw failure('class-exists', { name });
  };

  return {
    /** In order of position. */
    of: (dataset: DatasetId): ClassStyle[] => sql.all.all(dataset),

    /** Names by id, of classes that are gone as well. */
    names: (dataset: DatasetId): Map<number, string> => new Map(sql.names.all(dataset, dataset)),

    /** @throws InklingError `class-exists` */
    add: (dataset: DatasetId, name: string): ClassStyle =>
      write(() => {
        refuseTaken(dataset, name);
        append(dataset, name);
        return sql.all.all(dataset).at(-1)!;
      }),

    /** @throws InklingError `class-gone`, `class-exists` */
    rename: (dataset: DatasetId, id: ClassId, name: string): void =>
      write(() => {
        if (get(dataset, id).name === name) return;
        refuseTaken(dataset, name);
        sql.rename.run(name, id);
      }),

    ...styleCalls(write, sql, get),

    /** @param order every class of the dataset, once. @throws InklingError `class-gone` */
    reorder: (dataset: DatasetId, order: readonly ClassId[]): void =>
      write(() => {
        const known = sql.all.all(dataset).map((one) => one.id);
        const isWhole = new Set(order).size === known.length && order.length === known.length;
        if (!isWhole || known.some((id) => !order.includes(id)))
          throw failure('class-gone', undefined);
        renumber(sql, order);
      }),

    /**
     * Gives all images of a class to another and lets it go. The events say so; undo of what was labeled before
     * goes on as if the labels had always been those of the other class.
     * @returns how many images changed. @throws InklingError `class-gone`
     */
    merge: (dataset: DatasetId, id: ClassId, into: ClassId): number =>
      write(() => {
        const gone = get(dataset, id);
        if (get(dataset, into).id === id) return 0;
        const changed = merge(dataset, id, into);
        retire(sql, dataset, gone, into);
        return changed;
      }),

    /** @throws InklingError `class-gone`, `class-in-use` */
    remove: (dataset: DatasetId, id: ClassId): void =>
      write(() => {
        const gone = get(dataset, id);
        const count = sql.count.get(dataset, id)!;
        if (count > 0) throw failure('class-in-use', { name: gone.name, count });
        retire(sql, dataset, gone, 0);
      }),
  };
}

/** Numbers the classes by their place in `order`; by way of negative numbers, since positions are unique. */
function renumber(sql: Statements, order: readonly ClassId[]): void {
  order.forEach((id, i) => sql.move.run(-1 - i, id));
  order.forEach((id, i) => sql.move.run(i, id));
}

/** Lets a class go that no image has any more; those behind it move up. */
function retire(
  sql: Statements,
  dataset: DatasetId,
  { id, name }: ClassStyle,
  heir: ClassId | 0,
): void {
  sql.retire.run(id, dataset, name, heir);
  sql.inherit.run(heir, id);
  sql.remove.run(id);
  const left = sql.all.all(dataset).map((one) => one.id);
  renumber(sql, left);
}

/** How a class looks and which key it has. */
function styleCalls(
  write: Store['write'],
  sql: Statements,
  get: (dataset: DatasetId, id: ClassId) => ClassStyle,
) {
  return {
    /** @throws InklingError `class-gone` */
    recolor: (dataset: DatasetId, id: ClassId, color: string): void =>
      write(() => {
        sql.recolor.run(color, get(dataset, id).id);
      }),

    /** Binds a key, taking it from a class that it was bound to; null: the usual one. @throws `class-gone` */
    bind: (dataset: DatasetId, id: ClassId, key: string | null): void =>
      write(() => {
        get(dataset, id);
        if (key !== null) sql.unbind.run(dataset, key);
        sql.bind.run(key, id);
      }),
  };
}

/** Returns a function that adds a class at the end, in the color that is used least. Call it inside a transaction. */
export function classAppender({ database }: Store): (dataset: DatasetId, name: string) => void {
  const colors = database
    .prepare<[number], string>('SELECT color FROM class WHERE dataset = ?')
    .pluck();
  const insert = database.prepare(
    `INSERT INTO class (id, dataset, position, name, color) VALUES (
       1 + max((SELECT coalesce(max(id), 0) FROM class), (SELECT coalesce(max(id), 0) FROM former_class)),
       @dataset, (SELECT count(*) FROM class WHERE dataset = @dataset), @name, @color)`,
  );
  return (dataset, name) => {
    const used = colors.all(dataset);
    const uses = classColors.map((color) => used.filter((each) => each === color).length);
    const color = classColors[uses.indexOf(Math.min(...uses))];
    insert.run({ dataset, name, color });
  };
}

/**
 * The key of each class: the one it was bound to; else its name if that is a digit; else the first usual one that
 * is free. Null where there are more classes than keys.
 */
export function classKeys(classes: readonly Pick<ClassStyle, 'name' | 'key'>[]): (string | null)[] {
  const taken = new Set(classes.flatMap(({ key }) => key ?? []));
  const take = (key: string | undefined): string | null => {
    if (key === undefined || taken.has(key)) return null;
    taken.add(key);
    return key;
  };
  const own = classes.map(({ name, key }) => key ?? (/^[0-9]$/.test(name) ? take(name) : null));
  return own.map((key) => key ?? take(usualKeys.find((usual) => !taken.has(usual))));
}

/** Writes the events of a merge and changes the labels; who gave them stays as it was. */
function merger({ database, clock }: Store) {
  const batch = database.prepare(
    `INSERT INTO label_batch (dataset, origin, at) VALUES (?, 'human', ?)`,
  );
  const events = database.prepare(
    `INSERT INTO label_event (batch, image, from_class, to_class, from_origin)
     SELECT @batch, id, class, @into, origin FROM image WHERE dataset = @dataset AND class = @id`,
  );
  const update = database.prepare(
    'UPDATE image SET class = @into WHERE dataset = @dataset AND class = @id',
  );
  return (dataset: DatasetId, id: ClassId, into: ClassId): number => {
    const made = batch.run(dataset, clock()).lastInsertRowid;
    events.run({ batch: made, dataset, id, into });
    return update.run({ dataset, id, into }).changes;
  };
}

type Statements = ReturnType<typeof statements>;

function statements(database: Store['database']) {
  const columns = 'id, name, position, color, key';
  return {
    all: database.prepare<[number], ClassStyle>(
      `SELECT ${columns} FROM class WHERE dataset = ? ORDER BY position`,
    ),
    one: database.prepare<[number, number], ClassStyle>(
      `SELECT ${columns} FROM class WHERE id = ? AND dataset = ?`,
    ),
    named: database
      .prepare<[number, string], number>('SELECT id FROM class WHERE dataset = ? AND name = ?')
      .pluck(),
    names: database
      .prepare<[number, number], [number, string]>(
        `SELECT id, name FROM class WHERE dataset = ?
         UNION ALL SELECT id, name FROM former_class WHERE dataset = ?`,
      )
      .raw(),
    count: database
      .prepare<[number, number], number>(
        'SELECT count(*) FROM image WHERE dataset = ? AND class = ?',
      )
      .pluck(),
    rename: database.prepare('UPDATE class SET name = ? WHERE id = ?'),
    recolor: database.prepare('UPDATE class SET color = ? WHERE id = ?'),
    bind: database.prepare('UPDATE class SET key = ? WHERE id = ?'),
    unbind: database.prepare('UPDATE class SET key = NULL WHERE dataset = ? AND key = ?'),
    move: database.prepare('UPDATE class SET position = ? WHERE id = ?'),
    retire: database.prepare(
      'INSERT INTO former_class (id, dataset, name, heir) VALUES (?, ?, ?, ?)',
    ),
    // Who inherited from the one that goes passes it on.
    inherit: database.prepare('UPDATE former_class SET heir = ? WHERE heir = ?'),
    remove: database.prepare('DELETE FROM class WHERE id = ?'),
  };
}
