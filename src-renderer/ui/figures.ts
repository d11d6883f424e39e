/** @file Measured figures as a person reads them. What is not finite is said, never left out. */
import type { Measured, Summary } from '../../src-core/contract/training.ts';

export const absent = '–';

type Format = (value: number) => string;

/** Fixed decimals with a real minus sign; NaN and infinity as such. */
export function fixed(value: number, decimals: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  return value.toFixed(decimals).replace('-', '−');
}

/** A share in percent without its sign: the heading of the column has it. */
export const inPercent: Format = (share) => fixed(100 * share, 2);
export const percentText: Format = (share) => `${inPercent(share)} %`;
export const oneDecimal: Format = (value) => fixed(value, 1);

/** 97 %, not 97.00 %: a chosen round figure. */
export const plainPercent: Format = (share) => `${Number((100 * share).toFixed(2))} %`;

/** Thousands apart, no decimals. */
export const whole: Format = (value) => fixed(value, 0).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** Three digits, small and large numbers by their power of ten. */
export function significant(value: number): string {
  if (!Number.isFinite(value) || value === 0) return fixed(value, 0);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4)
    return value.toExponential(2).replace('+', '').replaceAll('-', '−');
  return fixed(value, Math.max(0, 2 - Math.floor(Math.log10(size))));
}

export const shown = (value: Measured | null | undefined, format: Format): string =>
  value === null || value === undefined ? absent : format(Number(value));

/** Mean ± standard deviation; the mean alone of one value. */
export function spreadText(summary: Summary | null | undefined, format: Format): string {
  if (!summary) return absent;
  const mean = shown(summary.mean, format);
  return summary.sd === null ? mean : `${mean} ± ${shown(summary.sd, format)}`;
}
