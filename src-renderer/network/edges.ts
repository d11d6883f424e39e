/** @file Which weights are drawn: of every unit the strongest few, and of all of them no more than can be seen. */

export type Kernel = {
  /** [in, out] */
  readonly shape: readonly number[];
  readonly data: Float32Array;
};
export type Edge = {
  /** Index into what the layer reads, row-major. */
  readonly from: number;
  readonly to: number;
  /** Weight, or weight · input: negative ones are drawn otherwise. */
  readonly value: number;
};

/** More lines than this are a gray cloud, and take longer than a frame. */
export const edgesMax = 2400;

/**
 * The largest in size for each unit, then the largest of all. Zeros are no edges; what is not a number is the strongest.
 *
 * @param input  [in]; null: by the weights alone
 * @param pieces  outputs of the kernel for one unit: more than one for maxout
 */
export function strongestEdges(
  { shape, data }: Kernel,
  input: Float32Array | null,
  { perUnit, pieces = 1 }: { perUnit: number; pieces?: number },
): Edge[] {
  const [inputs = 0, outputs = 0] = shape;
  const found: Edge[] = [];
  for (let out = 0; out < outputs; out++) {
    const best: Edge[] = [];
    for (let from = 0; from < inputs; from++) {
      const weight = data[from * outputs + out]!;
      const value = input === null ? weight : weight * input[from]!;
      insert(best, { from, to: Math.floor(out / pieces), value }, perUnit);
    }
    found.push(...best);
  }
  if (found.length <= edgesMax) return found;
  return found.toSorted((a, b) => sizeOf(b.value) - sizeOf(a.value)).slice(0, edgesMax);
}

const sizeOf = (value: number): number => (Number.isNaN(value) ? Infinity : Math.abs(value));

/** Keeps the `most` largest in size, the largest first. */
function insert(best: Edge[], edge: Edge, most: number): void {
  const size = sizeOf(edge.value);
  const last = best[best.length - 1];
  if (size === 0 || (best.length === most && last && size <= sizeOf(last.value))) return;
  let at = best.length;
  while (at > 0 && sizeOf(best[at - 1]!.value) < size) at--;
  best.splice(at, 0, edge);
  if (best.length > most) best.pop();
}
