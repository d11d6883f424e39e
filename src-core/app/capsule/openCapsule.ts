/**
 * @file Opens a capsule into a workspace: its run appears there as finished, marked as one that came from elsewhere,
 * and its images, where they are not here yet, as a dataset. All of it is stored in one transaction, or nothing is.
 */
import { renameSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../errors.ts';
import { writeCheckpoint } from '../../training/checkpoints.ts';
import { writeStart } from '../../training/epochFiles.ts';
import type { RunResult } from '../../training/metrics.ts';
import type { ImportSession } from '../../workspace/imports.ts';
import type { Checkpoint } from '../../workspace/outcomes.ts';
import { buildingPrefix, type RunId } from '../../workspace/records.ts';
import type { NewRun, Run, RunDataset } from '../../workspace/runs.ts';
import { hashBytes } from '../../workspace/snapshots.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { readCapsule, type Capsule } from './readCapsule.ts';

export type OpenedCapsule = {
  readonly run: RunId;
  /** What it was called where it was trained. */
  readonly cameFrom: string;
  /** Made of its images; null: they are here already, or the capsule has none. */
  readonly dataset: RunDataset | null;
  /** Of the images it was trained on and judged by, how many are not here: it can be run again with all of them. */
  readonly missingImages: number;
  readonly images: number;
};

/**
 * @throws InklingError `path-missing`, `path-unreadable`, `capsule-newer`, `capsule-invalid`, `capsule-damaged`,
 *   `workspace-in-use`, `import-running`, `disk-full`
 */
export async function openCapsule(workspace: Workspace, path: string): Promise<OpenedCapsule> {
  if (!workspace.writable) throw failure('workspace-in-use', { folder: workspace.folder });
  await using capsule = await readCapsule(path);
  const { hashes } = capsule.snapshot;
  const hasImages = capsule.header.hasImages && workspace.blobs.missing(hashes) > 0;
  // Swept with unfinished caches, should the program end now.
  const staging = await mkdtemp(join(workspace.cacheFolder, buildingPrefix));
  const session = hasImages ? workspace.beginImport(datasetName(workspace, capsule)) : null;
  try {
    const { kept: kind } = capsule.header.result;
    const checkpoint = { kind, ...(await writeCheckpoint(staging, kind, checkpointOf(capsule))) };
    if (session) for await (const images of capsule.images()) session.add(images);
    const stored = store(workspace, capsule, { staging, checkpoint }, session);
    const missingImages = workspace.blobs.missing(hashes);
    const images = hashes.length / hashBytes;
    return { ...stored, cameFrom: capsule.header.cameFrom.run, missingImages, images };
  } finally {
    session?.abort();
    await rm(staging, { recursive: true, force: true });
  }
}

/** The dataset's own name, or one like it that no dataset has. */
function datasetName({ datasets }: Workspace, { header }: Capsule): string {
  const { snapshot, cameFrom } = header;
  const taken = new Set(datasets.list().map(({ name }) => name));
  const own = snapshot.dataset ?? `images of ${cameFrom.run}`;
  let name = own;
  for (let i = 2; taken.has(name); i++) name = `${own} ${i}`;
  return name;
}

/** What the kept parameters of a run are read from; there is nothing to train on with. */
function checkpointOf({ header, params, average }: Capsule) {
  const { result } = header;
  const { seconds, stepSeconds, engineSeconds } = result;
  const timing = { seconds, stepSeconds, engineSeconds };
  const stepsPerEpoch = result.steps / result.epochs;
  return {
    settings: 'of another workspace',
    progress: {
      step: result.keptEpoch * stepsPerEpoch,
      stepsPerEpoch,
      epochs: result.epochs,
      ...{ lossSum: 0, correctSum: 0, ...timing, epochStart: timing },
      lastEpoch: header.epochs[result.keptEpoch - 1] ?? null,
      ...{ best: null, epochsSinceBest: 0, stoppedEarly: result.stoppedEarly },
    },
    state: { params, optimizer: {}, average },
  };
}

/** Of the images' dataset, whose parts are all given. */
const splitSeed = 1;

/** @param staging holds the checkpoint alone, and becomes the folder of the run. */
function store(
  workspace: Workspace,
  capsule: Capsule,
  { staging, checkpoint }: { readonly staging: string; readonly checkpoint: Checkpoint },
  session: ImportSession | null,
): Pick<OpenedCapsule, 'run' | 'dataset'> {
  const { snapshots, runs, metrics, predictions, datasets, transaction } = workspace;
  const { header, snapshot, steps } = capsule;
  let folder: string | null = null;
  try {
    return transaction(() => {
      const dataset = session && datasets.ensure(session.dataset, splitSeed);
      snapshots.put(dataset && dataset.id, snapshot);
      const run = runs.create(newRun(capsule));
      if (header.name !== null) runs.rename(run.id, header.name);
      runs.setState(run.id, { status: 'finished', result: header.result satisfies RunResult });
      if (header.progress) runs.setProgress(run.id, header.progress);
      const epochs = header.epochs.map((values) => ({
        epoch: values.epoch,
        step: values.step,
        values,
      }));
      metrics.restore(run.id, steps, epochs);
      if (capsule.predictions) predictions.put(run.id, 'test', capsule.predictions);
      const file = `${run.id}/${checkpoint.file}`;
      workspace.checkpoints.put(run.id, { ...checkpoint, file });
      folder = join(workspace.checkpointFolder, run.id);
      renameSync(staging, folder);
      if (capsule.start) writeStart(folder, capsule.start);
      // The last of all: a session that has committed can no longer be taken back.
      session?.commit(snapshot.classes, ({ current }) => current);
      return { run: run.id, dataset: dataset && { id: dataset.id, name: dataset.name } };
    });
  } catch (error) {
    // Its number is free again, and the next run must not find this.
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function newRun({ header, snapshot }: Capsule): NewRun {
  const { preset, spec, options, engine, device, limit, versions, cameFrom, start } = header;
  const { hash } = snapshot;
  const asked = { preset, spec, options, engine, device, limit: limit ?? null };
  return { snapshot: hash, ...asked, versions, cameFrom, start };
}

/** Whether a run's images are all here, which only one from a capsule can lack. @throws InklingError `images-missing` */
export function requireImages({ snapshots, blobs }: Workspace, run: Run): void {
  if (run.cameFrom === null) return;
  const { hashes } = snapshots.get(run.snapshot);
  const missing = blobs.missing(hashes);
  if (missing > 0) throw failure('images-missing', { missing, total: hashes.length / hashBytes });
}
