/** @file Which images are chosen: some by id, or all of the view. Plain values: a change makes a new one. */
import type { ImageFilter, Target } from '../../src-core/contract.ts';

/** Most images chosen by id: what the contract takes. More are chosen as a whole view. */
export const chosenMax = 100_000;

export type Selection =
  | {
      readonly kind: 'images';
      readonly ids: ReadonlySet<number>;
      /** What was chosen before the range that is being drawn from the anchor. */
      readonly base: ReadonlySet<number>;
      /** Position a range starts from. */
      readonly anchor: number;
    }
  | { readonly kind: 'view' };

export const nothing: Selection = { kind: 'images', ids: new Set(), base: new Set(), anchor: 0 };
export const everything: Selection = { kind: 'view' };

export function isChosen(selection: Selection, id: number): boolean {
  return selection.kind === 'view' || selection.ids.has(id);
}

/** @param viewCount  images in the view */
export function chosenCount(selection: Selection, viewCount: number): number {
  return selection.kind === 'view' ? viewCount : selection.ids.size;
}

/** Adds an image or takes it out. Out of a whole view, nothing but that image stays. */
export function toggled(selection: Selection, id: number, position: number): Selection {
  const ids = new Set(selection.kind === 'view' ? [] : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { kind: 'images', ids, base: ids, anchor: position };
}

/** A new starting point for ranges, without choosing anything. */
export function anchored(selection: Selection, position: number): Selection {
  if (selection.kind === 'view') return selection;
  return { ...selection, base: selection.ids, anchor: position };
}

/** The images between the anchor and another position, beside what was chosen before. Null: too many. */
export function extended(selection: Selection, range: readonly number[]): Selection | null {
  if (selection.kind === 'view') return selection;
  const ids = new Set([...selection.base, ...range]);
  return ids.size > chosenMax ? null : { ...selection, ids };
}

export function chosen(ids: readonly number[]): Selection {
  const set = new Set(ids);
  return { kind: 'images', ids: set, base: set, anchor: 0 };
}

/** What an action is about: the selection, else the whole view. */
export function targetOf(selection: Selection, view: string): Target {
  if (selection.kind === 'view' || selection.ids.size === 0) return { kind: 'view', view };
  return { kind: 'images', ids: [...selection.ids] };
}

export type Change = 'label' | 'part' | 'flag' | 'remove';

/** Whether changed images may leave the view: then the selection ends, since it would be out of sight. */
export function mayLeave(filter: ImageFilter, change: Change): boolean {
  switch (change) {
    case 'label':
      return filter.classes !== undefined || filter.origins !== undefined;
    case 'part':
      return filter.parts !== undefined;
    case 'flag':
      return filter.flagged !== undefined;
    case 'remove':
      return true;
    default:
      return change satisfies never;
  }
}
