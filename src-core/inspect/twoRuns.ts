/**
 * @file Two trained networks on the same test images, by McNemar's exact test. It is about these two networks: what
 * it says of their activations, one run each cannot carry.
 */
import { mcNemar } from './statistics.ts';

export type Judged = {
  readonly run: string;
  /** For people: `ReLU, seed 1`. */
  readonly title: string;
  /** [N, classes] */
  readonly probabilities: Float32Array;
};

export type TwoRuns = {
  readonly a: string;
  readonly b: string;
  readonly bothRight: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly bothWrong: number;
  readonly p: number;
  readonly text: string;
};

/** The usual level; the intervals of a comparison have the same. */
const level = 0.05;

/** @param labels [N] */
export function twoRuns(a: Judged, b: Judged, labels: Int32Array): TwoRuns {
  const said = [a, b].map(({ probabilities }) => classesOf(probabilities, labels.length));
  const [first, second] = said as [Int32Array, Int32Array];
  const { onlyFirst: onlyA, onlySecond: onlyB, p } = mcNemar(first, second, labels);
  const bothRight = first.reduce((sum, c, n) => sum + (c === labels[n] ? 1 : 0), 0) - onlyA;
  const bothWrong = labels.length - bothRight - onlyA - onlyB;
  const counts = { bothRight, onlyA, onlyB, bothWrong, p };
  return { a: a.run, b: b.run, ...counts, text: sentence(a, b, counts, labels.length) };
}

/** Most probable classes; −1, which is no class, where nothing is a number. */
function classesOf(probabilities: Float32Array, samples: number): Int32Array {
  const classes = probabilities.length / samples;
  const said = new Int32Array(samples);
  for (let n = 0; n < samples; n++) {
    let best = -1;
    for (let k = 0; k < classes; k++) {
      const value = probabilities[n * classes + k]!;
      if (value > (best < 0 ? -Infinity : probabilities[n * classes + best]!)) best = k;
    }
    said[n] = best;
  }
  return said;
}

function sentence(
  a: Judged,
  b: Judged,
  { onlyA, onlyB, p }: Pick<TwoRuns, 'onlyA' | 'onlyB' | 'p'>,
  samples: number,
): string {
  const of = `Of the same ${samples.toLocaleString('en-US')} test images`;
  const alone = `${a.title} (${a.run}) alone got ${onlyA} right and ${b.title} (${b.run}) alone ${onlyB}`;
  if (onlyA + onlyB === 0) return `${of}, both runs got the same ones right.`;
  const figures = `${of}, ${alone} (exact McNemar test, p ${shownP(p)})`;
  if (p >= level) return `${figures}: these two networks cannot be told apart.`;
  const better = onlyA > onlyB ? a : b;
  return `${figures}: ${better.run} is the better of these two networks; one run each says nothing about the activations in general.`;
}

/** Never rounded across the level. */
function shownP(p: number): string {
  if (p < 0.001) return '< 0.001';
  const rounded = p.toFixed(3);
  return Number(rounded) < level === p < level ? `= ${rounded}` : `= ${p.toPrecision(6)}`;
}
