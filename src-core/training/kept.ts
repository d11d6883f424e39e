/** @file The parameters a run leaves for use: what predicts, is inspected and is exported. */
import { join } from 'node:path';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { readCheckpoint } from './checkpoints.ts';
import { RunResult } from './metrics.ts';

export type Kept = { readonly params: Tensors; readonly result: RunResult };

/**
 * The kept parameters of a run that has finished, averaged if it averaged; while it is given more epochs, those of
 * its result so far.
 *
 * @throws InklingError `run-unfinished`, `checkpoint-damaged`
 */
export async function readKept(workspace: Workspace, run: Run): Promise<Kept> {
  const { params, average, result } = await readKeptState(workspace, run);
  return { params: average ?? params, result };
}

/** The same apart: those that training ended with, and their average where that predicts. */
export async function readKeptState(
  workspace: Workspace,
  run: Run,
): Promise<Kept & { readonly average: Tensors | null }> {
  if (run.result === null)
    throw failure('run-unfinished', { run: run.id, status: run.state.status });
  const result = RunResult.parse(run.result);
  const folder = join(workspace.checkpointFolder, run.id);
  const { state } = await readCheckpoint(folder, keptFile(result));
  return { params: state.params, average: result.averaged ? state.average : null, result };
}

/** A run ends after an epoch, so that every epoch has the same number of steps. */
export function keptFile({ kept, keptEpoch, epochs, steps }: RunResult): string {
  return `${kept}-${(keptEpoch * steps) / epochs}.safetensors`;
}
