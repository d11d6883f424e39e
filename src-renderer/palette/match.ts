/** @file Which commands a typed text means: every word must begin a word of the title, or stand inside it. */

/** Higher fits better; null: not meant. */
export function matchScore(title: string, text: string): number | null {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const where = title.toLowerCase();
  const scores = words.map((word) => wordScore(where, word));
  return scores.includes(0) ? null : scores.reduce((sum, score) => sum + score, 0);
}

function wordScore(title: string, word: string): number {
  if (title.startsWith(word)) return 3;
  if (title.includes(` ${word}`)) return 2;
  return title.includes(word) ? 1 : 0;
}

/** Those that are meant, the best first, otherwise in their order. */
export function matching<T extends { readonly title: string }>(
  items: readonly T[],
  text: string,
): readonly T[] {
  return items
    .map((item) => ({ item, score: matchScore(item.title, text) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
    .map(({ item }) => item);
}
