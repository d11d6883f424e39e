/**
 * @file Draws the parts of a dataset: training, validation, test.
 *
 * What the source says is kept. Each of validation and test that the source does not have takes a tenth of every
 * class, drawn with a seed; the rest is for training. So a dataset without any split becomes 80/10/10, and one
 * with train and test gets its validation from a tenth of train, with test left alone.
 *
 * A part once drawn stays: images that come later are divided so that the tenths hold again, and none of the
 * earlier ones moves. Only while a part has no image at all does it draw on images that are in training.
 */
import { shuffle, stream } from '../random.ts';
import { partCode } from '../workspace/records.ts';
import type { SplitRequest } from '../workspace/splits.ts';

/** One image in this many of every class goes to validation, and as many to test. */
const heldOutEvery = 10;

/**
 * Deterministic in its arguments, the order of the images included. Unlabeled images keep what they have.
 *
 * @returns uint8 [N] as `partCode`. From a fresh draw, a class has in each part within one of its exact share,
 *   and one image in training at least; the parts' totals are the exact shares, rounded, as far as classes of
 *   one image allow.
 */
export function assignSplits({ labels, current, given, seed }: SplitRequest): Uint8Array {
  const drawn = Uint8Array.from(current);
  const isHeldOut = (code: number): boolean => code > partCode.train;
  // What the source holds out is its own affair: shares are of the images it leaves to training or to us.
  const pools = byClass(labels).map((images) => images.filter((i) => !isHeldOut(given[i]!)));
  const debts = new Float64Array(pools.length);

  for (const part of [partCode.validation, partCode.test]) {
    if (given.includes(part)) continue;
    const mayMove = !current.includes(part);
    const candidates = pools.map((images) =>
      images.filter((i) => drawn[i] === partCode.none || (mayMove && drawn[i] === partCode.train)),
    );
    const needs = pools.map(
      (images) => images.length / heldOutEvery - images.filter((i) => drawn[i] === part).length,
    );
    const room = pools.map((images, label) => {
      const left = images.filter((i) => !isHeldOut(drawn[i]!)).length - 1;
      return Math.max(0, Math.min(candidates[label]!.length, left));
    });
    apportion(needs, room, debts).forEach((count, label) => {
      const random = stream(seed, 'split', part, label);
      for (const i of draw(candidates[label]!, count, random)) drawn[i] = part;
    });
  }
  for (const images of pools)
    for (const i of images) if (drawn[i] === partCode.none) drawn[i] = partCode.train;
  return drawn;
}

/** Image numbers by class index, in order. */
export function byClass(labels: Int32Array): number[][] {
  const classCount = labels.reduce((most, label) => Math.max(most, label + 1), 0);
  const classes: number[][] = Array.from({ length: classCount }, () => []);
  labels.forEach((label, i) => {
    if (label >= 0) classes[label]!.push(i);
  });
  return classes;
}

/**
 * Whole numbers near `needs` whose sum is the rounded sum of `needs`: each is rounded down, and what is then
 * missing goes one by one to those that lost most (largest remainder, ties by position).
 *
 * @param needs  may be negative, which counts as nothing.
 * @param room   the most that each may get.
 * @param debts  what each was left short of in earlier calls, by which they come first now; updated.
 */
export function apportion(
  needs: readonly number[],
  room: readonly number[],
  debts = new Float64Array(needs.length),
): number[] {
  const wanted = needs.map((need) => Math.max(0, need));
  const counts = wanted.map((need, i) => Math.min(Math.floor(need), room[i]!));
  const shortBy = (i: number): number => wanted[i]! - counts[i]! + debts[i]!;
  let missing = Math.round(sum(wanted)) - sum(wanted.map(Math.floor));
  const order = wanted.map((_, i) => i).sort((i, j) => shortBy(j) - shortBy(i) || i - j);
  for (const i of order) {
    if (missing <= 0 || shortBy(i) <= 0) break;
    if (counts[i] === room[i]) continue;
    counts[i]!++;
    missing--;
  }
  counts.forEach((count, i) => (debts[i]! += wanted[i]! - count));
  return counts;
}

/** `count` of `items`, every choice equally likely; a smaller count gives the first of a larger one's. */
export function draw(
  items: readonly number[],
  count: number,
  random: ReturnType<typeof stream>,
): Int32Array {
  const order = Int32Array.from(items);
  shuffle(order, random);
  return order.subarray(0, count);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
