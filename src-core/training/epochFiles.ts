/**
 * @file The parameters of a run after its epochs, kept so that one can look back: `<run>/epoch-<n>.safetensors`, one
 * file for each epoch kept, written as checkpoints are: what has its name is complete. They hold what predicts (the
 * average, where there is one) and nothing to train on with. Epoch 0 is there where a run was given its parameters.
 *
 * A budget of bytes bounds them. The first epochs, in which most happens, are all kept; of the later ones every
 * 2ᵏ-th, with the smallest k that fits.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import {
  hashOfValues,
  parametersHash as hashOfParameters,
  writeDurably,
  writeDurablyNow,
} from './checkpoints.ts';
import { encodeSafetensors } from './safetensors.ts';
import { readStored } from './stored.ts';

/** Of one run: four hundred epochs of a dense network for digits. */
export const epochBytesMax = 200_000_000;
/** With room for fewer, a slider has nowhere to go: nothing is kept of networks that large. */
const filesMin = 4;
/** Epochs that are all kept, where there is room for twice as many. */
const firstEpochs = 16;

const epochName = /^epoch-(\d+)\.safetensors$/;

export type EpochFile = { readonly epoch: number; readonly file: string; readonly bytes: number };

/** What a run has kept, in order of epoch. The folder need not be there. */
export function epochFiles(folder: string): EpochFile[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .flatMap((file) => {
      const epoch = Number(epochName.exec(file)?.[1] ?? 0);
      return epoch === 0 ? [] : [{ epoch, file, bytes: statSync(join(folder, file)).size }];
    })
    .sort((a, b) => a.epoch - b.epoch);
}

/** Parameters that a run was given to start from: those before its first step. */
export const startFile = 'epoch-0.safetensors';

/** Stores what a run is to start from, complete and forced to disk when it returns. */
export function writeStart(folder: string, params: Tensors): void {
  makeFolder(folder);
  writeDurablyNow(join(folder, startFile), encoded(0, params));
}

/** @throws InklingError `checkpoint-damaged` when it is not what the run was given. */
export async function readStart(folder: string, parametersHash: string): Promise<Tensors> {
  const { params } = await readStored(folder, startFile);
  if (hashOfParameters(params) === parametersHash) return params;
  const problem = 'it does not hold the parameters that the run was given to start from';
  throw failure('checkpoint-damaged', { file: startFile, problem });
}

function encoded(epoch: number, params: Tensors): Buffer {
  const tensors = new Map(Object.entries(params));
  const metadata = {
    format: 'inkling-parameters-1',
    epoch: String(epoch),
    sha256: hashOfValues(tensors),
  };
  return encodeSafetensors({ tensors, metadata });
}

/** Keeps the parameters of an epoch, and lets those go that the budget has no more room for. */
export async function keepEpoch(
  folder: string,
  { epoch, params }: { readonly epoch: number; readonly params: Tensors },
  bytesMax: number,
): Promise<void> {
  const fileBytes = Object.values(params).reduce((sum, { data }) => sum + data.byteLength, 0);
  const room = Math.floor(bytesMax / Math.max(1, fileBytes));
  if (room < filesMin) return;
  if (isKept(epoch, epoch, room)) {
    makeFolder(folder);
    await writeDurably(join(folder, `epoch-${epoch}.safetensors`), encoded(epoch, params));
  }
  for (const known of epochFiles(folder))
    if (known.epoch < epoch && !isKept(known.epoch, epoch, room))
      rmSync(join(folder, known.file), { force: true });
}

/** Whether an epoch is among those kept once `last` epochs are done. */
export function isKept(epoch: number, last: number, room: number): boolean {
  const first = Math.min(firstEpochs, Math.floor(room / 2));
  if (epoch <= first) return true;
  let stride = 1;
  while (first + Math.floor(last / stride) - Math.floor(first / stride) > room) stride *= 2;
  return epoch % stride === 0;
}
