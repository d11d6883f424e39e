/**
 * @file Draws the parts of a dataset anew, in shares of the user's choice: every class in these shares (and the
 * unlabeled as if they were one more), with equal pictures always in the same part, so that nothing of the test is
 * also trained on.
 */
import { shuffle, stream } from '../random.ts';
import { partCode, parts, type Part } from '../workspace/records.ts';
import type { RedrawRequest } from '../workspace/splits.ts';
import { apportion } from './splits.ts';

export type Shares = Readonly<Record<Part, number>>;

/** Images of equal content: their numbers. */
type Group = readonly number[];

/**
 * Deterministic in its arguments, the order of the images included.
 *
 * @param shares  add up to 1.
 * @returns uint8 [N] as `partCode`. Without equal pictures, a class has in each part within one of its exact share.
 */
export function redrawSplits(
  { labels, groups }: RedrawRequest,
  shares: Shares,
  seed: number,
): Uint8Array {
  const drawn = new Uint8Array(labels.length);
  // The largest part takes what rounding leaves.
  const [rest, ...others] = [...parts].sort((a, b) => shares[b] - shares[a]);
  drawn.fill(partCode[rest!]);
  const classes = groupsByClass(labels, groups);
  const sizes = classes.map((all) => all.reduce((sum, group) => sum + group.length, 0));
  const left = [...sizes];
  const quotas = others.map((part) => {
    const counts = apportion(
      sizes.map((size) => size * shares[part]),
      left,
    );
    counts.forEach((count, i) => (left[i]! -= count));
    return { code: partCode[part], counts };
  });
  classes.forEach((all, i) => {
    const random = stream(seed, 'redraw', i);
    for (const at of shuffled(all.length, random)) {
      const group = all[at]!;
      const fitting = quotas.find(({ counts }) => counts[i]! >= group.length);
      if (!fitting) continue;
      fitting.counts[i]! -= group.length;
      for (const image of group) drawn[image] = fitting.code;
    }
  });
  return drawn;
}

/** The groups of each class, the unlabeled first; a group belongs to the class of its first labeled image. */
function groupsByClass(labels: Int32Array, groups: Int32Array): Group[][] {
  const byContent = new Map<number, number[]>();
  groups.forEach((group, i) => {
    const images = byContent.get(group);
    if (images) images.push(i);
    else byContent.set(group, [i]);
  });
  const classCount = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const classes: Group[][] = Array.from({ length: classCount + 1 }, () => []);
  for (const images of byContent.values()) {
    const labeled = images.find((i) => labels[i]! >= 0);
    classes[labeled === undefined ? 0 : labels[labeled]! + 1]!.push(images);
  }
  return classes;
}

function shuffled(count: number, random: ReturnType<typeof stream>): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffle(order, random);
  return order;
}
