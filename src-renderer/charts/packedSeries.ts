/** @file One series of a run by step, as it arrives: read whole, then appended to, and cut when a run goes back. */
import type { LiveSteps } from '../../src-core/contract/training.ts';
import type { Curve } from './curve.ts';

/** Enough for a few hundred messages before memory is taken again. */
const roomFirst = 1024;

/** Point i is the mean of steps first + i·stride … first + (i + 1)·stride − 1. */
export class PackedSeries {
  readonly first: number;
  readonly stride: number;
  #values: Float32Array;
  #count: number;
  /** Steps of the point that is not complete yet, and the sum of their values. */
  #pending = 0;
  #sum = 0;

  constructor(first: number, stride: number, values: Float32Array = new Float32Array(0)) {
    this.first = first;
    this.stride = stride;
    this.#values = values;
    this.#count = values.length;
  }

  get count(): number {
    return this.#count;
  }

  /** As they are now: what is appended later goes behind them. */
  get values(): Float32Array {
    return this.#values.subarray(0, this.#count);
  }

  get #next(): number {
    return this.first + this.#count * this.stride + this.#pending;
  }

  /**
   * Adds steps from `firstStep` on; those already there are passed over.
   * @returns false: steps between are missing, and the series has to be read again.
   */
  append(firstStep: number, steps: ArrayLike<number>): boolean {
    // A thinned series may lack the steps of its last, incomplete point.
    if (firstStep > this.#next + this.stride - 1) return false;
    for (let i = Math.max(0, this.#next - firstStep); i < steps.length; i++) {
      this.#sum += steps[i]!;
      if (++this.#pending === this.stride) this.#complete();
    }
    return true;
  }

  /** Forgets what came after `step`. */
  cutAfter(step: number): void {
    const kept = Math.floor((step + 1 - this.first) / this.stride);
    this.#count = Math.max(0, Math.min(this.#count, kept));
    // Curves that were made before keep what they show.
    this.#values = this.#values.slice(0, this.#count);
    [this.#pending, this.#sum] = [0, 0];
  }

  /** x of each point: the middle of its steps. */
  steps(): Float64Array {
    return gridOf(this.first + (this.stride - 1) / 2, this.stride, this.#count);
  }

  #complete(): void {
    if (this.#count === this.#values.length) {
      const grown = new Float32Array(Math.max(roomFirst, this.#count * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = this.#sum / this.stride;
    [this.#pending, this.#sum] = [0, 0];
  }
}

/** Nearly all runs begin with step 1: their series have their x in common, in memory too. */
const grids = new Map<string, Float64Array>();
const gridsMost = 16;

/** first, first + stride, … */
function gridOf(first: number, stride: number, count: number): Float64Array {
  const key = `${first} ${stride}`;
  let grid = grids.get(key);
  if (!grid || grid.length < count) {
    if (!grid && grids.size === gridsMost) grids.clear();
    grid = Float64Array.from(
      { length: Math.max(roomFirst, count * 2) },
      (_, i) => first + i * stride,
    );
    grids.set(key, grid);
  }
  return grid.subarray(0, count);
}

const headBytes = 16;

/** What the path `series` answers, by run: `r7`. @throws RangeError when it ends too early */
export function readSeries(content: ArrayBuffer): Map<string, PackedSeries> {
  const view = new DataView(content);
  const found = new Map<string, PackedSeries>();
  let at = 4;
  for (let left = view.getUint32(0, true); left > 0; left--) {
    const [run, first, stride, count] = [0, 4, 8, 12].map((field) =>
      view.getUint32(at + field, true),
    );
    at += headBytes;
    if (at + 4 * count! > content.byteLength) throw new RangeError('the series end too early');
    // Little-endian, as every processor is that a browser runs on.
    const values = new Float32Array(content.slice(at, at + 4 * count!));
    at += 4 * count!;
    found.set(`r${run}`, new PackedSeries(first!, stride!, values));
  }
  return found;
}

type Told = Readonly<Record<'loss' | 'accuracy' | 'seconds', Float32Array>>;

/** Steps as they are told while a run trains. */
export function toldSteps({ packed, count }: Extract<LiveSteps, { kind: 'steps' }>): Told {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  const [loss, accuracy, seconds] = [0, 1, 2].map((at) =>
    values.subarray(at * count, (at + 1) * count),
  );
  return { loss: loss!, accuracy: accuracy!, seconds: seconds! };
}

/** The curve of a series over another of the same run, such as seconds; as far as both go. */
export function over(x: PackedSeries, y: PackedSeries): Curve {
  const count = Math.min(x.count, y.count);
  return { x: new Float64Array(x.values.subarray(0, count)), y: y.values.subarray(0, count) };
}

export const bySteps = (series: PackedSeries): Curve => ({
  x: series.steps(),
  y: series.values,
});
