/** @file Which answer is the answer. */

/** Index of the largest value, the first of several. */
export function largestIndex(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
