/** @file The check of a file's content: every array that was to be written is there, with every value, and no other. */
import type { Tensor } from '../engine/engine.ts';
import { failure } from '../errors.ts';

/**
 * @param file  its name, for messages.
 * @returns how many arrays there are.
 * @throws InklingError `export-damaged`
 */
export function sameArrays(
  file: string,
  written: ReadonlyMap<string, Tensor>,
  found: ReadonlyMap<string, Tensor>,
): number {
  const extra = [...found.keys()].find((name) => !written.has(name));
  if (extra !== undefined) throw failure('export-damaged', { file, array: extra });
  for (const [array, tensor] of written)
    if (!isSame(tensor, found.get(array))) throw failure('export-damaged', { file, array });
  return written.size;
}

/** Bit by bit but for zeros, and NaN is the same as NaN. */
function isSame({ shape, data }: Tensor, other: Tensor | undefined): boolean {
  if (!other || other.shape.join() !== shape.join() || other.data.length !== data.length)
    return false;
  return data.every((value, i) => Object.is(value + 0, other.data[i]! + 0));
}
