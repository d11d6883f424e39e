/** @file What really lies in a workspace: read from its database, beside the running program. */
import Database from 'better-sqlite3';
import { join } from 'node:path';

export type StoredImage = {
  readonly id: number;
  readonly name: string;
  readonly class: string | null;
  readonly part: string | null;
  /** SHA-256 of its bytes, as hex. */
  readonly hash: string;
};

/** All images of a dataset, in the order of their content. */
export function storedImages(workspace: string, dataset: string): StoredImage[] {
  const database = new Database(join(workspace, 'inkling.db'), { readonly: true });
  try {
    return database
      .prepare<[string], StoredImage>(
        `SELECT image.id, image.name, class.name AS class, split.part, lower(hex(blob.hash)) AS hash
           FROM image JOIN dataset ON dataset.id = image.dataset JOIN blob ON blob.id = image.blob
           LEFT JOIN class ON class.id = image.class LEFT JOIN split ON split.image = image.id
          WHERE dataset.name = ? ORDER BY hash, image.name`,
      )
      .all(dataset);
  } finally {
    database.close();
  }
}

/** Classes of a dataset in their order. */
export function storedClasses(workspace: string, dataset: string): string[] {
  const database = new Database(join(workspace, 'inkling.db'), { readonly: true });
  try {
    return database
      .prepare<[string], string>(
        `SELECT class.name FROM class JOIN dataset ON dataset.id = class.dataset
          WHERE dataset.name = ? ORDER BY position`,
      )
      .pluck()
      .all(dataset);
  } finally {
    database.close();
  }
}

export type StoredRun = {
  readonly id: number;
  readonly status: string;
  /** Of its trainer, while there is one. */
  readonly process: number | null;
  /** The last step whose figures are stored. */
  readonly step: number;
  /** JSON; null until it has finished. */
  readonly result: string | null;
};

/** All runs, the oldest first. */
export function storedRuns(workspace: string): StoredRun[] {
  const database = new Database(join(workspace, 'inkling.db'), { readonly: true });
  try {
    return database
      .prepare<[], StoredRun>(
        `SELECT id, status, process, result,
                (SELECT coalesce(max(last_step), 0) FROM metric WHERE run = run.id AND kind = 'steps') AS step
           FROM run ORDER BY id`,
      )
      .all();
  } finally {
    database.close();
  }
}
