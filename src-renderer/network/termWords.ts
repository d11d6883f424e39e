/** @file What a number that a unit reads is called. */
import type { Column } from './columns.ts';

/** `row 3, column 4`, `map 2 at 3, 4`, or `unit 7`. @param from  index into what the layer reads, row-major */
export function termWords(column: Column | null, from: number): string {
  const [channels = 1, height, width] = column?.shape ?? [];
  if (height === undefined || width === undefined) return `unit ${from}`;
  const area = height * width;
  const [channel, pixel] = [Math.floor(from / area), from % area];
  const place = `${Math.floor(pixel / width)}, ${pixel % width}`;
  if (column?.kind !== 'image') return `map ${channel} at ${place}`;
  return channels === 1
    ? `pixel ${place}`
    : `${['red', 'green', 'blue'][channel] ?? channel} ${place}`;
}
