/** @file The pairs of a comparison as they are shown: in which order, and against which activation. */
import type { Comparison, ComparisonPair } from '../../src-core/contract/training.ts';
import type { ForestRow } from '../figures/forestPlot.ts';

export type ShownPair = Omit<ComparisonPair, 'seeds'> & {
  readonly seeds: readonly number[];
  readonly titleA: string;
  readonly titleB: string;
};

/**
 * The sentences that tell most come first: the activation with the best mean against the second best, the third and so
 * on, then the second against those below it. Without test accuracies the order stays.
 */
export function informativeFirst({ groups, pairs }: Comparison): readonly ComparisonPair[] {
  const ranked = groups.toSorted((a, b) => meanOf(b) - meanOf(a));
  const rank = new Map(ranked.map(({ activation }, i) => [activation, i]));
  const ranksOf = ({ a, b }: ComparisonPair): [number, number] => {
    const [x, y] = [rank.get(a) ?? 0, rank.get(b) ?? 0];
    return [Math.min(x, y), Math.max(x, y)];
  };
  return pairs.toSorted((p, q) => {
    const [[p1, p2], [q1, q2]] = [ranksOf(p), ranksOf(q)];
    return p1 - q1 || p2 - q2;
  });
}

function meanOf({ testAccuracy }: Comparison['groups'][number]): number {
  const mean = testAccuracy === null ? NaN : Number(testAccuracy.mean);
  return Number.isNaN(mean) ? -1 : mean;
}

/** Few pairs are shown all; of many, those of the first activation. */
export const defaultBaseline = (comparison: Comparison | null): string | null =>
  comparison === null || comparison.groups.length <= 3
    ? null
    : (comparison.groups[0]?.activation ?? null);

/** @param baseline  null: all pairs as they are; else only its own, as the other one minus it */
export function pairsAgainst(
  { groups, pairs }: Comparison,
  baseline: string | null,
): readonly ShownPair[] {
  const titles = new Map(groups.map(({ activation, title }) => [activation, title]));
  const shown = pairs
    .filter(({ a, b }) => baseline === null || a === baseline || b === baseline)
    .map((pair) => (pair.a === baseline ? turned(pair) : pair))
    .map((pair) => ({
      ...pair,
      titleA: titles.get(pair.a) ?? pair.a,
      titleB: titles.get(pair.b) ?? pair.b,
    }));
  return shown.toSorted((p, q) => (q.difference ?? -Infinity) - (p.difference ?? -Infinity));
}

/** b − a instead of a − b: the sentence holds either way. */
function turned(pair: ComparisonPair): ComparisonPair {
  const { a, b, difference, ci95 } = pair;
  return {
    ...pair,
    a: b,
    b: a,
    difference: difference === null ? null : 0 - difference,
    ci95: ci95 && [0 - ci95[1], 0 - ci95[0]],
  };
}

/** Those that have a difference. */
export const forestRows = (pairs: readonly ShownPair[]): readonly ForestRow[] =>
  pairs.flatMap(({ a, titleA, titleB, difference, ci95, seeds, text }) =>
    difference === null
      ? []
      : [
          {
            name: `${titleA} − ${titleB}`,
            activation: a,
            difference,
            ci95,
            seeds: seeds.length,
            text,
          },
        ],
  );
