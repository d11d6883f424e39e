/** @file Smoothing of curves as TensorBoard does it: an exponential average without its bias toward zero. */

/**
 * sᵢ = w·sᵢ₋₁ + (1 − w)·yᵢ from s₀ = 0, divided by 1 − wⁿ, n being the number of values so far. Values that are not
 * finite stay what they are and count for nothing; a constant series stays constant.
 *
 * @param weight  0 … below 1; 0 leaves all as it is.
 */
export function smooth(y: Float32Array, weight: number): Float32Array {
  const smoothed = new Float32Array(y.length);
  if (weight === 0 || isConstant(y)) {
    smoothed.set(y);
    return smoothed;
  }
  let last = 0;
  let remaining = 1; // wⁿ
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value)) {
      smoothed[i] = value;
      continue;
    }
    last = last * weight + (1 - weight) * value;
    remaining *= weight;
    smoothed[i] = last / (1 - remaining);
  }
  return smoothed;
}

function isConstant(y: Float32Array): boolean {
  for (let i = 1; i < y.length; i++) if (y[i] !== y[0]) return false;
  return true;
}
