/** @file Shapes in which lists of weights are shown as pictures. */

/** [C, H, W] as it is; a list as a rectangle, as square as whole rows allow. The rest of the last row is zero. */
export function pictureShape(shape: readonly number[]): readonly [number, number, number] {
  const [first = 1, height, width] = shape;
  if (height !== undefined && width !== undefined) return [first, height, width];
  const across = Math.min(first, Math.ceil(Math.sqrt(first * 2.5)));
  return [1, Math.ceil(first / across), across];
}

/** With zeros up to the size of the shape. */
export function filled(
  values: Float32Array,
  [channels, height, width]: readonly [number, number, number],
): Float32Array {
  const size = channels * height * width;
  if (values.length === size) return values;
  const result = new Float32Array(size);
  result.set(values.subarray(0, size));
  return result;
}

/** The values of one unit in a parameter: kernels are dense [in, out] or convolution [out, in, kH, kW]. */
export function unitValues(
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array },
  unit: number,
): Float32Array {
  if (shape.length === 2) {
    const [inputs = 0, outputs = 0] = shape;
    return Float32Array.from({ length: inputs }, (_, i) => data[i * outputs + unit]!);
  }
  const size = shape.slice(1).reduce((product, dim) => product * dim, 1);
  return data.subarray(unit * size, (unit + 1) * size);
}
