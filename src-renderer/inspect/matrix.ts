/**
 * @file A confusion matrix as it is drawn: sizes, strength of color, and every cell in words. Rows are labels, columns
 * predictions.
 */
import { countText, plural } from '../ui/format.ts';

export type Cell = { readonly label: number; readonly predicted: number };
export type MatrixMode = 'counts' | 'rates';

/** What is drawn, in CSS px. */
export type MatrixGeometry = {
  /** Side of a cell. */
  readonly cell: number;
  /** Room for names of rows, and for those of columns above. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Every so manieth class has its name beside it. */
  readonly nameStep: number;
};

/** Smaller cells cannot be hit; then the matrix scrolls. */
const cellMin = 4;
const cellMax = 56;
/** From here on there is room for a number in a cell. */
export const numberCellMin = 26;
/** px between two names that can be told apart. */
const nameHeight = 14;
const nameWidthMax = 96;
const charWidth = 6.6;

export function matrixGeometry(classes: readonly string[], room: number): MatrixGeometry {
  const K = Math.max(1, classes.length);
  const longest = classes.reduce((most, { length }) => Math.max(most, length), 1);
  const left = Math.min(nameWidthMax, Math.ceil(longest * charWidth) + 12);
  const top = Math.min(nameWidthMax, longest <= 3 ? 22 : left);
  const whole = Math.floor((room - left - 2) / K);
  const cell = Math.min(cellMax, Math.max(cellMin, whole));
  return {
    ...{ cell, left, top },
    width: left + K * cell + 2,
    height: top + K * cell + 2,
    nameStep: Math.max(1, Math.ceil(nameHeight / cell)),
  };
}

/** A point of the drawing, or how far it is scrolled, in CSS px. */
export type Point = { readonly x: number; readonly y: number };

/** The cell at a point of the drawing; null: beside it, or under the names, which stay in sight. */
export function cellAt(
  { cell, left, top }: MatrixGeometry,
  K: number,
  { x, y }: Point,
  scroll: Point,
): Cell | null {
  if (x - scroll.x < left || y - scroll.y < top) return null;
  const [label, predicted] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
  const isInside = label >= 0 && label < K && predicted >= 0 && predicted < K;
  return isInside ? { label, predicted } : null;
}

export const countAt = (confusion: Counts, { label, predicted }: Cell): number =>
  confusion[label]?.[predicted] ?? 0;

type Counts = readonly (readonly number[])[];

/** Share of a label's images; null: it has none. */
function rateAt(confusion: Counts, cell: Cell): number | null {
  const support = (confusion[cell.label] ?? []).reduce((sum, count) => sum + count, 0);
  return support === 0 ? null : countAt(confusion, cell) / support;
}

/**
 * How strongly a cell is colored, 0 … 1: the root of its share, so that one mistake of a hundred is seen; never so
 * strongly that its number cannot be read on it.
 */
export function strengthOf(rate: number | null): number {
  return rate === null || rate === 0 ? 0 : 0.06 + 0.44 * Math.sqrt(rate);
}

/** `7`, or `12 %`; nothing for an empty cell. */
export function cellText(confusion: Counts, cell: Cell, mode: MatrixMode): string {
  const count = countAt(confusion, cell);
  if (count === 0) return '';
  if (mode === 'counts') return countText(count);
  const percent = 100 * (rateAt(confusion, cell) ?? 0);
  return percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1);
}

/** `labeled 4, predicted 9: 7 images, 12.1 % of those labeled 4` */
export function cellWords(classes: readonly string[], confusion: Counts, cell: Cell): string {
  const label = classes[cell.label] ?? '';
  const rate = rateAt(confusion, cell);
  const share = rate === null ? '' : `, ${(100 * rate).toFixed(1)} % of those labeled ${label}`;
  const count = plural(countAt(confusion, cell), 'image');
  return `labeled ${label}, predicted ${classes[cell.predicted] ?? ''}: ${count}${share}`;
}

export const isRight = ({ label, predicted }: Cell): boolean => label === predicted;

/** The confusions that happen most, the most frequent first. */
export function worstCells(confusion: Counts, most: number): (Cell & { readonly count: number })[] {
  return confusion
    .flatMap((row, label) =>
      row.flatMap((count, predicted) =>
        count > 0 && label !== predicted ? [{ label, predicted, count }] : [],
      ),
    )
    .sort((a, b) => b.count - a.count || a.label - b.label || a.predicted - b.predicted)
    .slice(0, most);
}

/** Where a key leads from a cell; null: the key does not move. */
export function movedCell({ label, predicted }: Cell, K: number, key: string): Cell | null {
  const within = (value: number): number => Math.min(K - 1, Math.max(0, value));
  switch (key) {
    case 'ArrowLeft':
      return { label, predicted: within(predicted - 1) };
    case 'ArrowRight':
      return { label, predicted: within(predicted + 1) };
    case 'ArrowUp':
      return { label: within(label - 1), predicted };
    case 'ArrowDown':
      return { label: within(label + 1), predicted };
    case 'Home':
      return { label, predicted: 0 };
    case 'End':
      return { label, predicted: K - 1 };
    case 'PageUp':
      return { label: within(label - 10), predicted };
    case 'PageDown':
      return { label: within(label + 10), predicted };
    default:
      return null;
  }
}

/** What became better and worse between two judgments of the same images, by class. */
export type ClassChange = {
  readonly name: string;
  readonly support: number;
  readonly before: number | null;
  readonly after: number | null;
};

type Judged = {
  readonly classes: readonly string[];
  readonly perClass: readonly { readonly support: number; readonly recall: unknown }[];
};

/** Recall of each class that both know, the largest change first. */
export function classChanges(before: Judged, after: Judged): ClassChange[] {
  const share = (value: unknown): number | null =>
    value === null || value === undefined ? null : Number(value);
  return before.classes
    .flatMap((name, k): ClassChange[] => {
      const other = after.classes.indexOf(name);
      const [was, is] = [before.perClass[k], after.perClass[other]];
      if (!was || !is) return [];
      return [{ name, support: was.support, before: share(was.recall), after: share(is.recall) }];
    })
    .sort((a, b) => Math.abs(gain(b) ?? 0) - Math.abs(gain(a) ?? 0));
}

/** Null: one of the two is not known. */
export const gain = ({ before, after }: Pick<ClassChange, 'before' | 'after'>): number | null =>
  before === null || after === null ? null : after - before;
