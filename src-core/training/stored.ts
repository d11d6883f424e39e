/** @file Reads the parameters of a run from any of its files: a checkpoint, or the parameters kept of an epoch. */
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { hashOfValues, readCheckpoint, readLimited } from './checkpoints.ts';
import { decodeSafetensors } from './safetensors.ts';
import { join } from 'node:path';

/** `params` are those that predict: the average where there is one. */
export type Stored = {
  readonly params: Tensors;
  /** Null where the file has none to go on with, or where it belongs to other parameters than those that predict. */
  readonly optimizer: Tensors | null;
  readonly step: number;
};

/** @throws InklingError `checkpoint-damaged` */
export async function readStored(folder: string, file: string): Promise<Stored> {
  if (file.startsWith('epoch-'))
    return { params: await readEpoch(folder, file), optimizer: null, step: 0 };
  const { state, progress } = await readCheckpoint(folder, file);
  const { params, average, optimizer } = state;
  const isWhole = file.startsWith('last-') && average === null;
  return { params: average ?? params, optimizer: isWhole ? optimizer : null, step: progress.step };
}

async function readEpoch(folder: string, file: string): Promise<Tensors> {
  const damaged = (problem: string) => failure('checkpoint-damaged', { file, problem });
  const bytes = await readLimited(join(folder, file), damaged);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  if (metadata['format'] !== 'inkling-parameters-1')
    throw damaged('it does not hold parameters of this program');
  if (hashOfValues(tensors) !== metadata['sha256']) throw damaged('its values have changed');
  return Object.fromEntries(tensors);
}
