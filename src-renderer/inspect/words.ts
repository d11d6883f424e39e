/** @file Shares and differences as a person reads them in this view. */
import type { Measured } from '../../src-core/contract/training.ts';
import { absent, fixed } from '../ui/figures.ts';

/** `98.1 %` of a share; `100 %` only when it is all. */
export function percentOf(share: Measured | null | undefined): string {
  if (share === null || share === undefined) return absent;
  const percent = 100 * Number(share);
  const shown = percent > 99.9 && percent < 100 ? 99.9 : percent;
  return `${fixed(shown, shown === 100 || shown === 0 ? 0 : 1)} %`;
}

/** `+1.2 points`, of a difference of shares. */
export function pointsOf(difference: number | null): string {
  if (difference === null) return absent;
  const points = 100 * difference;
  const sign = points > 0 ? '+' : '';
  return `${sign}${fixed(points, 1)}`;
}
