/** @file The parameters that a run has come to: for whoever predicts with it, inspects it or exports it. */
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { CheckpointKind } from '../workspace/outcomes.ts';
import type { RunId } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { readCheckpoint } from './checkpoints.ts';
import { predictingParams } from './epochs.ts';
import { RunResult } from './metrics.ts';

export type Trained = {
  /** Averaged where averaging is on. */
  readonly params: Tensors;
  readonly step: number;
  /** Epochs completed. */
  readonly epoch: number;
};

/**
 * Of a finished run what its result is about; of any other the last checkpoint.
 *
 * @throws InklingError `run-unknown`, `run-untrained`, `checkpoint-damaged`
 */
export async function trainedParams(
  workspace: Pick<Workspace, 'runs' | 'checkpoints' | 'checkpointFolder'>,
  id: RunId,
): Promise<Trained> {
  const found = workspace.checkpoints.get(id, keptKind(workspace.runs.get(id)));
  if (!found) throw failure('run-untrained', { run: id });
  const { step, epoch, file } = found;
  const { state } = await readCheckpoint(workspace.checkpointFolder, file);
  return { params: predictingParams(state), step, epoch };
}

function keptKind({ state }: Run): CheckpointKind {
  return state.status === 'finished' ? RunResult.parse(state.result).kept : 'last';
}
