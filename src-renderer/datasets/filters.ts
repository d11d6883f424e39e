/** @file Conditions on images as the sidebar edits them: one table of sorts, and filters as plain values. */
import { z } from 'zod';
import { ImageFilter, ImageSort } from '../../src-core/contract.ts';

/** What a dataset's filters are stored as. */
export const SavedFilter = z.object({
  name: z.string().trim().min(1).max(120),
  filter: ImageFilter,
  sort: ImageSort,
});
export type SavedFilter = z.infer<typeof SavedFilter>;
/** More would not fit beside the grid. */
export const savedFiltersMax = 50;
export const SavedFilters = z.array(SavedFilter).max(savedFiltersMax);

export const sorts = {
  added: { title: 'Order added' },
  name: { title: 'Name' },
  class: { title: 'Class' },
  labeled: { title: 'Last labeled' },
  random: { title: 'Random' },
  confidence: { title: 'Least certain', ofModel: true },
  labelProbability: { title: 'Probably wrong', ofModel: true },
} as const satisfies Record<ImageSort['by'], { title: string; ofModel?: true }>;

/** Orders that ask a model are there while one predicts. */
export const isOfModel = (by: ImageSort['by']): boolean => 'ofModel' in sorts[by];

export const firstSort: ImageSort = { by: 'added', descending: false };

/** Class of images without a label in a filter. */
export const unlabeledClass = 0;

type ListKey = 'classes' | 'parts' | 'origins' | 'predicted';
type Item<K extends ListKey> = NonNullable<ImageFilter[K]>[number];

/** Adds a value to a condition or takes it out; an empty condition is none. */
export function withToggled<K extends ListKey>(
  filter: ImageFilter,
  key: K,
  value: Item<K>,
): ImageFilter {
  const { [key]: before, ...rest } = filter;
  const list: readonly Item<K>[] = before ?? [];
  const next = list.includes(value) ? list.filter((each) => each !== value) : [...list, value];
  return next.length === 0 ? rest : { ...rest, [key]: next };
}

/** One value of a condition alone; again: no condition. */
export function withOnly<K extends ListKey>(
  filter: ImageFilter,
  key: K,
  value: Item<K>,
): ImageFilter {
  const { [key]: before, ...rest } = filter;
  const list: readonly Item<K>[] = before ?? [];
  return list.length === 1 && list[0] === value ? rest : { ...rest, [key]: [value] };
}

export function withFlag(
  filter: ImageFilter,
  key: 'flagged' | 'duplicate' | 'wrong',
  on: boolean,
): ImageFilter {
  const { [key]: _before, ...rest } = filter;
  return on ? { ...rest, [key]: true } : rest;
}

export function withText(filter: ImageFilter, text: string): ImageFilter {
  const { text: _before, ...rest } = filter;
  return text.trim() === '' ? rest : { ...rest, text: text.trim() };
}

/** Shares 0 … 1; all of them is no condition. */
export function withConfidence(
  filter: ImageFilter,
  { min, max }: NonNullable<ImageFilter['confidence']>,
): ImageFilter {
  const { confidence: _before, ...rest } = filter;
  const [low, high] = [Math.min(min, max), Math.max(min, max)];
  return low <= 0 && high >= 1 ? rest : { ...rest, confidence: { min: low, max: high } };
}

/** As the core is asked: conditions on predictions hold only while a run predicts. */
export function withPredictions(filter: ImageFilter, evaluation: string | null): ImageFilter {
  const { evaluation: _e, predicted: _p, wrong: _w, confidence: _c, ...rest } = filter;
  return evaluation === null ? rest : { ...filter, evaluation };
}

/** A run that predicts leaves no image out by itself. */
export const isFiltered = (filter: ImageFilter): boolean =>
  Object.keys(filter).some((key) => key !== 'evaluation');

/** Without classes that are gone. */
export function withKnownClasses(filter: ImageFilter, known: readonly number[]): ImageFilter {
  const { classes, predicted, ...rest } = filter;
  const left = (ids: readonly number[] | undefined): number[] =>
    ids?.filter((id) => id === unlabeledClass || known.includes(id)) ?? [];
  return {
    ...rest,
    ...(left(classes).length > 0 && { classes: left(classes) }),
    ...(left(predicted).length > 0 && { predicted: left(predicted) }),
  };
}

export function sameFilter(a: SavedFilter['filter'], b: SavedFilter['filter']): boolean {
  return JSON.stringify(sortedKeys(a)) === JSON.stringify(sortedKeys(b));
}

function sortedKeys(filter: ImageFilter): unknown {
  return Object.entries(filter)
    .map(
      ([key, value]) =>
        [key, Array.isArray(value) ? [...value].map(String).sort() : value] as const,
    )
    .sort(([a], [b]) => a.localeCompare(b));
}
