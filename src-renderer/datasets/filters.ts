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

/** Orders by predictions need an evaluation: they are offered where one is open. */
type PlainSort = Exclude<ImageSort['by'], 'confidence' | 'labelProbability'>;

export const sorts = {
  added: { title: 'Order added' },
  name: { title: 'Name' },
  class: { title: 'Class' },
  labeled: { title: 'Last labeled' },
  random: { title: 'Random' },
} as const satisfies Record<PlainSort, { title: string }>;

export const firstSort: ImageSort = { by: 'added', descending: false };

/** Class of images without a label in a filter. */
export const unlabeledClass = 0;

type ListKey = 'classes' | 'parts' | 'origins';
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
  key: 'flagged' | 'duplicate',
  on: boolean,
): ImageFilter {
  const { [key]: _before, ...rest } = filter;
  return on ? { ...rest, [key]: true } : rest;
}

export function withText(filter: ImageFilter, text: string): ImageFilter {
  const { text: _before, ...rest } = filter;
  return text.trim() === '' ? rest : { ...rest, text: text.trim() };
}

export const isFiltered = (filter: ImageFilter): boolean => Object.keys(filter).length > 0;

/** Without classes that are gone. */
export function withKnownClasses(filter: ImageFilter, known: readonly number[]): ImageFilter {
  if (!filter.classes) return filter;
  const { classes, ...rest } = filter;
  const left = classes.filter((id) => id === unlabeledClass || known.includes(id));
  return left.length === 0 ? rest : { ...rest, classes: left };
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
