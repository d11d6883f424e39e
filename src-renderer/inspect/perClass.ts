/** @file The table of classes: its rows, and their order. */
import type { EvaluationInfo } from '../../src-core/contract/inspecting.ts';
import type { Compared } from './subject.ts';

export type ClassColumn =
  'position' | 'precision' | 'recall' | 'f1' | 'support' | 'other' | 'difference';
/** Shares 0 … 1; null: nothing to divide by. */
export type ClassRow = { readonly name: string } & Readonly<
  Record<Exclude<ClassColumn, 'position' | 'support'>, number | null>
> & { readonly position: number; readonly support: number };
export type ClassOrder = { readonly by: ClassColumn; readonly isDescending: boolean };

/** What the network does worst stands first. */
export const firstOrder: ClassOrder = { by: 'f1', isDescending: false };

const share = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value);

export function tableRows(
  { classes, perClass }: Pick<EvaluationInfo, 'classes' | 'perClass'>,
  compared: Pick<Compared, 'disagreement'> | null,
): ClassRow[] {
  const others = new Map(
    compared?.disagreement.perClass.map(({ name, a, b }) => [name, { a: share(a), b: share(b) }]),
  );
  return classes.map((name, position) => {
    const figures = perClass[position];
    const both = others.get(name) ?? { a: null, b: null };
    return {
      name,
      position,
      support: figures?.support ?? 0,
      precision: share(figures?.precision),
      recall: share(figures?.recall),
      f1: share(figures?.f1),
      other: both.b,
      difference: both.a === null || both.b === null ? null : both.a - both.b,
    };
  });
}

/** What is not known comes last in either direction. */
export function sortedRows(
  rows: readonly ClassRow[],
  { by, isDescending }: ClassOrder,
): readonly ClassRow[] {
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]];
    const isMissingX = x === null || Number.isNaN(x);
    const isMissingY = y === null || Number.isNaN(y);
    if (isMissingX || isMissingY) return Number(isMissingX) - Number(isMissingY);
    return sign * (x - y) || a.position - b.position;
  });
}
