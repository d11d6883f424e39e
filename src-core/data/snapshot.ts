/**
 * @file Freezes a dataset for training: the ordered list of (image hash, label, part), the class names, and the
 * size every image is brought to. All of it goes into the snapshot's SHA-256, and nothing else does, so equal
 * content gives the same snapshot whatever the files were called and whenever they were added.
 *
 * Order: training, validation, test; within a part by image hash, then label. Names and ids play no part.
 */
import { createHash } from 'node:crypto';
import { failure } from '../errors.ts';
import type { ImageShape } from '../model/spec.ts';
import { stream } from '../random.ts';
import type { Dataset } from '../workspace/datasets.ts';
import { parts, type Part, type SnapshotHash } from '../workspace/records.ts';
import {
  hashBytes,
  littleEndian,
  rangesOf,
  type Candidate,
  type Extent,
  type Snapshot,
} from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { apportion, assignSplits, byClass, draw } from './splits.ts';

export type FreezeOptions = {
  /**
   * Training images to use at most, drawn from every class in proportion, with the dataset's split seed, so that
   * a smaller limit's images are among a larger one's but for rounding. Validation and test stay whole, so that
   * figures for different limits can be compared.
   */
  readonly limit?: number | null;
  /** The size of the network's input, where `shapeFor` should not choose. */
  readonly shape?: ImageShape | null;
};

/** Images of one size up to this keep it: a picture of this size still trains in reasonable time on a CPU. */
const keptSizeMax = 128;
/** What images of different or larger sizes become, height and width. */
const fittedSize = 64;
/** Names what the decoder does to an image of another size; part of the hash. */
const resizeRule = 'fit-inside-pad-border-median';

/**
 * Freezes the labeled images of `dataset`, drawing parts for those without one, and stores the snapshot unless
 * the same one is stored.
 *
 * @throws InklingError `dataset-untrainable`, `workspace-in-use`, `disk-full`
 */
export function freezeSnapshot(
  workspace: Workspace,
  dataset: Dataset,
  options: FreezeOptions = {},
): Snapshot {
  return workspace.transaction(() => {
    workspace.splits.assign(dataset.id, assignSplits);
    const candidates = workspace.snapshots.candidates(dataset.id);
    const ofPart = (part: Part) => candidates.filter((one) => one[0] === part);
    const train = limited(ofPart('train'), options.limit ?? null, dataset.splitSeed);
    const classes = workspace.datasets.classes(dataset.id).map((one) => one.name);
    if (classes.length < 2) throw untrainable(dataset, 'it has fewer than two classes');
    if (train.length === 0) throw untrainable(dataset, 'it has no labeled images for training');

    const content = pack([train, ofPart('validation'), ofPart('test')]);
    const shape = options.shape ?? shapeFor(extentOf(candidates));
    const frozen = { classes, shape, resize: resizeRule, ...content };
    const snapshot = { hash: snapshotHash(frozen), ...frozen };
    workspace.snapshots.put(dataset.id, snapshot);
    return snapshot;
  });
}

/**
 * The images' own size if they share one up to 128×128, else 64×64; one channel if all are gray (with or without
 * alpha), else three.
 */
export function shapeFor({
  widthMin,
  widthMax,
  heightMin,
  heightMax,
  channelsMax,
}: Extent): ImageShape {
  const isShared = widthMin === widthMax && heightMin === heightMax;
  const isKept = isShared && widthMax <= keptSizeMax && heightMax <= keptSizeMax;
  return {
    channels: channelsMax <= 2 ? 1 : 3,
    height: isKept ? heightMax : fittedSize,
    width: isKept ? widthMax : fittedSize,
  };
}

function extentOf(candidates: readonly Candidate[]): Extent {
  const [, , , width, height, channels] = candidates[0]!;
  const extent = {
    widthMin: width,
    widthMax: width,
    heightMin: height,
    heightMax: height,
    channelsMin: channels,
    channelsMax: channels,
  };
  for (const [, , , width, height, channels] of candidates) {
    extent.widthMin = Math.min(extent.widthMin, width);
    extent.widthMax = Math.max(extent.widthMax, width);
    extent.heightMin = Math.min(extent.heightMin, height);
    extent.heightMax = Math.max(extent.heightMax, height);
    extent.channelsMin = Math.min(extent.channelsMin, channels);
    extent.channelsMax = Math.max(extent.channelsMax, channels);
  }
  return extent;
}

function limited(train: Candidate[], limit: number | null, seed: number): Candidate[] {
  if (limit === null || limit >= train.length) return train;
  const classes = byClass(Int32Array.from(train, (one) => one[2]));
  const counts = apportion(
    classes.map((images) => (images.length * limit) / train.length),
    classes.map((images) => images.length),
  );
  const picks = classes.flatMap((images, label) => [
    ...draw(images, counts[label]!, stream(seed, 'limit', label)),
  ]);
  return picks.sort((i, j) => i - j).map((i) => train[i]!);
}

function pack(byPart: readonly Candidate[][]): Pick<Snapshot, 'ranges' | 'hashes' | 'labels'> {
  const all = byPart.flat();
  const hashes = new Uint8Array(all.length * hashBytes);
  all.forEach((one, i) => hashes.set(one[1], i * hashBytes));
  return {
    ranges: rangesOf(byPart.map((items) => items.length)),
    hashes,
    labels: Int32Array.from(all, (one) => one[2]),
  };
}

/** Over a line of JSON with everything but the samples, then all hashes, then all labels as int32. */
export function snapshotHash(frozen: Omit<Snapshot, 'hash'>): SnapshotHash {
  const { classes, shape, resize, ranges, hashes, labels } = frozen;
  const { channels, height, width } = shape;
  const ends = parts.map((part) => ranges[part].end);
  const header = JSON.stringify({ format: 1, classes, channels, height, width, resize, ends });
  const hash = createHash('sha256').update(`${header}\n`).update(hashes);
  // The brand's one maker: a SHA-256 of frozen content.
  return hash.update(littleEndian(labels)).digest('hex') as SnapshotHash;
}

function untrainable(dataset: Dataset, problem: string) {
  return failure('dataset-untrainable', { name: dataset.name, problem });
}
