/**
 * @file Which part each image belongs to. What the source said is kept as given; the rest is drawn by a
 * function passed in, because how to draw is not the store's business.
 */
import { failure } from '../errors.ts';
import { partCode, parts, type DatasetId, type ImageId, type Part, type Store } from './records.ts';

export type SplitRequest = {
  /** int32 [N]: class index, −1 unlabeled. */
  readonly labels: Int32Array;
  /** uint8 [N]: the part each image has now, as `partCode`. */
  readonly current: Uint8Array;
  /** uint8 [N]: the part its source put it in, as `partCode`. */
  readonly given: Uint8Array;
  readonly seed: number;
};

/** The class index of every image, −1 unlabeled, and the part it would have, as `partCode`. */
export type SplitPreview = { readonly labels: Int32Array; readonly parts: Uint8Array };

/** For drawing all anew: `labels` as above, and in `groups` an equal number for equal pictures. */
export type RedrawRequest = {
  readonly labels: Int32Array;
  /** int32 [N] */
  readonly groups: Int32Array;
};

/** Gives the part of every image, uint8 [N] as `partCode`. */
export type AssignSplits = (request: SplitRequest) => Uint8Array;

export type PartCounts = Readonly<Record<Part | 'none', number>>;

/** Draws all images anew. */
export type RedrawSplits = (request: RedrawRequest) => Uint8Array;

type Row = [id: number, position: number | null, part: Part | null, given: number | null];

export function splitQueries(store: Store) {
  const { database, write } = store;
  const put = database.prepare(
    `INSERT INTO split (image, part, given) VALUES (?, ?, 0)
     ON CONFLICT (image) DO UPDATE SET part = excluded.part, given = 0`,
  );
  const counts = database.prepare<[number], { part: Part | 'none'; count: number }>(
    `SELECT coalesce(split.part, 'none') AS part, count(*) AS count
     FROM image LEFT JOIN split ON split.image = image.id WHERE image.dataset = ? GROUP BY 1`,
  );
  const partOf = database.prepare<[number], Part>('SELECT part FROM split WHERE image = ?').pluck();

  const countsOf = (dataset: DatasetId): PartCounts => {
    const found = new Map(counts.all(dataset).map(({ part, count }) => [part, count]));
    const of = (part: Part | 'none') => found.get(part) ?? 0;
    return { train: of('train'), validation: of('validation'), test: of('test'), none: of('none') };
  };

  const drawn = drawer(store, countsOf);

  const revisions = new Map<DatasetId, number>();
  const revisionOf = (dataset: DatasetId): number => revisions.get(dataset) ?? 0;
  const revise = (dataset: DatasetId): unknown => revisions.set(dataset, revisionOf(dataset) + 1);
  return {
    /** Changes whenever parts are changed here. */
    revision: revisionOf,

    ...splitChanges(store, (image, part) => put.run(image, part), revise),

    /** Draws parts where a labeled image has none, or a part has no image, and stores them. */
    assign: (dataset: DatasetId, assign: AssignSplits): void =>
      write(() => {
        const found = drawn(dataset, assign);
        if (!found) return;
        revise(dataset);
        for (const [i, id] of found.ids.entries())
          if (found.drawn[i] !== found.current[i]) put.run(id, parts[found.drawn[i]! - 1]);
      }),

    /** What `assign` would come to, without doing it: null where it would change nothing. */
    preview(dataset: DatasetId, assign: AssignSplits): SplitPreview | null {
      const found = drawn(dataset, assign);
      return found && { labels: found.labels, parts: found.drawn };
    },

    counts: countsOf,
    of: (image: ImageId): Part | null => partOf.get(image) ?? null,
  };
}

/** Every image with the part it has and the one it would have; null where nothing is to be drawn. */
function drawer({ database }: Store, countsOf: (dataset: DatasetId) => PartCounts) {
  // By name, so that the draw does not depend on the order in which images were added.
  const rows = database
    .prepare<[number], Row>(
      `SELECT image.id, class.position, split.part, split.given
       FROM image LEFT JOIN class ON class.id = image.class LEFT JOIN split ON split.image = image.id
       WHERE image.dataset = ? ORDER BY image.name, image.id`,
    )
    .raw();
  const lacking = database
    .prepare<[number], number>(
      `SELECT EXISTS (SELECT 1 FROM image WHERE dataset = ? AND class IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM split WHERE split.image = image.id))`,
    )
    .pluck();
  const seedOf = database
    .prepare<[number], number>('SELECT split_seed FROM dataset WHERE id = ?')
    .pluck();
  return (dataset: DatasetId, assign: AssignSplits) => {
    const now = countsOf(dataset);
    if (!lacking.get(dataset) && parts.every((part) => now[part] > 0)) return null;
    const all = rows.all(dataset);
    const labels = Int32Array.from(all, ([, position]) => position ?? -1);
    const current = Uint8Array.from(all, ([, , part]) => partCode[part ?? 'none']);
    const given = Uint8Array.from(all, ([, , part, given]) => (given ? partCode[part!] : 0));
    const ids = all.map(([id]) => id);
    return {
      ids,
      labels,
      current,
      drawn: assign({ labels, current, given, seed: seedOf.get(dataset)! }),
    };
  };
}

/** @param put stores a drawn part. @param revise to be called with each dataset that changes. */
function splitChanges(
  { database, write }: Store,
  put: (image: number, part: Part) => unknown,
  revise: (dataset: DatasetId) => unknown,
) {
  const sql = changing(database);
  return {
    /** Gives every image, labeled or not, the part that `draw` says; what the source had said is forgotten. */
    redraw: (dataset: DatasetId, draw: RedrawSplits): void =>
      write(() => {
        revise(dataset);
        const all = sql.all.all(dataset);
        const drawn = draw({
          labels: Int32Array.from(all, ([, position]) => position),
          groups: Int32Array.from(all, ([, , blob]) => blob),
        });
        for (const [i, [id, , , part, given]] of all.entries())
          if (given !== 0 || drawn[i] !== part) put(id, parts[drawn[i]! - 1]!);
      }),

    /**
     * Puts images into a part, or (null) takes them out of theirs.
     * @returns how many changed. @throws InklingError `image-gone`
     */
    put: (dataset: DatasetId, images: readonly ImageId[], part: Part | null): number =>
      write(() => {
        revise(dataset);
        const ids = JSON.stringify(images);
        if (sql.known.get({ ids, dataset }) !== new Set(images).size)
          throw failure('image-gone', undefined);
        return part === null ? sql.clear.run({ ids }).changes : sql.put.run({ ids, part }).changes;
      }),
  };
}

function changing(database: Store['database']) {
  const chosen = 'SELECT one.value FROM json_each(@ids) AS one';
  const code = parts.map((part) => `WHEN '${part}' THEN ${partCode[part]}`).join(' ');
  return {
    // By name, so that the draw does not depend on the order in which images were added.
    all: database
      .prepare<[number], [id: number, position: number, blob: number, part: number, given: number]>(
        `SELECT image.id, coalesce(class.position, -1), image.blob, CASE split.part ${code} ELSE 0 END,
           coalesce(split.given, 0)
         FROM image LEFT JOIN class ON class.id = image.class LEFT JOIN split ON split.image = image.id
         WHERE image.dataset = ? ORDER BY image.name, image.id`,
      )
      .raw(),
    known: database
      .prepare<[object], number>(
        `SELECT count(*) FROM image WHERE id IN (${chosen}) AND +dataset = @dataset`,
      )
      .pluck(),
    put: database.prepare(
      `INSERT INTO split (image, part, given)
       SELECT image.id, @part, 0 FROM image LEFT JOIN split ON split.image = image.id
       WHERE image.id IN (${chosen}) AND split.part IS NOT @part
       ON CONFLICT (image) DO UPDATE SET part = excluded.part, given = 0`,
    ),
    clear: database.prepare(`DELETE FROM split WHERE image IN (${chosen})`),
  };
}
