/** @file The nearest neighbors of every point, by comparing all with all: exact, and quick enough for a map. */

/** Rows between two breaths: some milliseconds. */
const rowsAtOnce = 64;

export type Neighbors = {
  /** Of each point: itself, then the others, the nearest first; k in all. */
  readonly indices: number[][];
  /** Euclidean, in the same order. */
  readonly distances: number[][];
};

/**
 * @param points float32 [N, D], finite.
 * @param k neighbors of each, the point itself counted as the first.
 * @param breathe told the share that is done, now and then; may throw to end it.
 */
export async function nearestNeighbors(
  points: Float32Array,
  [N, D]: readonly [number, number],
  k: number,
  breathe: (share: number) => Promise<void>,
): Promise<Neighbors> {
  const norms = new Float64Array(N);
  for (let n = 0; n < N; n++) norms[n] = product(points, n, n, D);
  const indices: number[][] = [];
  const distances: number[][] = [];
  const best = { indices: new Int32Array(k), squares: new Float64Array(k) };
  for (let n = 0; n < N; n++) {
    if (n % rowsAtOnce === 0) await breathe(n / N);
    nearest(points, norms, [N, D], n, best);
    indices.push(Array.from(best.indices));
    distances.push(Array.from(best.squares, Math.sqrt));
  }
  return { indices, distances };
}

function product(points: Float32Array, a: number, b: number, D: number): number {
  const [i, j] = [a * D, b * D];
  let sum = 0;
  for (let d = 0; d < D; d++) sum += points[i + d]! * points[j + d]!;
  return sum;
}

type Best = { readonly indices: Int32Array; readonly squares: Float64Array };

/** Fills `best` in order of distance, |a − b|² = |a|² + |b|² − 2ab. */
function nearest(
  points: Float32Array,
  norms: Float64Array,
  [N, D]: readonly [number, number],
  n: number,
  { indices, squares }: Best,
): void {
  const k = indices.length;
  indices.fill(n);
  squares.fill(Infinity);
  squares[0] = 0;
  let filled = 1;
  for (let other = 0; other < N; other++) {
    if (other === n) continue;
    const square = Math.max(0, norms[n]! + norms[other]! - 2 * product(points, n, other, D));
    if (filled === k && square >= squares[k - 1]!) continue;
    let at = filled < k ? filled++ : k - 1;
    for (; at > 1 && squares[at - 1]! > square; at--) {
      squares[at] = squares[at - 1]!;
      indices[at] = indices[at - 1]!;
    }
    squares[at] = square;
    indices[at] = other;
  }
}
