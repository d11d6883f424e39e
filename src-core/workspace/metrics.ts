/**
 * @file What a run measured: one row per flush of consecutive steps, packed, and one per epoch. Values that are
 * not finite are kept as they are.
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

export function metricQueries({ database, write }: Store) {
  const insert = database.prepare(
    `INSERT INTO metric (run, kind, first_step, last_step, epoch, content, series)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const stepRows = database.prepare<[number, number], StepsRow>(
    `SELECT first_step, last_step, content, series FROM metric
     WHERE run = ? AND kind = 'steps' AND last_step > ? ORDER BY first_step`,
  );
  const epochRows = database.prepare<[number], EpochRow>(
    `SELECT epoch, last_step, content FROM metric WHERE run = ? AND kind = 'epoch' ORDER BY epoch`,
  );
  const remove = database.prepare('DELETE FROM metric WHERE run = ? AND last_step > ?');

  const addSteps = (run: RunId, { firstStep, series }: StepMetrics): void => {
    const columns = Object.values(series);
    const count = columns[0]?.length ?? 0;
    if (count === 0 || columns.some((column) => column.length !== count))
      throw new Error('the series of a flush must have one length, and not be empty');
    const names = toJson(Object.keys(series));
    const lastStep = firstStep + count - 1;
    insert.run(rowOf(run), 'steps', firstStep, lastStep, null, names, packFloats(columns));
  };

  return {
    addSteps: (run: RunId, metrics: StepMetrics): void => write(() => addSteps(run, metrics)),

    addEpoch: (run: RunId, { epoch, step, values }: EpochMetrics): void =>
      write(() => void insert.run(rowOf(run), 'epoch', step, step, epoch, toJson(values), null)),

    /** In order of step; only flushes that reach beyond `afterStep`. */
    steps: (run: RunId, afterStep = 0): StepMetrics[] =>
      stepRows.all(rowOf(run), afterStep).map(stepsOf),

    epochs: (run: RunId): EpochMetrics[] =>
      epochRows
        .all(rowOf(run))
        .map((row) => ({ epoch: row.epoch, step: row.last_step, values: fromJson(row.content) })),

    /** Forgets everything after `step`, for a run that is resumed there; a flush across it is cut. */
    deleteAfter: (run: RunId, step: number): void =>
      write(() => {
        const across = stepRows.all(rowOf(run), step).filter((row) => row.first_step <= step);
        remove.run(rowOf(run), step);
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

function stepsOf({ first_step, last_step, content, series }: StepsRow): StepMetrics {
  const names = z.array(z.string()).parse(fromJson(content));
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
