/** @file Where two models differ: the same images, judged by both. */
import type { Disagreement } from '../contract/inspecting.ts';
import { failure } from '../errors.ts';
import { measured, type KeptEvaluation } from './evaluations.ts';

type Split = {
  readonly samples: number;
  readonly bothRight: number;
  readonly onlyA: Int32Array;
  readonly onlyB: Int32Array;
  readonly bothWrong: Int32Array;
  readonly perClass: Disagreement['perClass'];
};

/** Classes are compared by name: two models need not have the same ones in the same order. */
export function disagreement(a: KeptEvaluation, b: KeptEvaluation): Split {
  const rowOfB = new Map<number, number>();
  b.images.forEach((image, row) => {
    if (image > 0 && b.labels[row]! >= 0) rowOfB.set(image, row);
  });
  const found = { onlyA: [] as number[], onlyB: [] as number[], bothWrong: [] as number[] };
  const counts = a.classes.map(() => ({ support: 0, a: 0, b: 0 }));
  let bothRight = 0;
  let samples = 0;
  a.images.forEach((image, row) => {
    const label = a.labels[row]!;
    const other = rowOfB.get(image);
    if (label < 0 || other === undefined) return;
    samples++;
    const name = a.classes[label]!;
    const isRightA = a.predicted[row] === label;
    const isRightB = b.classes[b.predicted[other]!] === name;
    const count = counts[label]!;
    count.support++;
    if (isRightA) count.a++;
    if (isRightB) count.b++;
    if (isRightA && isRightB) bothRight++;
    else if (isRightA) found.onlyA.push(image);
    else if (isRightB) found.onlyB.push(image);
    else found.bothWrong.push(image);
  });
  if (samples === 0) throw failure('evaluations-apart', undefined);
  return {
    samples,
    bothRight,
    onlyA: Int32Array.from(found.onlyA),
    onlyB: Int32Array.from(found.onlyB),
    bothWrong: Int32Array.from(found.bothWrong),
    perClass: counts.map(({ support, ...right }, k) => ({
      name: a.classes[k]!,
      support,
      a: support === 0 ? null : measured(right.a / support),
      b: support === 0 ? null : measured(right.b / support),
    })),
  };
}
