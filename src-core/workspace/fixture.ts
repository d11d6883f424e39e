/** @file What the tests of the store share: a workspace that goes away with the test, and images to put in. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { blobHash } from './blobs.ts';
import type { ImportOptions, ImportResult, NewImage } from './imports.ts';
import { partCode, type Part, type SnapshotHash } from './records.ts';
import type { NewRun } from './runs.ts';
import { hashBytes, rangesOf } from './snapshots.ts';
import type { AssignSplits } from './splits.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that moves one millisecond with every look. */
export function ticking(): { clock: () => number } {
  let now = 1_700_000_000_000;
  return { clock: () => now++ };
}

export function temporaryWorkspace(folder = temporaryFolder()): Workspace {
  const workspace = openWorkspace(folder, ticking());
  onTestFinished(() => workspace.close());
  return workspace;
}

/** A 2×3 gray picture whose every pixel is `value`. */
export function image(
  name: string,
  value: number,
  label: string | null = null,
  part: Part | null = null,
): NewImage {
  const bytes = new Uint8Array(6).fill(value);
  const blob = { bytes, encoding: 'raw', width: 3, height: 2, channels: 1, depth: 8 } as const;
  return { name, blob, label, part };
}

/** The simplest split there is: what is labeled and has no part goes to training. */
export const toTraining: AssignSplits = ({ labels, current }) =>
  current.map((code, i) => (code === partCode.none && labels[i]! >= 0 ? partCode.train : code));

export function importAll(
  workspace: Workspace,
  images: readonly NewImage[],
  dataset = 'digits',
  options: ImportOptions = {},
): ImportResult {
  const session = workspace.beginImport(dataset, options);
  session.add(images);
  return session.commit([...new Set(images.flatMap((one) => one.label ?? []))].sort(), toTraining);
}

/** Twenty images of two classes, and a snapshot of them in the order they came. */
export function frozenDigits(workspace: Workspace): SnapshotHash {
  const images = Array.from({ length: 20 }, (_, i) => image(`${i}.png`, i, i < 10 ? 'one' : 'two'));
  const { dataset, classes } = importAll(workspace, images);
  const hashes = new Uint8Array(20 * hashBytes);
  images.forEach(({ blob }, i) => hashes.set(blobHash(blob), i * hashBytes));
  // Any 64 digits will do here; `data/snapshot.ts` makes the real hash.
  const hash = 'ab'.repeat(32) as SnapshotHash;
  const labels = Int32Array.from(images, ({ label }) => classes.indexOf(label!));
  const shape = { channels: 1, height: 2, width: 3 } as const;
  const ranges = rangesOf([16, 2, 2]);
  workspace.snapshots.put(dataset, {
    hash,
    classes,
    shape,
    resize: 'none',
    ranges,
    hashes,
    labels,
  });
  return hash;
}

export function newRun(snapshot: SnapshotHash): NewRun {
  return {
    snapshot,
    preset: 'softmax',
    spec: ModelSpec.parse({
      input: { channels: 1, height: 2, width: 3 },
      layers: [{ kind: 'flatten' }],
      classes: 2,
    }),
    options: TrainOptions.parse({ seed: 3 }),
    engine: 'onnx',
    device: 'cpu',
    versions: { inkling: '0.1.0' },
  };
}
