/** @file The columns of the table of datasets, and its order. */
import type { DatasetInfo } from '../../src-core/contract.ts';

export const columns = [
  { by: 'name', title: 'Name', isNumber: false },
  { by: 'images', title: 'Images', isNumber: true },
  { by: 'unlabeled', title: 'Unlabeled', isNumber: true },
  { by: 'created', title: 'Created', isNumber: true },
] as const;
export type SortBy = (typeof columns)[number]['by'];

/** With fewer datasets, looking is faster than searching. */
export const searchedFrom = 8;

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

const compare: Record<SortBy, (a: DatasetInfo, b: DatasetInfo) => number> = {
  name: (a, b) => byName.compare(a.name, b.name),
  images: (a, b) => a.images - b.images,
  unlabeled: (a, b) => a.unlabeled - b.unlabeled,
  created: (a, b) => a.createdAt - b.createdAt || a.id - b.id,
};

export function inOrder(
  datasets: readonly DatasetInfo[],
  by: SortBy,
  isDescending: boolean,
): readonly DatasetInfo[] {
  const sign = isDescending ? -1 : 1;
  return datasets.toSorted((a, b) => sign * compare[by](a, b) || byName.compare(a.name, b.name));
}
