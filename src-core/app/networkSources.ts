/** @file Where the parameters of a run are at each of its epochs, and what the network they belong to is. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckpointInfo } from '../contract/inspecting.ts';
import { failure } from '../errors.ts';
import type { NetworkSource } from '../inspect/messages.ts';
import { epochFiles, startFile } from '../training/epochFiles.ts';
import { keptFile } from '../training/kept.ts';
import { RunResult } from '../training/metrics.ts';
import type { Checkpoint } from '../workspace/outcomes.ts';
import { parseRunId, type Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type RunNetwork = {
  readonly run: Run;
  readonly epoch: number;
  readonly source: NetworkSource;
};

/**
 * The network of a run after an epoch; null: as the run kept it, or as it is so far.
 *
 * @throws InklingError `run-unknown`, `run-unfinished`, `epoch-missing`
 */
export function runNetwork(workspace: Workspace, name: string, epoch: number | null): RunNetwork {
  const run = workspace.runs.get(parseRunId(name));
  if (epoch === 0) return network(run, 0, beginning(workspace, run));
  const kept = keptCheckpoint(workspace, run);
  const files = filesOf(workspace, run);
  if (epoch === null) {
    if (!kept) throw failure('run-unfinished', { run: run.id, status: run.state.status });
    return network(run, kept.epoch, {
      kind: 'file',
      path: join(workspace.checkpointFolder, kept.file),
    });
  }
  const found = files.find((each) => each.epoch === epoch);
  if (!found) throw failure('epoch-missing', { run: run.id, epoch });
  return network(run, epoch, { kind: 'file', path: found.path });
}

function network(run: Run, epoch: number, parameters: NetworkSource['parameters']): RunNetwork {
  const { spec, options, engine, device } = run;
  return { run, epoch, source: { kind: 'network', spec, options, engine, device, parameters } };
}

/** Before the first step: what the run was given, or the initial values of its seed. */
function beginning(workspace: Workspace, run: Run): NetworkSource['parameters'] {
  if (!run.start) return { kind: 'initial' };
  return { kind: 'file', path: join(workspace.checkpointFolder, run.id, startFile) };
}

/**
 * What the run left for use, also while it is given more epochs; of one that has never finished, its last checkpoint.
 */
export function keptCheckpoint(
  workspace: Workspace,
  run: Run,
): Pick<Checkpoint, 'epoch' | 'file'> | undefined {
  if (run.result === null) return workspace.checkpoints.get(run.id, 'last');
  const result = RunResult.parse(run.result);
  return { epoch: result.keptEpoch, file: `${run.id}/${keptFile(result)}` };
}

type EpochPlace = { readonly epoch: number; readonly path: string; readonly bytes: number };

/** Of each epoch one file; a checkpoint before the parameters alone, since it holds the optimizer's memory too. */
function filesOf({ checkpointFolder, checkpoints }: Workspace, { id, state }: Run): EpochPlace[] {
  const found = new Map<number, EpochPlace>();
  for (const { epoch, file, bytes } of epochFiles(join(checkpointFolder, id)))
    found.set(epoch, { epoch, path: join(checkpointFolder, id, file), bytes });
  const best = checkpoints.get(id, 'best');
  // The last checkpoint may be in the middle of an epoch, unless the run is over.
  const last = state.status === 'finished' ? checkpoints.get(id, 'last') : undefined;
  for (const checkpoint of [best, last]) {
    if (!checkpoint) continue;
    const { epoch, file } = checkpoint;
    const path = join(checkpointFolder, file);
    // Gone only if someone took it away: reading it will say so.
    found.set(epoch, { epoch, path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 });
  }
  return [...found.values()].sort((a, b) => a.epoch - b.epoch);
}

/** Epochs one can look at, 0 among them. @throws InklingError `run-unknown` */
export function checkpointsOf(workspace: Workspace, name: string): CheckpointInfo[] {
  const run = workspace.runs.get(parseRunId(name));
  const kept = keptCheckpoint(workspace, run)?.epoch;
  const rest = filesOf(workspace, run).map(({ epoch, bytes }) => ({
    epoch,
    isKept: epoch === kept,
    bytes,
  }));
  return [{ epoch: 0, isKept: false, bytes: 0 }, ...rest];
}
