/** @file One series of a run by step, as it arrives: read whole, then appended to, and cut when a run goes back. */
import type { Measured } from '../../src-core/contract/training.ts';
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
  append(firstStep: number, steps: readonly Measured[]): boolean {
    // A thinned series may lack the steps of its last, incomplete point.
    if (firstStep > this.#next + this.stride - 1) return false;
    for (let i = Math.max(0, this.#next - firstStep); i < steps.length; i++) {
      this.#sum += Number(steps[i]);
      if (++this.#pending === this.stride) this.#complete();
    }
    return true;
  }

  /** Forgets what came after `step`. */
  cutAfter(step: number): void {
    const kept = Math.floor((step + 1 - this.first) / this.stride);
    this.#count = Math.max(0, Math.min(this.#count, kept));
    [this.#pending, this.#sum] = [0, 0];
  }

  /** x of each point: the middle of its steps. */
  steps(): Float64Array {
    const offset = this.first + (this.stride - 1) / 2;
    const x = new Float64Array(this.#count);
    for (let i = 0; i < x.length; i++) x[i] = offset + i * this.stride;
    return x;
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
    const values = new Float32Array(count!);
    for (let i = 0; i < values.length; i++, at += 4) values[i] = view.getFloat32(at, true);
    found.set(`r${run}`, new PackedSeries(first!, stride!, values));
  }
  return found;
}

/** The curve of a series over another of the same run, such as seconds; as far as both go. */
export function over(x: PackedSeries, y: PackedSeries): Curve {
  const count = Math.min(x.count, y.count);
  return { x: Float64Array.from(x.values.subarray(0, count)), y: y.values.slice(0, count) };
}

export const bySteps = (series: PackedSeries): Curve => ({
  x: series.steps(),
  y: series.values.slice(),
});
