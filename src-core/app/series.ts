/**
 * @file Series of every step, packed as `trainingPaths` of the contract says, in pieces small enough that the main
 * process stays awake. What runs that are not on measured is kept packed.
 */
import { endianness } from 'node:os';
import { seriesPointsMax, type SeriesName } from '../contract/training.ts';
import type { RunId } from '../workspace/records.ts';
import { rowOf, type Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { breathing } from './breathing.ts';
import { epochEnds, epochsOf, storedRun } from './storedRun.ts';
import { stepSeconds } from './stepClock.ts';

/** 64 MiB: 800 series of 20 000 points. */
const keptBytesMax = 64 * 2 ** 20;

const headerBytes = 16;

export class PackedSeries {
  readonly #workspace: Workspace;
  readonly #clock: () => number;
  /** The one used longest ago first. */
  readonly #kept = new Map<string, Buffer>();
  #keptBytes = 0;

  /** @param clock milliseconds that never run backwards. */
  constructor(workspace: Workspace, clock: () => number) {
    this.#workspace = workspace;
    this.#clock = clock;
  }

  /** @throws InklingError `run-unknown` */
  async pack(ids: readonly RunId[], name: SeriesName): Promise<Buffer> {
    const breathe = breathing(this.#clock);
    const count = Buffer.alloc(4);
    count.writeUInt32LE(ids.length);
    const pieces: Buffer[] = [count];
    for (const id of ids) {
      pieces.push(this.#packed(id, name));
      await breathe();
    }
    return Buffer.concat(pieces);
  }

  /** Forgets what a run measured: it measures more, or is gone. */
  forget(id: RunId): void {
    for (const key of [...this.#kept.keys()]) if (key.startsWith(`${id} `)) this.#drop(key);
  }

  #packed(id: RunId, name: SeriesName): Buffer {
    const key = `${id} ${name}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const run = this.#workspace.runs.get(id);
    const packed = packSeries(this.#workspace, run, name);
    if (!['queued', 'running', 'paused'].includes(run.state.status)) this.#keep(key, packed);
    return packed;
  }

  #keep(key: string, packed: Buffer): void {
    this.#kept.set(key, packed);
    this.#keptBytes += packed.length;
    for (const oldest of [...this.#kept.keys()]) {
      if (this.#keptBytes <= keptBytesMax) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#keptBytes -= this.#kept.get(key)?.length ?? 0;
    this.#kept.delete(key);
  }
}

function packSeries(workspace: Workspace, run: Run, name: SeriesName): Buffer {
  const { firstStep, values } = valuesOf(workspace, run, name);
  const stride = Math.max(1, Math.ceil(values.length / seriesPointsMax));
  const points = stride === 1 ? values : thinned(values, stride);
  const packed = Buffer.allocUnsafe(headerBytes + 4 * points.length);
  const words = [rowOf(run.id), firstStep, stride, points.length];
  words.forEach((word, i) => packed.writeUInt32LE(word, 4 * i));
  packed.set(new Uint8Array(points.buffer, points.byteOffset, points.byteLength), headerBytes);
  if (isBigEndian) packed.subarray(headerBytes).swap32();
  return packed;
}

/** Means of `stride` values each; the last point may be one of fewer. Not a number stays so. */
function thinned(values: Float32Array, stride: number): Float32Array {
  const points = new Float32Array(Math.ceil(values.length / stride));
  for (let i = 0; i < points.length; i++) {
    const end = Math.min(values.length, (i + 1) * stride);
    let sum = 0;
    for (let n = i * stride; n < end; n++) sum += values[n]!;
    points[i] = sum / (end - i * stride);
  }
  return points;
}

/** Seconds are not stored: they follow from the rates and the epochs. */
function valuesOf(workspace: Workspace, run: Run, name: SeriesName) {
  if (name !== 'seconds') return storedValues(workspace, run.id, name);
  const { firstStep, values } = storedValues(workspace, run.id, 'samplesPerSecond');
  const { progress } = storedRun(workspace, run.id);
  const ends = epochEnds(epochsOf(workspace, run.id));
  stepSeconds(values, firstStep, ends, progress?.batchSize ?? run.options.batchSize, values);
  return { firstStep, values };
}

const isBigEndian = endianness() === 'BE';

function storedValues(workspace: Workspace, run: RunId, name: string) {
  const pieces = workspace.metrics.series(run, name);
  const count = pieces.reduce((sum, { bytes }) => sum + bytes.length / 4, 0);
  const values = new Float32Array(count);
  const all = Buffer.from(values.buffer);
  let at = 0;
  for (const { bytes } of pieces) at += bytes.copy(all, at);
  if (isBigEndian) all.swap32();
  return { firstStep: pieces[0]?.firstStep ?? 1, values };
}
