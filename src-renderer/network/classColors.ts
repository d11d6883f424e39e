/** @file The color of each class on a map: that of the dataset's class of the same name, else one of its own. */
import type { ClassInfo } from '../../src-core/contract.ts';

/** For classes that the dataset has no more. */
const spare = [
  '#4477aa',
  '#ee6677',
  '#228833',
  '#ccbb44',
  '#66ccee',
  '#aa3377',
  '#bbbbbb',
] as const;

export function classColors(
  names: readonly string[],
  classes: readonly Pick<ClassInfo, 'name' | 'color'>[],
): readonly string[] {
  return names.map(
    (name, i) =>
      classes.find((each) => each.name === name)?.color ?? spare[i % spare.length] ?? '#888888',
  );
}
