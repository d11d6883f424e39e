/** @file The parameters a run leaves for use: what predicts, is inspected and is exported. */
import { basename, dirname, join } from 'node:path';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { readCheckpoint } from './checkpoints.ts';
import { RunResult } from './metrics.ts';

export type Kept = { readonly params: Tensors; readonly result: RunResult };

/**
 * The kept parameters of a finished run, averaged if it averaged.
 *
 * @throws InklingError `run-unfinished`, `checkpoint-damaged`
 */
export async function readKept(workspace: Workspace, run: Run): Promise<Kept> {
  if (run.state.status !== 'finished')
    throw failure('run-unfinished', { run: run.id, status: run.state.status });
  const result = RunResult.parse(run.state.result);
  const row = workspace.checkpoints.get(run.id, result.kept);
  if (!row) throw failure('run-unfinished', { run: run.id, status: 'without a checkpoint' });
  const folder = join(workspace.checkpointFolder, dirname(row.file));
  const { state } = await readCheckpoint(folder, basename(row.file));
  return { params: result.averaged && state.average ? state.average : state.params, result };
}
