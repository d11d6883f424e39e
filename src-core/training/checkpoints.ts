/**
 * @file Checkpoints: a run's whole state in one safetensors file, `<run>/<kind>-<step>.safetensors`. A file is
 * written under another name, forced to disk and then renamed, and names are never reused: what has its name
 * is complete, and the one before it is still there. Only `pruneCheckpoints` deletes.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Tensor, Tensors, TrainState } from '../engine/engine.ts';
import { failure, InklingError } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { fromJson, toJson } from '../workspace/json.ts';
import { EpochMetrics, Timing } from './metrics.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  headerBytesMax,
  tensorBytes,
} from './safetensors.ts';

/** A file in the folder of its run, and the SHA-256 of its bytes. */
export const CheckpointFile = z.strictObject({
  file: z.string().regex(/^(last|best)-\d+\.safetensors$/),
  hash: z.string(),
  step: z.int().min(0),
  epoch: z.int().min(0),
});
export type CheckpointFile = z.infer<typeof CheckpointFile>;

const Count = z.int().min(0);

/** Where a run is, apart from its tensors. Sums of an unfinished epoch are part of it. */
export const Progress = z.strictObject({
  /** Steps done; the epoch and the place in it follow from `stepsPerEpoch`. */
  step: Count,
  stepsPerEpoch: z.int().min(1),
  /** Asked for when it was written. */
  epochs: z.int().min(1),
  /** Sums over the steps of the unfinished epoch, in float64. */
  lossSum: z.number(),
  correctSum: Count,
  /** Of the run so far, pauses left out; and as it was when the unfinished epoch began. */
  ...Timing.shape,
  epochStart: Timing,
  lastEpoch: EpochMetrics.nullable(),
  best: z.strictObject({ checkpoint: CheckpointFile, metrics: EpochMetrics }).nullable(),
  epochsSinceBest: Count,
  stoppedEarly: z.boolean(),
});
export type Progress = z.infer<typeof Progress>;

export type Checkpoint = {
  /** Of everything that must be the same when the run goes on; see `settingsHash`. */
  readonly settings: string;
  readonly progress: Progress;
  /** A best checkpoint is only evaluated, never continued: it has no optimizer state. */
  readonly state: TrainState;
};

const Meta = z.strictObject({
  format: z.literal('inkling-checkpoint-1'),
  settings: z.string(),
  progress: z.string(),
  hasAverage: z.enum(['yes', 'no']),
  sha256: z.string(),
});

/** The most that `readFile` of Node reads. A wide enough network has more, and is refused when written. */
const fileBytesMax = 2 ** 31 - 1;

/**
 * Writes a checkpoint under its own name, in `folder`, which is made when missing.
 *
 * @throws InklingError `checkpoint-too-large` before anything is written.
 */
export async function writeCheckpoint(
  folder: string,
  kind: 'last' | 'best',
  checkpoint: Checkpoint,
): Promise<CheckpointFile> {
  const file = `${kind}-${checkpoint.progress.step}.safetensors`;
  const bytes = encode(checkpoint);
  makeFolder(folder);
  await writeDurably(join(folder, file), bytes);
  return fileRecord(file, bytes, checkpoint.progress);
}

function encode({ settings, progress, state }: Checkpoint): Buffer {
  const { params, optimizer, average } = state;
  const groups = { params, optimizer, average: average ?? {} };
  const tensors = new Map(
    Object.entries(groups).flatMap(([group, values]) =>
      Object.entries(values).map(([name, tensor]) => [`${group}/${name}`, tensor] as const),
    ),
  );
  requireReadable(tensors);
  const metadata: z.infer<typeof Meta> = {
    format: 'inkling-checkpoint-1',
    settings,
    progress: toJson(progress),
    hasAverage: average ? 'yes' : 'no',
    sha256: hashOfValues(tensors),
  };
  return encodeSafetensors({ tensors, metadata });
}

function requireReadable(tensors: ReadonlyMap<string, Tensor>): void {
  requireStorable([...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0));
}

/**
 * The header is counted at its largest, so that what passes can be read.
 *
 * @param bytes of all parameters, what the optimizer keeps of them, and their average.
 * @throws InklingError `checkpoint-too-large`
 */
export function requireStorable(bytes: number): void {
  if (bytes + headerBytesMax <= fileBytesMax) return;
  const gibibytes = (value: number): number => Math.round((value / 2 ** 30) * 100) / 100;
  throw failure('checkpoint-too-large', {
    gibibytes: gibibytes(bytes + headerBytesMax),
    limitGibibytes: gibibytes(fileBytesMax),
  });
}

/** What has the name is complete: written under another one, forced to disk, renamed. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.tmp`;
  const handle = await open(unfinished, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, path);
}

/** The same at once, inside a transaction of the database. */
export function writeDurablyNow(path: string, bytes: Uint8Array): void {
  const unfinished = `${path}.tmp`;
  writeFileSync(unfinished, bytes, { flush: true });
  renameSync(unfinished, path);
}

/** @throws InklingError `checkpoint-damaged` when the file is missing, cut, changed or of another format. */
export async function readCheckpoint(folder: string, file: string): Promise<Checkpoint> {
  return (await readNamed(folder, file)).checkpoint;
}

async function readNamed(folder: string, file: string): Promise<Resumable> {
  const damaged = (problem: string) => failure('checkpoint-damaged', { file, problem });
  const bytes = await readLimited(join(folder, file), damaged);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const meta = Meta.safeParse(metadata);
  if (!meta.success) throw damaged('it is not a checkpoint of this program');
  const state = ungrouped(tensors, damaged);
  const { settings, hasAverage, sha256 } = meta.data;
  if (hashOfValues(tensors) !== sha256) throw damaged('its values have changed');
  const progress = parseProgress(meta.data.progress, damaged);
  const average = hasAverage === 'yes' ? state.average : null;
  return {
    last: fileRecord(file, bytes, progress),
    checkpoint: { settings, progress, state: { ...state, average } },
  };
}

function fileRecord(
  file: string,
  bytes: Buffer,
  { step, stepsPerEpoch }: Progress,
): CheckpointFile {
  const hash = createHash('sha256').update(bytes).digest('hex');
  return { file, hash, step, epoch: Math.floor(step / stepsPerEpoch) };
}

/** From `params/dense1/kernel` back to a record for each group. */
function ungrouped(tensors: ReadonlyMap<string, Tensor>, damaged: (problem: string) => Error) {
  const of = (group: string): Tensors =>
    Object.fromEntries(
      [...tensors]
        .filter(([path]) => path.startsWith(`${group}/`))
        .map(([path, tensor]) => [path.slice(group.length + 1), tensor]),
    );
  const groups = { params: of('params'), optimizer: of('optimizer'), average: of('average') };
  const count = Object.values(groups).reduce((sum, group) => sum + Object.keys(group).length, 0);
  if (count !== tensors.size) throw damaged('it holds tensors that belong nowhere');
  return groups;
}

export function hashOfValues(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  for (const tensor of tensors.values()) hash.update(tensorBytes(tensor));
  return hash.digest('hex');
}

export async function readLimited(
  path: string,
  damaged: (problem: string) => Error,
): Promise<Buffer> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw damaged(
      error.code === 'ENOENT' ? 'it is not there' : `it cannot be read (${error.code})`,
    );
  });
  if (!info.isFile()) throw damaged('it is not a file');
  if (info.size > fileBytesMax) throw damaged('it is too large');
  return readFile(path);
}

function parseProgress(text: string, damaged: (problem: string) => Error): Progress {
  try {
    return Progress.parse(fromJson(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw damaged('its position cannot be read');
    throw error;
  }
}

export type Resumable = { readonly last: CheckpointFile; readonly checkpoint: Checkpoint };

/**
 * The checkpoint to continue from: `file`, or where that is damaged the newest one before it that is whole.
 *
 * @throws InklingError `checkpoint-damaged`, about `file`, when no other can be used either.
 */
export async function readResumable(folder: string, file: string): Promise<Resumable> {
  const older = lastCheckpoints(folder).filter((name) => stepOf(name) < stepOf(file));
  let first: unknown;
  for (const candidate of [file, ...older]) {
    try {
      return await readNamed(folder, candidate);
    } catch (error) {
      if (!(error instanceof InklingError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** Newest first. */
function lastCheckpoints(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => name.startsWith('last-') && !name.endsWith('.tmp'))
    .sort((a, b) => stepOf(b) - stepOf(a));
}

function stepOf(file: string): number {
  return Number(/-(\d+)\./.exec(file)?.[1] ?? 0);
}

/**
 * Deletes what is older than `last` in the folder of a run but for `keep`, files that a crash left half-written
 * included. Newer files are let be: the trainer may be writing one now.
 */
export function pruneCheckpoints(folder: string, last: string, keep: ReadonlySet<string>): void {
  for (const name of namesIn(folder))
    if (stepOf(name) < stepOf(last) && !keep.has(name)) removeIfPossible(join(folder, name));
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    // In use, by a virus scanner for example: the next checkpoint tries again.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Checkpoints in the folder of a run, which need not be there yet. */
function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => checkpointName.test(name)) : [];
}

const checkpointName = /^(last|best)-\d+\.safetensors(\.tmp)?$/;

/** SHA-256 over the name, shape and float32 bytes of each tensor in order. */
export function parametersHash(params: Tensors): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of Object.entries(params))
    hash.update(`${name}[${tensor.shape.join()}]`).update(tensorBytes(tensor));
  return hash.digest('hex');
}
