/** @file A run that follows another one: the same plan on what the dataset is now, from initial values or from what was learned. */
import { join } from 'node:path';
import { basename, dirname } from 'node:path/posix';
import type { TrainPlan } from '../contract/training.ts';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { parametersHash } from '../training/checkpoints.ts';
import { readStored } from '../training/stored.ts';
import type { NewRun, Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { keptCheckpoint } from './networkSources.ts';

/** What the plan of a run was, for its dataset as it is now. @throws InklingError `dataset-gone` */
export function planOfRun({ snapshots }: Workspace, run: Run): TrainPlan {
  const { dataset } = snapshots.about(run.snapshot);
  if (dataset === null) throw failure('dataset-gone', undefined);
  const { spec, options, preset, engine, device, limit } = run;
  const { input, output, initializer } = spec;
  // Its layers have their activation already, and it is one run: nothing is compared.
  return {
    ...{ dataset, preset, input, layers: [...spec.layers], output, initializer, options },
    ...{ activations: [], seeds: [options.seed], engine, device, limit },
  };
}

export type Beginning = Pick<NewRun, 'start'> & { readonly params: Tensors };

/**
 * The parameters that a run kept, or of one that has not finished, those of its last checkpoint.
 *
 * @throws InklingError `run-unfinished`, `checkpoint-damaged`
 */
export async function beginningFrom(workspace: Workspace, run: Run): Promise<Beginning> {
  const kept = keptCheckpoint(workspace, run);
  if (!kept) throw failure('run-unfinished', { run: run.id, status: run.state.status });
  const folder = join(workspace.checkpointFolder, dirname(kept.file));
  const { params } = await readStored(folder, basename(kept.file));
  return { params, start: { epoch: kept.epoch, parametersHash: parametersHash(params) } };
}

/** Parameters mean something for the classes they learned, in their order. @throws InklingError `classes-changed` */
export function requireSameClasses(workspace: Workspace, run: Run, now: readonly string[]): void {
  const { classes } = workspace.snapshots.about(run.snapshot);
  const isSame = classes.length === now.length && classes.every((name, i) => name === now[i]);
  if (!isSame) throw failure('classes-changed', { run: run.id });
}
