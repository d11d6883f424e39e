/** @file Tensors that a call of `inspect` named, read from beside the bridge. */
import { inspectPaths, readTensors, type ReadTensor } from '../../src-core/contract/inspecting.ts';

export type Tensors = ReadonlyMap<string, ReadTensor>;

/** @throws Problem as the host answered */
export async function fetchTensors(name: string): Promise<Tensors> {
  const response = await fetch(inspectPaths.tensors(name));
  if (!response.ok) throw await response.json();
  return readTensors(await response.arrayBuffer());
}
