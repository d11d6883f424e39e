/** @file A chart in words, for those who cannot see it. */
import type { ChartLine } from './chartLine.ts';

/** More would not be listened to. */
const linesMost = 12;

/** @param xTitle  `step` @param text  of a value */
export function lineSummary(
  lines: readonly ChartLine[],
  xTitle: string,
  text: (value: number) => string,
): string {
  const drawn = lines.filter(({ curve }) => curve.x.length > 0);
  if (drawn.length === 0) return 'No values yet.';
  const sentences = drawn.slice(0, linesMost).map(({ label, part, curve, mean }) => {
    const last = curve.x.length - 1;
    const runs = mean ? `, mean of ${mean.n[0]} runs` : '';
    return `${label}, ${part}${runs}: ${text(curve.y[last]!)} at ${xTitle} ${Math.round(curve.x[last]!)}.`;
  });
  const more = drawn.length - sentences.length;
  return `${sentences.join(' ')}${more > 0 ? ` And ${more} more lines.` : ''}`;
}
