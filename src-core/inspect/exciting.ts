/** @file The images that excite each unit of a layer most, found in one pass over the images. */
import { largestByUnit, layerOutput } from './activations.ts';
import type { CallOutput } from './messages.ts';
import type { OpenNetwork } from './openNetwork.ts';

/** A row of thumbnails. */
const keptMax = 24;

/** Hands the samples to `work`, piece by piece, with the number of the first of each. */
type EachPiece = (work: (pixels: Uint8Array, first: number) => Promise<void>) => Promise<void>;

export async function exciting(
  open: OpenNetwork,
  layer: string,
  eachPiece: EachPiece,
): Promise<CallOutput<'exciting'>> {
  const pieces: Float32Array[] = [];
  let units = 0;
  await eachPiece(async (pixels) => {
    const found = largestByUnit(await layerOutput(open, layer, pixels));
    ({ units } = found);
    pieces.push(found.values);
  });
  const count = pieces.reduce((sum, piece) => sum + piece.length / units, 0);
  const kept = Math.min(keptMax, count);
  const indices = new Int32Array(units * kept);
  const values = new Float32Array(units * kept);
  const column = new Float32Array(count);
  for (let unit = 0; unit < units; unit++) {
    fillColumn(column, pieces, units, unit);
    largestOf(column, kept).forEach((sample, i) => {
      indices[unit * kept + i] = sample;
      values[unit * kept + i] = column[sample]!;
    });
  }
  return { kept, indices, values };
}

function fillColumn(
  column: Float32Array,
  pieces: readonly Float32Array[],
  units: number,
  unit: number,
): void {
  let sample = 0;
  for (const piece of pieces)
    for (let i = unit; i < piece.length; i += units) column[sample++] = piece[i]!;
}

/** Indices of the `count` largest values, the largest first, equals in order; NaN counts as larger than any. */
function largestOf(values: Float32Array, count: number): Int32Array {
  const rank = (index: number) => (Number.isNaN(values[index]!) ? Infinity : values[index]!);
  return Int32Array.from(values.keys())
    .sort((a, b) => (rank(a) < rank(b) ? 1 : rank(a) > rank(b) ? -1 : a - b))
    .subarray(0, count);
}
