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
  /** Of the program, the engine and the platform, by name. */
  readonly versions: Readonly<Record<string, string>>;
};

export type RunError = { readonly code: string; readonly message: string; readonly hint: string };

/** `result` is JSON of the training code's making, which also parses it. */
export type RunState =
  | { readonly status: 'queued' }
  | { readonly status: 'running'; readonly process: number }
  | { readonly status: 'paused' }
  | { readonly status: 'interrupted' }
  | { readonly status: 'stopped'; readonly result: unknown }
  | { readonly status: 'finished'; readonly result: unknown }
  | { readonly status: 'failed'; readonly error: RunError };

type RunStatus = RunState['status'];

export type Run = NewRun & {
  readonly id: RunId;
  readonly createdAt: number;
  /** Of the last start; null: never started. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly state: RunState;
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
        const json = [toJson(spec), toJson(options), engine, device, toJson(versions)];
        const values = [clock(), snapshot, preset, ...json, options.seed];
        return get(idOf(sql.insert.run(...values).lastInsertRowid));
      }),

    /** @throws InklingError `run-unknown` */
    get,

    /** In order of creation; of one dataset when it is given. */
    list: (dataset?: DatasetId): Run[] =>
      (dataset === undefined ? sql.all.all() : sql.ofDataset.all(dataset)).map(runOf),

    setState: (id: RunId, state: RunState): void =>
      write(() => {
        if (sql.update.run({ id: rowOf(id), ...columnsOf(state, clock()) }).changes === 0)
          throw failure('run-unknown', { run: id });
      }),

    /** For a run that is continued with more epochs. */
    setOptions: (id: RunId, options: TrainOptions): void =>
      write(() => void sql.setOptions.run(toJson(options), options.seed, rowOf(id))),

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
      `INSERT INTO run (created_at, status, snapshot, preset, spec, options, engine, device, versions, seed)
     VALUES (?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    one: database.prepare<[number], RunRow>('SELECT * FROM run WHERE id = ?'),
    all: database.prepare<[], RunRow>('SELECT * FROM run ORDER BY id'),
    ofDataset: database.prepare<[number], RunRow>(
      `SELECT run.* FROM run JOIN snapshot ON snapshot.hash = run.snapshot
     WHERE snapshot.dataset = ? ORDER BY run.id`,
    ),
    update: database.prepare(
      `UPDATE run SET status = @status, process = @process, result = @result,
       error_code = @code, error_message = @message, error_hint = @hint,
       started_at = coalesce(@started, started_at), ended_at = @ended WHERE id = @id`,
    ),
    setOptions: database.prepare('UPDATE run SET options = ?, seed = ? WHERE id = ?'),
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
  const error = status === 'failed' ? state.error : { code: null, message: null, hint: null };
  const over = status === 'stopped' || status === 'finished' || status === 'failed';
  return {
    ...error,
    status,
    process: status === 'running' ? state.process : null,
    result: status === 'stopped' || status === 'finished' ? toJson(state.result) : null,
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
    versions: Versions.parse(fromJson(row.versions)),
  };
}

function stateOf(row: RunRow): RunState {
  const { status } = row;
  switch (status) {
    case 'queued':
    case 'paused':
    case 'interrupted':
      return { status };
    case 'running':
      return { status, process: row.process ?? 0 };
    case 'stopped':
    case 'finished':
      return { status, result: row.result === null ? null : fromJson(row.result) };
    case 'failed': {
      const { error_code, error_message, error_hint } = row;
      const error = {
        code: error_code ?? '',
        message: error_message ?? '',
        hint: error_hint ?? '',
      };
      return { status, error };
    }
    default:
      return status satisfies never;
  }
}
