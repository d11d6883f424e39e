/** @file Gives every buffer its place in one block of work memory; buffers that are not needed together share theirs. */
import { denseStrides, readBuffers, readsOf, type Buffer, type Instruction } from './program.ts';

export type Plan = { readonly offsets: ReadonlyMap<Buffer, number>; readonly workFloats: number };

/** First fit, in order of the instructions. @param kept buffers that have to last until the end. */
export function planMemory(instructions: readonly Instruction[], kept: readonly Buffer[]): Plan {
  const lastRead = new Map<Buffer, number>();
  instructions.forEach((instruction, i) =>
    readBuffers(instruction).forEach((buffer) => lastRead.set(buffer, i)),
  );
  for (const buffer of kept) lastRead.set(buffer, Infinity);
  const offsets = new Map<Buffer, number>();
  let live: Buffer[] = [];
  let workFloats = 0;
  const give = (buffer: Buffer, offset: number): void => {
    offsets.set(buffer, offset);
    live.push(buffer);
    workFloats = Math.max(workFloats, offset + buffer.size);
  };
  instructions.forEach((instruction, i) => {
    for (const buffer of writtenBuffers(instruction)) {
      const replaced = live.find((old) => lastRead.get(old) === i && mapsInPlace(instruction, old));
      if (replaced) live = live.filter((old) => old !== replaced);
      give(buffer, replaced ? offsets.get(replaced)! : firstGap(live, offsets, buffer.size));
    }
    live = live.filter((buffer) => (lastRead.get(buffer) ?? -1) > i);
  });
  return { offsets, workFloats };
}

function writtenBuffers(instruction: Instruction): Buffer[] {
  const plane = instruction.kind === 'conv' && instruction.pool ? [instruction.pool.plane] : [];
  return [instruction.output, ...plane].filter(({ kind }) => kind === 'work');
}

/** Whether each element is read, if at all, only right before it is overwritten. */
function mapsInPlace(instruction: Instruction, old: Buffer): boolean {
  if (instruction.kind !== 'map' || old.size !== instruction.output.size) return false;
  const own = denseStrides(instruction.lengths).join();
  const reads = readsOf(instruction.value).filter(({ from }) => from === old);
  return reads.every(({ offset, strides }) => offset === 0 && strides.join() === own);
}

function firstGap(
  live: readonly Buffer[],
  offsets: ReadonlyMap<Buffer, number>,
  size: number,
): number {
  const taken = live
    .map((buffer) => ({ start: offsets.get(buffer)!, end: offsets.get(buffer)! + buffer.size }))
    .sort((a, b) => a.start - b.start);
  let at = 0;
  for (const { start, end } of taken) {
    if (start - at >= size) return at;
    at = Math.max(at, end);
  }
  return at;
}
