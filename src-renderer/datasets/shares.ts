/** @file Shares of train, validation and test in whole per cent, which always add up to 100. */
import type { Part } from '../../src-core/contract.ts';

export type Shares = Readonly<Record<Part, number>>;
export const partNames = ['train', 'validation', 'test'] as const satisfies readonly Part[];
export const usualShares: Shares = { train: 80, validation: 10, test: 10 };

/** One share changed; the others give or take in proportion to what they have. */
export function withShare(shares: Shares, part: Part, value: number): Shares {
  const [a, b] = partNames.filter((each) => each !== part) as [Part, Part];
  const left = 100 - value;
  const both = shares[a] + shares[b];
  const first = both === 0 ? Math.round(left / 2) : Math.round((left * shares[a]) / both);
  return { ...shares, [part]: value, [a]: first, [b]: left - first };
}
