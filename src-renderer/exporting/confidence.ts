/** @file What is chosen of the confidence of exported networks, and what comes of it, in words and figures. */
import type {
  Coverage,
  ExportedRun,
  ExportSettings,
  PartConfidence,
} from '../../src-core/contract/exporting.ts';
import type { Measured } from '../../src-core/contract/training.ts';

type StoredConfidence = NonNullable<ExportedRun['confidence']>;
type Choice = Pick<ExportSettings, 'temperature' | 'unsureBelow'>;

/** `as trained`, or `calibrated, unsure below 80 %`. */
export function confidenceText({ temperature, unsureBelow }: Choice): string {
  const said = temperature ? 'calibrated' : 'as trained';
  return unsureBelow === null ? said : `${said}, unsure below ${Math.round(100 * unsureBelow)} %`;
}

/** The same of an export that was made: `calibrated by 1.234`. */
export function storedText({ temperature, unsureBelow }: StoredConfidence): string {
  const choice = confidenceText({ temperature: temperature !== null, unsureBelow });
  return temperature === null
    ? choice
    : choice.replace('calibrated', `calibrated by ${temperature.toFixed(3)}`);
}

/** What each threshold leaves, as chosen. */
export const coverageOf = (part: PartConfidence, { temperature }: Choice): readonly Coverage[] =>
  temperature && part.after ? part.after : part.before;

/** `97.3 %`; NaN and infinity as they are; null is nothing to divide by. */
export function shareText(share: Measured | null): string {
  if (share === null) return '–';
  return typeof share === 'number' ? `${(100 * share).toFixed(1)} %` : share;
}
