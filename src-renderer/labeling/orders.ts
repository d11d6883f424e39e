/** @file The orders in which images come up for labeling. Those that ask a model join when there are models. */
import type { ImageFilter, ImageSort } from '../../src-core/contract.ts';

type Order = {
  readonly label: string;
  readonly filter: ImageFilter;
  readonly sort: ImageSort;
};

const asAdded: ImageSort = { by: 'added', descending: false };

export const orders = {
  added: {
    label: 'As is',
    filter: {},
    sort: asAdded,
  },
  unlabeled: {
    label: 'Unlabeled first',
    filter: { classes: [0] },
    sort: asAdded,
  },
  random: {
    label: 'Random',
    filter: {},
    sort: { by: 'random', descending: false },
  },
  unsure: {
    label: 'Unsure',
    filter: { flagged: true },
    sort: asAdded,
  },
} satisfies Record<string, Order>;

export type OrderName = keyof typeof orders;
export const orderNames: readonly OrderName[] = ['added', 'unlabeled', 'random', 'unsure'];

export function isOrderName(value: unknown): value is OrderName {
  return orderNames.some((name) => name === value);
}
