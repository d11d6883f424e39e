/**
 * @file What a run measured: rows of consecutive steps, packed, and one row per epoch. Each flush is a row at first;
 * `join` makes many of them one. Values that are not finite are kept as they are.
 */
import { z } from 'zod';
import { fromJson, toJson } from './json.ts';
import { rowOf } from './runs.ts';
import type { RunId, Store } from './records.ts';

/** Consecutive steps from `firstStep`; all series have the same length. */
export type StepMetrics = {
  readonly firstStep: number;
  readonly series: Readonly<Record<string, Float32Array>>;
};

/** One epoch, which ended with step `step`. `values` is JSON of the training code's making, which also parses it. */
export type EpochMetrics = {
  readonly epoch: number;
  readonly step: number;
  readonly values: unknown;
};

type StepsRow = { first_step: number; last_step: number; content: string; series: Buffer };
type EpochRow = { epoch: number; last_step: number; content: string };

export function metricQueries({ database, write, writeAhead }: Store) {
  const sql = statements(database);

  const addSteps = (run: RunId, { firstStep, series }: StepMetrics): void => {
    const columns = Object.values(series);
    const count = columns[0]?.length ?? 0;
    if (count === 0 || columns.some((column) => column.length !== count))
      throw new Error('the series of a flush must have one length, and not be empty');
    const names = toJson(Object.keys(series));
    const lastStep = firstStep + count - 1;
    sql.insert.run(rowOf(run), 'steps', firstStep, lastStep, null, names, packFloats(columns));
  };

  const addEpoch = (run: RunId, { epoch, step, values }: EpochMetrics): void =>
    void sql.insert.run(rowOf(run), 'epoch', step, step, epoch, toJson(values), null);

  return {
    /**
     * Does not wait for the disk, several times a second: a power cut may take the last flushes, and no checkpoint
     * that counts them, because that is written after them.
     */
    addSteps: (run: RunId, metrics: StepMetrics): void => writeAhead(() => addSteps(run, metrics)),

    /** All of a run that was trained elsewhere, with whatever else is stored of it. */
    restore: (run: RunId, steps: readonly StepMetrics[], epochs: readonly EpochMetrics[]): void =>
      write(() => {
        for (const flush of steps) addSteps(run, flush);
        for (const each of epochs) addEpoch(run, each);
      }),

    /** Makes one row of all steps from `firstStep` on, which is the first step of a row. */
    join: (run: RunId, firstStep: number): void =>
      writeAhead(() => {
        const flushes = sql.stepRows.all(rowOf(run), firstStep - 1).map(stepsOf);
        sql.removeSteps.run(rowOf(run), firstStep);
        if (flushes.length > 0) addSteps(run, joined(flushes));
      }),

    /** The last step measured; 0: none yet. */
    lastStep: (run: RunId): number => sql.last.get(rowOf(run)) ?? 0,

    /** The rows of steps in order, each with one series alone, as float32 little-endian. */
    series(run: RunId, name: string): SeriesPiece[] {
      const pieces = sql.layouts.all(rowOf(run)).flatMap((content) => {
        const index = namesOf(content).indexOf(name);
        return index < 0 ? [] : sql.pieceRows.all(index, rowOf(run), content);
      });
      return pieces.sort((a, b) => a.firstStep - b.firstStep);
    },

    addEpoch: (run: RunId, epoch: EpochMetrics): void => write(() => addEpoch(run, epoch)),

    /** In order of step; only flushes that reach beyond `afterStep`. */
    steps: (run: RunId, afterStep = 0): StepMetrics[] =>
      sql.stepRows.all(rowOf(run), afterStep).map(stepsOf),

    epochs: (run: RunId): EpochMetrics[] =>
      sql.epochRows
        .all(rowOf(run))
        .map((row) => ({ epoch: row.epoch, step: row.last_step, values: fromJson(row.content) })),

    /** Forgets everything after `step`, for a run that is resumed there; a flush across it is cut. */
    deleteAfter: (run: RunId, step: number): void =>
      write(() => {
        const across = sql.stepRows.all(rowOf(run), step).filter((row) => row.first_step <= step);
        sql.remove.run(rowOf(run), step);
        for (const row of across) {
          const { firstStep, series } = stepsOf(row);
          const kept = Object.entries(series).map(
            ([name, values]) => [name, values.subarray(0, step - firstStep + 1)] as const,
          );
          addSteps(run, { firstStep, series: Object.fromEntries(kept) });
        }
      }),
  };
}

function statements(database: Store['database']) {
  return {
    insert: database.prepare(
      `INSERT INTO metric (run, kind, first_step, last_step, epoch, content, series)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    stepRows: database.prepare<[number, number], StepsRow>(
      `SELECT first_step, last_step, content, series FROM metric
     WHERE run = ? AND kind = 'steps' AND last_step > ? ORDER BY first_step`,
    ),
    epochRows: database.prepare<[number], EpochRow>(
      `SELECT epoch, last_step, content FROM metric WHERE run = ? AND kind = 'epoch' ORDER BY epoch`,
    ),
    remove: database.prepare('DELETE FROM metric WHERE run = ? AND last_step > ?'),
    removeSteps: database.prepare(
      `DELETE FROM metric WHERE run = ? AND kind = 'steps' AND first_step >= ?`,
    ),
    /** One, unless the program has learned to measure something else since the run began. */
    layouts: database
      .prepare<[number], string>(
        `SELECT DISTINCT content FROM metric WHERE run = ? AND kind = 'steps'`,
      )
      .pluck(),
    pieceRows: database.prepare<[number, number, string], SeriesPiece>(
      `SELECT first_step AS firstStep,
       substr(series, 1 + ? * 4 * (last_step - first_step + 1), 4 * (last_step - first_step + 1)) AS bytes
     FROM metric WHERE run = ? AND kind = 'steps' AND content = ? ORDER BY first_step`,
    ),
    last: database
      .prepare<[number], number>(
        `SELECT last_step FROM metric WHERE run = ? AND kind = 'steps' ORDER BY first_step DESC LIMIT 1`,
      )
      .pluck(),
  };
}

export type SeriesPiece = { readonly firstStep: number; readonly bytes: Buffer };

/** Every row of a program has the same few names: they are parsed once. */
const parsedNames = new Map<string, readonly string[]>();

function namesOf(content: string): readonly string[] {
  const known = parsedNames.get(content);
  if (known) return known;
  const names = z.array(z.string()).parse(fromJson(content));
  parsedNames.set(content, names);
  return names;
}

/** Consecutive flushes as one. */
function joined(flushes: readonly StepMetrics[]): StepMetrics {
  const [{ firstStep, series }] = flushes as readonly [StepMetrics, ...StepMetrics[]];
  const columns = Object.keys(series).map((name) => {
    const pieces = flushes.map((flush) => flush.series[name] ?? new Float32Array());
    const values = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      values.set(piece, at);
      at += piece.length;
    }
    return [name, values] as const;
  });
  return { firstStep, series: Object.fromEntries(columns) };
}

function stepsOf({ first_step, last_step, content, series }: StepsRow): StepMetrics {
  const names = namesOf(content);
  const count = last_step - first_step + 1;
  const values = unpackFloats(series);
  const columns = names.map(
    (name, i) => [name, values.subarray(i * count, (i + 1) * count)] as const,
  );
  return { firstStep: first_step, series: Object.fromEntries(columns) };
}

/** float32 little-endian, one array after another. */
export function packFloats(arrays: readonly Float32Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let at = 0;
  for (const array of arrays)
    for (let i = 0; i < array.length; i++) at = bytes.writeFloatLE(array[i]!, at);
  return bytes;
}

export function unpackFloats(bytes: Buffer): Float32Array {
  const values = new Float32Array(bytes.length / 4);
  for (let i = 0; i < values.length; i++) values[i] = bytes.readFloatLE(i * 4);
  return values;
}
