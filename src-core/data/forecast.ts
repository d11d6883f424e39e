/**
 * @file What freezing a dataset would come to, without freezing it: which images in which part, of which shape.
 * A test holds it to what `freezeSnapshot` then does.
 */
import type { ImageShape } from '../model/spec.ts';
import { partCode, parts, type DatasetId, type Part } from '../workspace/records.ts';
import type { CandidateGroup, Extent } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { shapeFor } from './snapshot.ts';
import { assignSplits } from './splits.ts';

export type Forecast = {
  /** Labeled images in each part; training before any limit. */
  readonly images: Readonly<Record<Part, number>>;
  readonly unlabeled: number;
  readonly classes: readonly string[];
  /** Training images of each class. */
  readonly trainByClass: readonly number[];
  /** Null: there are no images. */
  readonly shape: ImageShape | null;
};

/**
 * Counts every image, so it is worth keeping.
 *
 * @param extent of the labeled images, or of all where none is labeled; null: there are no images.
 */
export function forecastSnapshot(
  workspace: Workspace,
  dataset: DatasetId,
  extent: Extent | null,
): Forecast {
  const classes = workspace.datasets.classes(dataset).map(({ name }) => name);
  const groups = workspace.snapshots.groups(dataset);
  const unlabeled = groups.filter(({ label }) => label === null);
  const preview = workspace.splits.preview(dataset, assignSplits);
  const counts = preview ? drawnCounts(preview, classes.length) : storedCounts(groups, classes);
  const total = (part: Part): number => counts[part].reduce((sum, count) => sum + count, 0);
  return {
    images: { train: total('train'), validation: total('validation'), test: total('test') },
    unlabeled: unlabeled.reduce((sum, { count }) => sum + count, 0),
    classes,
    trainByClass: counts.train,
    shape: extent && shapeFor(extent),
  };
}

type Counts = Readonly<Record<Part, number[]>>;

function emptyCounts(classCount: number): Counts {
  const zeros = (): number[] => Array<number>(classCount).fill(0);
  return { train: zeros(), validation: zeros(), test: zeros() };
}

function storedCounts(groups: readonly CandidateGroup[], classes: readonly string[]): Counts {
  const counts = emptyCounts(classes.length);
  for (const { label, part, count } of groups)
    if (label !== null && part !== null) counts[part][label]! += count;
  return counts;
}

function drawnCounts(
  drawn: { readonly labels: Int32Array; readonly parts: Uint8Array },
  classCount: number,
): Counts {
  const counts = emptyCounts(classCount);
  drawn.labels.forEach((label, i) => {
    const part = parts[drawn.parts[i]! - partCode.train];
    if (label >= 0 && part) counts[part][label]!++;
  });
  return counts;
}

/** Pictures read between two looks at what else there is to do: about 10 ms. */
const sliceImages = 10_000;

/** The extent of a dataset's images in steps of some milliseconds, for whoever wants to pause between them. */
export function* extentInSteps(
  workspace: Workspace,
  dataset: DatasetId,
  of: 'labeled' | 'all',
): Generator<undefined, Extent | null> {
  let whole: Extent | null = null;
  for (let after = 0; ;) {
    const slice = workspace.snapshots.extent(dataset, of, after, sliceImages);
    if (!slice) return whole;
    whole = whole ? joined(whole, slice) : slice;
    if (slice.count < sliceImages) return whole;
    after = slice.lastId;
    yield;
  }
}

/** Then it is the extent of any part of the images, too. */
export function isUniform(extent: Extent): boolean {
  const { widthMin, widthMax, heightMin, heightMax, channelsMin, channelsMax } = extent;
  return widthMin === widthMax && heightMin === heightMax && channelsMin === channelsMax;
}

function joined(a: Extent, b: Extent): Extent {
  return {
    widthMin: Math.min(a.widthMin, b.widthMin),
    widthMax: Math.max(a.widthMax, b.widthMax),
    heightMin: Math.min(a.heightMin, b.heightMin),
    heightMax: Math.max(a.heightMax, b.heightMax),
    channelsMin: Math.min(a.channelsMin, b.channelsMin),
    channelsMax: Math.max(a.channelsMax, b.channelsMax),
  };
}
