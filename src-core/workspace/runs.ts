/** @file Runs: what was asked for, how far it is, and what came of it. */
import { z } from 'zod';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { failure } from '../errors.ts';
import { fromJson, toJson } from './json.ts';
import type { DatasetId, RunId, SnapshotHash, Store } from './records.ts';

export type NewRun = {
  readonly snapshot: SnapshotHash;
  /** The preset it was made from; null: a network of the user's own. */
  readonly preset: string | null;
  readonly spec: ModelSpec;
  /** `options.seed` is the run's seed. */
  readonly options: TrainOptions;
  readonly engine: string;
  readonly device: string;
  /** Training images it was to use at most when its snapshot was frozen; null or absent: all. */
  readonly limit?: number | null;
  /** Of the program, the engine and the platform, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of all runs started together, any text of the caller's; absent: started alone. */
  readonly comparison?: string | null;
  /** The run it repeats, and the parameters that one had then; null: not known. */
  readonly repeats?: Repeats | null;
  /** The run it follows, on a newer snapshot of the same dataset; absent: none. */
  readonly follows?: RunId | null;
  /** Parameters that it starts from, as a run had them; they lie in its own folder. Absent: initial values. */
  readonly start?: RunStart | null;
  /** The run it is a copy of, in another workspace; absent: it is trained here. */
  readonly cameFrom?: CameFrom | null;
};

export type RunStart = { readonly epoch: number; readonly parametersHash: string };

export const CameFrom = z.strictObject({
  /** Its name there, as `r12`. */
  run: z.string().max(40),
  createdAt: z.number(),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
});
export type CameFrom = z.infer<typeof CameFrom>;

export type Repeats = { readonly run: RunId; readonly parametersHash: string | null };

export type RunDataset = { readonly id: DatasetId; readonly name: string };

export type RunError = { readonly code: string; readonly message: string; readonly hint: string };

/** `result` is JSON of the training code's making, which also parses it. */
export type RunState =
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly process: number }
  | { readonly status: 'paused' }
  /** Null: the program ended before anyone could say why. */
  | { readonly status: 'interrupted'; readonly error: RunError | null }
  | { readonly status: 'stopped' }
  | { readonly status: 'finished'; readonly result: unknown }
  | { readonly status: 'failed'; readonly error: RunError };

type RunStatus = RunState['status'];

export type Run = Required<NewRun> & {
  readonly id: RunId;
  /** What the user calls it; null: it has no name of its own. */
  readonly name: string | null;
  readonly createdAt: number;
  /** Of the last start; null: never started. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: RunState;
  /** Of the last time it finished, also while it is given more epochs; null: it never has. */
  readonly result: unknown;
  /** Where the list of runs reads how far it is: JSON of the training code's making; null: nothing yet. */
  readonly progress: unknown;
  /** Its order in the queue, kept while it is on or interrupted; null: none. */
  readonly place: number | null;
  /** Given more epochs, and no checkpoint says so yet. */
  readonly isExtended: boolean;
};

/** A row as stored; the database's own checks guard `status`. */
type RunRow = {
  readonly id: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly status: RunStatus;
  readonly process: number | null;
  readonly snapshot: SnapshotHash;
  readonly preset: string | null;
  readonly spec: string;
  readonly options: string;
  readonly engine: string;
  readonly device: string;
  readonly versions: string;
  readonly result: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly error_hint: string | null;
  readonly name: string | null;
  readonly comparison: string | null;
  readonly repeats: number | null;
  readonly repeats_hash: string | null;
  readonly follows: number | null;
  readonly start_epoch: number | null;
  readonly start_hash: string | null;
  readonly place: number | null;
  readonly extended: 0 | 1;
  readonly progress: string | null;
  readonly came_from: string | null;
  readonly image_limit: number | null;
};

const Versions = z.record(z.string(), z.string());

export function runQueries({ database, clock, write }: Store) {
  const sql = statements(database);
  const get = (id: RunId): Run => {
    const row = sql.one.get(rowOf(id));
    if (!row) throw failure('run-unknown', { run: id });
    return runOf(row);
  };

  return {
    /** Queues a run. */
    create: (run: NewRun): Run =>
      write(() => {
        const { snapshot, preset, spec, options, engine, device, versions } = run;
        const { comparison = null, repeats = null, follows = null, start = null } = run;
        const json = [toJson(spec), toJson(options), engine, device, toJson(versions)];
        const kin = [comparison, repeats && rowOf(repeats.run), repeats && repeats.parametersHash];
        const begin = [
          follows && rowOf(follows),
          start && start.epoch,
          start && start.parametersHash,
          run.cameFrom ? toJson(run.cameFrom) : null,
          run.limit ?? null,
        ];
        const values = [clock(), snapshot, preset, ...json, options.seed, ...kin, ...begin];
        return get(idOf(sql.insert.run(...values).lastInsertRowid));
      }),

    /** @throws InklingError `run-unknown` */
    get,

    /** In order of creation; of one dataset when it is given. */
    list: (dataset?: DatasetId): Run[] =>
      (dataset === undefined ? sql.all.all() : sql.ofDataset.all(dataset)).map(runOf),

    /** The datasets that snapshots of runs were made from, where they are still there. */
    datasets: (): ReadonlyMap<SnapshotHash, RunDataset> =>
      new Map(sql.datasets.all().map(({ hash, id, name }) => [hash, { id, name }])),

    /** In order of creation, without reading more of them. */
    ids: (): RunId[] => sql.ids.all().map(idOf),

    /** A result stays until there is a new one. */
    setState: (id: RunId, state: RunState): void =>
      write(() => {
        if (sql.update.run({ id: rowOf(id), ...columnsOf(state, clock()) }).changes === 0)
          throw failure('run-unknown', { run: id });
      }),

    /** For a run that is continued with more epochs: it stays extended until a checkpoint says so. */
    extend: (id: RunId, options: TrainOptions): void =>
      write(() => void sql.extend.run(toJson(options), options.seed, rowOf(id))),

    endExtension: (id: RunId): void => write(() => void sql.endExtension.run(rowOf(id))),

    /** @throws InklingError `run-unknown` */
    rename: (id: RunId, name: string): void =>
      write(() => {
        if (sql.rename.run(name, rowOf(id)).changes === 0)
          throw failure('run-unknown', { run: id });
      }),

    setProgress: (id: RunId, progress: unknown): void =>
      write(() => void sql.setProgress.run(toJson(progress), rowOf(id))),

    /** Gives each run its place in the queue; null takes it away. */
    setPlaces: (places: ReadonlyMap<RunId, number | null>): void =>
      write(() => places.forEach((place, id) => sql.setPlace.run(place, rowOf(id)))),

    /** A place after all others. */
    lastPlace: (): number => (sql.lastPlace.get() ?? 0) + 1,

    /** Takes away the row and with it metrics, predictions, and the rows of checkpoints and exports. */
    remove: (id: RunId): void => write(() => void sql.remove.run(rowOf(id))),

    /** What the trainer really runs on, once it has said so. */
    setDevice: (id: RunId, device: string, versions: NewRun['versions']): void =>
      write(() => void sql.setDevice.run(device, toJson(versions), rowOf(id))),

    /**
     * Turns runs that only a living writer could be working on into interrupted ones. Right when the workspace
     * is opened for writing: the lock says that no other writer lives.
     */
    markInterrupted: (): RunId[] => write(() => sql.stale.all().map(idOf)),
  };
}

function statements(database: Store['database']) {
  return {
    insert: database.prepare(
      `INSERT INTO run (created_at, status, snapshot, preset, spec, options, engine, device, versions, seed,
       comparison, repeats, repeats_hash, follows, start_epoch, start_hash, came_from, image_limit)
     VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    one: database.prepare<[number], RunRow>('SELECT * FROM run WHERE id = ?'),
    all: database.prepare<[], RunRow>('SELECT * FROM run ORDER BY id'),
    datasets: database.prepare<[], RunDataset & { readonly hash: SnapshotHash }>(
      `SELECT DISTINCT snapshot.hash, dataset.id, dataset.name
       FROM snapshot JOIN dataset ON dataset.id = snapshot.dataset`,
    ),
    ids: database.prepare<[], number>('SELECT id FROM run ORDER BY id').pluck(),
    ofDataset: database.prepare<[number], RunRow>(
      `SELECT run.* FROM run JOIN snapshot ON snapshot.hash = run.snapshot
     WHERE snapshot.dataset = ? ORDER BY run.id`,
    ),
    update: database.prepare(
      `UPDATE run SET status = @status, process = @process, result = coalesce(@result, result),
       error_code = @code, error_message = @message, error_hint = @hint,
       started_at = coalesce(@started, started_at), ended_at = @ended WHERE id = @id`,
    ),
    extend: database.prepare('UPDATE run SET options = ?, seed = ?, extended = 1 WHERE id = ?'),
    endExtension: database.prepare('UPDATE run SET extended = 0 WHERE id = ? AND extended = 1'),
    rename: database.prepare('UPDATE run SET name = ? WHERE id = ?'),
    setProgress: database.prepare('UPDATE run SET progress = ? WHERE id = ?'),
    setPlace: database.prepare('UPDATE run SET place = ? WHERE id = ?'),
    lastPlace: database.prepare<[], number | null>('SELECT max(place) FROM run').pluck(),
    remove: database.prepare('DELETE FROM run WHERE id = ?'),
    setDevice: database.prepare('UPDATE run SET device = ?, versions = ? WHERE id = ?'),
    stale: database
      .prepare<[], number>(
        `UPDATE run SET status = 'interrupted' WHERE status IN ('queued', 'running', 'paused')
       RETURNING id`,
      )
      .pluck(),
  };
}

/** Parses a run's name as a user types it: `r12`, `R12` or `12`. @throws InklingError `run-unknown` */
export function parseRunId(text: string): RunId {
  const digits = /^r?([1-9][0-9]{0,14})$/i.exec(text.trim())?.[1];
  if (!digits) throw failure('run-unknown', { run: text });
  return idOf(Number(digits));
}

/** The row number of a run id. */
export function rowOf(id: RunId): number {
  return Number(id.slice(1));
}

function idOf(row: number | bigint): RunId {
  // The brand's one maker, besides `parseRunId` which goes through here.
  return `r${row}` as RunId;
}

function columnsOf(state: RunState, now: number) {
  const { status } = state;
  const found = status === 'failed' || status === 'interrupted' ? state.error : null;
  const error = found ?? { code: null, message: null, hint: null };
  const over = status === 'stopped' || status === 'finished' || status === 'failed';
  return {
    ...error,
    status,
    process: status === 'running' ? state.process : null,
    result: status === 'finished' ? toJson(state.result) : null,
    started: status === 'running' ? now : null,
    ended: over || status === 'interrupted' ? now : null,
  };
}

function runOf(row: RunRow): Run {
  return {
    id: idOf(row.id),
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    state: stateOf(row),
    snapshot: row.snapshot,
    preset: row.preset,
    spec: ModelSpec.parse(fromJson(row.spec)),
    options: TrainOptions.parse(fromJson(row.options)),
    engine: row.engine,
    device: row.device,
    limit: row.image_limit,
    versions: Versions.parse(fromJson(row.versions)),
    name: row.name,
    comparison: row.comparison,
    repeats:
      row.repeats === null ? null : { run: idOf(row.repeats), parametersHash: row.repeats_hash },
    follows: row.follows === null ? null : idOf(row.follows),
    start:
      row.start_epoch === null || row.start_hash === null
        ? null
        : { epoch: row.start_epoch, parametersHash: row.start_hash },
    cameFrom: row.came_from === null ? null : CameFrom.parse(fromJson(row.came_from)),
    result: row.result === null ? null : fromJson(row.result),
    progress: row.progress === null ? null : fromJson(row.progress),
    place: row.place,
    isExtended: row.extended === 1,
  };
}

function stateOf(row: RunRow): RunState {
  const { status } = row;
  switch (status) {
    case 'queued':
    case 'paused':
    case 'stopped':
      return { status };
    case 'interrupted':
      return { status, error: errorOf(row) };
    case 'running':
      return { status, process: row.process ?? 0 };
    case 'finished':
      return { status, result: row.result === null ? null : fromJson(row.result) };
    case 'failed':
      return { status, error: errorOf(row) ?? { code: '', message: '', hint: '' } };
    default:
      return status satisfies never;
  }
}

function errorOf({ error_code, error_message, error_hint }: RunRow): RunError | null {
  if (error_code === null) return null;
  return { code: error_code, message: error_message ?? '', hint: error_hint ?? '' };
}
