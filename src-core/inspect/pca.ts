/**
 * @file Principal components: the directions in which points spread most, by subspace iteration: a handful of
 * directions is multiplied by XᵀX and straightened again, until they stay.
 */
import { stream } from '../random.ts';

export type Pca = {
  /** [N, k]: coordinates along the components, from the mean. */
  readonly coordinates: Float32Array;
  /** [k, D]: unit vectors; of each the entry largest in size is positive, so that maps do not flip. */
  readonly components: Float64Array;
  /** Share of the whole variance, one for each component; zeros where all points are equal. */
  readonly explained: readonly number[];
};

/** More directions than are wanted make the wanted ones settle sooner (Halko et al., 2011). */
const extraDirections = 8;
/** A few are enough where the directions need not be exact, only the space they span nearly so. */
export const roughIterations = 5;
const iterationsMax = 500;
/** A direction has settled when it turns by less than this, as 1 − cosine. */
const settled = 1e-12;

/** @param points float32 [N, D]; @param k at most D. */
export function pca(
  points: Float32Array,
  [N, D]: readonly [number, number],
  k: number,
  iterations = iterationsMax,
): Pca {
  const centered = centeredOn(points, N, D);
  const width = Math.min(D, k + extraDirections);
  const multiply = multiplier(centered, [N, D, width], iterations);
  let basis = startingBasis(width, D);
  for (let i = 0; i < iterations; i++) {
    const turned = orthonormal(multiply(basis), width, D);
    const done = change(basis, turned, k, D) < settled;
    basis = turned;
    if (done && i > 1) break;
  }
  const { vectors, variances } = alignedAxes(centered, basis, [N, D, width]);
  const components = vectors.slice(0, k * D);
  for (let c = 0; c < k; c++) makePositive(components.subarray(c * D, (c + 1) * D));
  const total = centered.reduce((sum, value) => sum + value * value, 0);
  return {
    coordinates: Float32Array.from(projected(centered, components, [N, D, k])),
    components,
    explained: Array.from({ length: k }, (_, c) => (total === 0 ? 0 : variances[c]! / total)),
  };
}

function centeredOn(points: Float32Array, N: number, D: number): Float64Array {
  const sums = new Float64Array(D);
  for (let i = 0; i < points.length; i++) sums[i % D]! += points[i]!;
  return Float64Array.from(points, (value, i) => value - sums[i % D]! / N);
}

function startingBasis(width: number, D: number): Float64Array {
  const random = stream(1, 'pca');
  const start = Float64Array.from({ length: width * D }, () => random.normal());
  return orthonormal(start, width, D);
}

/** How to multiply by XᵀX: with it where making it is worth the iterations, else by X twice. */
function multiplier(
  X: Float64Array,
  [N, D, width]: readonly [number, number, number],
  iterations: number,
): (basis: Float64Array) => Float64Array {
  const once = (N * D * D) / 2 + iterations * width * D * D;
  const twice = 2 * iterations * width * N * D;
  if (once > twice || D > columnsAtOnceMax) return (basis) => applied(X, basis, [N, D, width]);
  const products = productsOf(X, N, D);
  return (basis) => projected(basis, products, [width, D, D]);
}

/** A matrix of all pairs of columns takes 8 bytes for each pair: 32 MB. */
const columnsAtOnceMax = 2048;

/** XᵀX: [D, D] */
function productsOf(X: Float64Array, N: number, D: number): Float64Array {
  const products = new Float64Array(D * D);
  for (let n = 0; n < N; n++)
    for (let a = 0; a < D; a++) {
      const value = X[n * D + a]!;
      if (value === 0) continue; // behind a ReLU, most are
      for (let b = a; b < D; b++) products[a * D + b]! += value * X[n * D + b]!;
    }
  for (let a = 0; a < D; a++)
    for (let b = 0; b < a; b++) products[a * D + b] = products[b * D + a]!;
  return products;
}

/** XᵀX·b for each row b of the basis [width, D]. */
function applied(
  X: Float64Array,
  basis: Float64Array,
  [N, D, width]: readonly [number, number, number],
): Float64Array {
  const result = new Float64Array(width * D);
  const scores = projected(X, basis, [N, D, width]);
  for (let n = 0; n < N; n++)
    for (let w = 0; w < width; w++) {
      const score = scores[n * width + w]!;
      for (let d = 0; d < D; d++) result[w * D + d]! += score * X[n * D + d]!;
    }
  return result;
}

/** X·bᵀ: [N, width] */
function projected(
  X: Float64Array,
  basis: Float64Array,
  [N, D, width]: readonly [number, number, number],
): Float64Array {
  const scores = new Float64Array(N * width);
  for (let n = 0; n < N; n++)
    for (let w = 0; w < width; w++) {
      let sum = 0;
      for (let d = 0; d < D; d++) sum += X[n * D + d]! * basis[w * D + d]!;
      scores[n * width + w] = sum;
    }
  return scores;
}

/** Gram–Schmidt, twice, which is enough for float64; a row that vanishes becomes zero. */
function orthonormal(rows: Float64Array, width: number, D: number): Float64Array {
  for (let w = 0; w < width; w++) {
    const row = rows.subarray(w * D, (w + 1) * D);
    const before = Math.sqrt(dot(row, row));
    for (let round = 0; round < 2; round++)
      for (let other = 0; other < w; other++) {
        const known = rows.subarray(other * D, (other + 1) * D);
        const share = dot(row, known);
        for (let d = 0; d < D; d++) row[d]! -= share * known[d]!;
      }
    const length = Math.sqrt(dot(row, row));
    const isNothing = length <= 1e-12 * before || length === 0;
    for (let d = 0; d < D; d++) row[d] = isNothing ? 0 : row[d]! / length;
  }
  return rows;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest turn of the first k directions: 1 − |cosine|. */
function change(before: Float64Array, after: Float64Array, k: number, D: number): number {
  let largest = 0;
  for (let c = 0; c < k; c++) {
    const range = [c * D, (c + 1) * D] as const;
    const cosine = dot(before.subarray(...range), after.subarray(...range));
    largest = Math.max(largest, 1 - Math.abs(cosine));
  }
  return largest;
}

/** Within the space found, the axes along which coordinates are uncorrelated, the longest first. */
function alignedAxes(
  X: Float64Array,
  basis: Float64Array,
  [N, D, width]: readonly [number, number, number],
) {
  const scores = projected(X, basis, [N, D, width]);
  const products = new Float64Array(width * width);
  for (let n = 0; n < N; n++)
    for (let a = 0; a < width; a++)
      for (let b = 0; b < width; b++)
        products[a * width + b]! += scores[n * width + a]! * scores[n * width + b]!;
  const { values, vectors } = eigenSymmetric(products, width);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!);
  const rotated = new Float64Array(width * D);
  order.forEach((from, to) => {
    for (let w = 0; w < width; w++)
      for (let d = 0; d < D; d++)
        rotated[to * D + d]! += vectors[w * width + from]! * basis[w * D + d]!;
  });
  return { vectors: rotated, variances: order.map((from) => values[from]!) };
}

const sweepsMax = 50;

/** Jacobi's rotations: eigenvalues, and eigenvectors as columns, of a small symmetric matrix [n, n]. */
function eigenSymmetric(matrix: Float64Array, n: number) {
  const A = matrix.slice();
  const V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < sweepsMax; sweep++) {
    let largest = 0;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        largest = Math.max(largest, Math.abs(A[p * n + q]!));
        rotate(A, V, n, [p, q]);
      }
    if (largest === 0) break;
  }
  return { values: Array.from({ length: n }, (_, i) => A[i * n + i]!), vectors: V };
}

/** Turns the plane of p and q so that A[p, q] becomes zero. */
function rotate(
  A: Float64Array,
  V: Float64Array,
  n: number,
  [p, q]: readonly [number, number],
): void {
  const off = A[p * n + q]!;
  if (off === 0) return;
  const theta = (A[q * n + q]! - A[p * n + p]!) / (2 * off);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let i = 0; i < n; i++) {
    const [x, y] = [A[i * n + p]!, A[i * n + q]!];
    A[i * n + p] = c * x - s * y;
    A[i * n + q] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [A[p * n + i]!, A[q * n + i]!];
    A[p * n + i] = c * x - s * y;
    A[q * n + i] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [V[i * n + p]!, V[i * n + q]!];
    V[i * n + p] = c * x - s * y;
    V[i * n + q] = s * x + c * y;
  }
}

function makePositive(row: Float64Array): void {
  let largest = 0;
  for (const value of row) if (Math.abs(value) > Math.abs(largest)) largest = value;
  if (largest < 0) for (let d = 0; d < row.length; d++) row[d] = -row[d]!;
}
