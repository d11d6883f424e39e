/** @file The orders in which images come up for labeling. Those that ask a run are offered while one can be asked. */
import type { ImageFilter, ImageSort } from '../../src-core/contract.ts';

type Order = {
  readonly label: string;
  readonly filter: ImageFilter;
  readonly sort: ImageSort;
  /** It needs what a run predicts. */
  readonly asksRun?: true;
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
  uncertain: {
    label: 'Least certain first',
    filter: {},
    sort: { by: 'confidence', descending: false },
    asksRun: true,
  },
  wrong: {
    label: 'Probably wrong first',
    filter: {},
    sort: { by: 'labelProbability', descending: false },
    asksRun: true,
  },
} satisfies Record<string, Order>;

export type OrderName = keyof typeof orders;
export const orderNames: readonly OrderName[] = [
  ...(['added', 'unlabeled', 'random', 'unsure', 'uncertain', 'wrong'] as const),
];

export const asksRun = (name: OrderName): boolean => 'asksRun' in orders[name];

export function isOrderName(value: unknown): value is OrderName {
  return orderNames.some((name) => name === value);
}
