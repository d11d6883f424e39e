/**
 * @file Which image each sample of a snapshot is. A snapshot knows its samples by content; the same content may be
 * several images, which then take their turns in order of age.
 */
import { setImmediate } from 'node:timers/promises';
import { failure } from '../errors.ts';
import type { DatasetId, Part, SnapshotHash } from '../workspace/records.ts';
import { hashBytes, type Snapshot } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type PartImages = {
  readonly dataset: DatasetId | null;
  readonly snapshot: Snapshot;
  /** int32, one for each sample of the part; 0: the image is gone. */
  readonly images: Int32Array;
  /** int32, indices into the snapshot's classes. */
  readonly labels: Int32Array;
};

/** Rows read between two looks at what else there is to do. */
const rowsAtOnce = 10_000;

export class SnapshotImages {
  readonly #workspace: Workspace;
  /** The last one asked for: a person looks at one run at a time. */
  #known: { readonly trace: string; readonly images: Promise<Int32Array> } | null = null;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** @throws InklingError `split-empty` */
  async part(run: string, hash: SnapshotHash, part: Part): Promise<PartImages> {
    const { snapshots } = this.#workspace;
    const snapshot = snapshots.get(hash);
    const { start, end } = snapshot.ranges[part];
    if (start === end) throw failure('split-empty', { run, split: part });
    const { dataset } = snapshots.about(hash);
    const images = dataset === null ? null : await this.#images(snapshot, dataset);
    return {
      dataset,
      snapshot,
      images: images?.subarray(start, end) ?? new Int32Array(end - start),
      labels: snapshot.labels.subarray(start, end),
    };
  }

  #images(snapshot: Snapshot, dataset: DatasetId): Promise<Int32Array> {
    const { images } = this.#workspace;
    const trace = `${snapshot.hash} ${images.revision(dataset)} ${images.foreignVersion()}`;
    if (this.#known?.trace !== trace)
      this.#known = { trace, images: matched(this.#workspace, snapshot, dataset) };
    return this.#known.images;
  }
}

async function matched(
  workspace: Workspace,
  { hashes }: Snapshot,
  dataset: DatasetId,
): Promise<Int32Array> {
  const byContent = new Map<string, number[]>();
  for (let after = 0; ;) {
    const rows = workspace.images.hashes(dataset, after, rowsAtOnce);
    for (const [id, hash] of rows) {
      const key = hash.toString('latin1');
      const known = byContent.get(key);
      if (known) known.push(id);
      else byContent.set(key, [id]);
    }
    if (rows.length < rowsAtOnce) break;
    after = rows.at(-1)![0];
    await setImmediate();
  }
  const packed = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength);
  return Int32Array.from({ length: hashes.length / hashBytes }, (_, sample) => {
    const key = packed.toString('latin1', sample * hashBytes, (sample + 1) * hashBytes);
    return byContent.get(key)?.shift() ?? 0;
  });
}
