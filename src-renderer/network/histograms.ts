/** @file Histograms over epochs as ridges: one line per epoch, the newest in front. */
import type { Histograms } from '../../src-core/contract/inspecting.ts';

export type Series = Histograms['series'][number];
export type Ridge = { readonly epoch: number; readonly base: number; readonly path: string };

/** The largest share of a bin that is drawn at full height; a bin that holds everything must not flatten the rest. */
const rise = 2.6;

/**
 * @param width, height  px of all ridges together
 * @returns from the oldest, which lies farthest back and highest, to the newest
 */
export function ridgesOf({ epochs }: Series, width: number, height: number): Ridge[] {
  const drawn = epochs.map(({ epoch, counts }) => ({ epoch, counts: coarser(counts) }));
  const most = Math.max(1, ...drawn.map(({ counts }) => Math.max(...counts)));
  const step = height / (epochs.length + rise);
  const reach = epochs.length === 1 ? height * 0.8 : step * rise;
  return drawn.map(({ epoch, counts }, i) => {
    const base = height - (epochs.length - 1 - i) * step;
    const at = (count: number): number => base - reach * Math.sqrt(count / most);
    const points = counts.map((count, bin) => {
      const x = ((bin + 0.5) / counts.length) * width;
      return `${x.toFixed(1)} ${at(count).toFixed(1)}`;
    });
    return { epoch, base, path: `M 0 ${base} L ${points.join(' L ')} L ${width} ${base} Z` };
  });
}

/** Fewer values than these make a comb of narrow bins. */
const valuesFew = 1000;

function coarser(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total >= valuesFew) return counts;
  return Array.from(
    { length: Math.ceil(counts.length / 2) },
    (_, i) => (counts[2 * i] ?? 0) + (counts[2 * i + 1] ?? 0),
  );
}
