/**
 * @file Which part each image belongs to. What the source said is kept as given; the rest is drawn by a
 * function passed in, because how to draw is not the store's business.
 */
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

/** Gives the part of every image, uint8 [N] as `partCode`. */
export type AssignSplits = (request: SplitRequest) => Uint8Array;

export type PartCounts = Readonly<Record<Part | 'none', number>>;

type Row = [id: number, position: number | null, part: Part | null, given: number | null];

export function splitQueries({ database, write }: Store) {
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
  const put = database.prepare(
    `INSERT INTO split (image, part, given) VALUES (?, ?, 0)
     ON CONFLICT (image) DO UPDATE SET part = excluded.part, given = 0`,
  );
  const counts = database.prepare<[number], { part: Part | 'none'; count: number }>(
    `SELECT coalesce(split.part, 'none') AS part, count(*) AS count
     FROM image LEFT JOIN split ON split.image = image.id WHERE image.dataset = ? GROUP BY 1`,
  );
  const seedOf = database
    .prepare<[number], number>('SELECT split_seed FROM dataset WHERE id = ?')
    .pluck();
  const partOf = database.prepare<[number], Part>('SELECT part FROM split WHERE image = ?').pluck();

  const countsOf = (dataset: DatasetId): PartCounts => {
    const found = new Map(counts.all(dataset).map(({ part, count }) => [part, count]));
    const of = (part: Part | 'none') => found.get(part) ?? 0;
    return { train: of('train'), validation: of('validation'), test: of('test'), none: of('none') };
  };

  return {
    /** Draws parts where a labeled image has none, or a part has no image, and stores them. */
    assign: (dataset: DatasetId, assign: AssignSplits): void =>
      write(() => {
        const now = countsOf(dataset);
        if (!lacking.get(dataset) && parts.every((part) => now[part] > 0)) return;
        const all = rows.all(dataset);
        const current = Uint8Array.from(all, ([, , part]) => partCode[part ?? 'none']);
        const drawn = assign({
          labels: Int32Array.from(all, ([, position]) => position ?? -1),
          current,
          given: Uint8Array.from(all, ([, , part, given]) => (given ? partCode[part!] : 0)),
          seed: seedOf.get(dataset)!,
        });
        for (const [i, [id]] of all.entries())
          if (drawn[i] !== current[i]) put.run(id, parts[drawn[i]! - 1]);
      }),

    counts: countsOf,
    of: (image: ImageId): Part | null => partOf.get(image) ?? null,
  };
}
