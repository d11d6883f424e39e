/** @file What a run leaves behind besides its metrics: checkpoints, predictions and exports. */
import { z } from 'zod';
import { fromJson, toJson } from './json.ts';
import { packFloats, unpackFloats } from './metrics.ts';
import { rowOf } from './runs.ts';
import type { Part, RunId, Store } from './records.ts';

export type CheckpointKind = 'last' | 'best';

export type Checkpoint = {
  readonly kind: CheckpointKind;
  readonly step: number;
  readonly epoch: number;
  /** Relative to the workspace's `checkpoints` folder. */
  readonly file: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly hash: string;
};

/** A verified export. `verified` is JSON of the export code's making, which also parses it. */
export type Export = {
  readonly format: string;
  readonly files: readonly string[];
  readonly verified: unknown;
};

type ExportRow = { format: string; files: string; verified: string; createdAt: number };

export function checkpointQueries({ database, clock, write }: Store) {
  const put = database.prepare(
    `INSERT INTO checkpoint (run, kind, step, epoch, file, hash, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (run, kind) DO UPDATE SET step = excluded.step, epoch = excluded.epoch,
       file = excluded.file, hash = excluded.hash, created_at = excluded.created_at`,
  );
  const one = database.prepare<[number, string], Checkpoint>(
    'SELECT kind, step, epoch, file, hash FROM checkpoint WHERE run = ? AND kind = ?',
  );
  const remove = database.prepare('DELETE FROM checkpoint WHERE run = ? AND kind = ?');
  return {
    /** Names the file that now holds this kind of checkpoint; the file must be complete. */
    put: (run: RunId, { kind, step, epoch, file, hash }: Checkpoint): void =>
      write(() => void put.run(rowOf(run), kind, step, epoch, file, hash, clock())),
    get: (run: RunId, kind: CheckpointKind): Checkpoint | undefined => one.get(rowOf(run), kind),
    /** Forgets the row; the file is the caller's. */
    remove: (run: RunId, kind: CheckpointKind): void =>
      write(() => void remove.run(rowOf(run), kind)),
  };
}

export function predictionQueries({ database, write }: Store) {
  const put = database.prepare(
    `INSERT INTO prediction (run, part, probabilities) VALUES (?, ?, ?)
     ON CONFLICT (run, part) DO UPDATE SET probabilities = excluded.probabilities`,
  );
  const one = database
    .prepare<[number, string], Buffer>(
      'SELECT probabilities FROM prediction WHERE run = ? AND part = ?',
    )
    .pluck();
  return {
    /** @param probabilities [N, classes], the samples of `part` in the order of the run's snapshot. */
    put: (run: RunId, part: Part, probabilities: Float32Array): void =>
      write(() => void put.run(rowOf(run), part, packFloats([probabilities]))),
    /** [N, classes] as `put`; undefined: not predicted yet. */
    get(run: RunId, part: Part): Float32Array | undefined {
      const bytes = one.get(rowOf(run), part);
      return bytes && unpackFloats(bytes);
    },
  };
}

export function exportQueries({ database, clock, write }: Store) {
  const insert = database.prepare(
    'INSERT INTO export (run, created_at, format, files, verified) VALUES (?, ?, ?, ?, ?)',
  );
  const ofRun = database.prepare<[number], ExportRow>(
    `SELECT format, files, verified, created_at AS createdAt FROM export WHERE run = ? ORDER BY id`,
  );
  return {
    add: (run: RunId, { format, files, verified }: Export): void =>
      write(() => void insert.run(rowOf(run), clock(), format, toJson(files), toJson(verified))),
    list: (run: RunId): (Export & { readonly createdAt: number })[] =>
      ofRun.all(rowOf(run)).map((row) => ({
        format: row.format,
        files: z.array(z.string()).parse(fromJson(row.files)),
        verified: fromJson(row.verified),
        createdAt: row.createdAt,
      })),
  };
}
