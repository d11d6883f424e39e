/** @file Weights as bytes. */

/** weight ≈ scale[row] · value, the values from −127 to 127 (symmetric, one scale for each row). */
export type Quantized = { readonly values: Int8Array; readonly scales: Float32Array };

const levels = 127;

/** @param weights rows of `rowLength` numbers. */
export function quantized(weights: Float32Array, rowLength: number): Quantized {
  const scales = Float32Array.from({ length: weights.length / rowLength }, (_, row) => {
    let largest = 0;
    for (let i = row * rowLength; i < (row + 1) * rowLength; i++)
      largest = Math.max(largest, Math.abs(weights[i]!));
    return largest / levels;
  });
  // A row of zeros has scale 0 and stays zero; a scale that is no number makes every answer none, and is found out.
  const values = Int8Array.from(weights, (weight, i) => {
    const scale = scales[Math.floor(i / rowLength)]!;
    return scale === 0 ? 0 : Math.round(weight / scale);
  });
  return { values, scales };
}
