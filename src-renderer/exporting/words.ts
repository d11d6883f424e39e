/** @file What is said of an export: what was found out about its files, and how large they are. */
import type {
  ExportedRun,
  ExportFormats,
  Verification,
} from '../../src-core/contract/exporting.ts';
import { bytesText, countText, plural } from '../ui/format.ts';

/** `good`: compared, and the same; `plain`: nothing is wrong, and less is known. */
export type Finding = { readonly tone: 'good' | 'plain'; readonly text: string };

export function findingOf({
  verified,
  pruning,
}: Pick<ExportedRun, 'verified' | 'pruning'>): Finding {
  const finding = foundIn(verified);
  if (!pruning) return finding;
  const { before, after } = pruning.accuracy;
  // A pruned network is another one: that its file answers as it does says nothing of the run's.
  const cost = `Accuracy ${percent(before)} before, ${percent(after)} pruned.`;
  return { ...finding, text: `${cost} File compared with the pruned network: ${finding.text}` };
}

function foundIn(verified: Verification): Finding {
  switch (verified.kind) {
    case 'answers':
      return { tone: 'good', text: answersText(verified) };
    case 'parsed-back':
      return {
        tone: 'good',
        text: `${plural(verified.files, 'file')} read again, with all that was to be written.`,
      };
    case 'read-back':
      return {
        tone: 'plain',
        text: `All ${plural(verified.arrays, 'array')} read back as written; answers not compared here: ${verified.reason}.`,
      };
    case 'unchecked':
      return { tone: 'plain', text: `Written; not compared here: ${verified.reason}.` };
    default:
      throw new TypeError(String(verified satisfies never));
  }
}

type Answers = Extract<Verification, { kind: 'answers' }>;

function answersText({ samples, agree, maxAbsDiff, accuracy, by }: Answers): string {
  const all = plural(samples, 'sample');
  const runner = by === undefined ? '' : `, run by ${by}`;
  if (accuracy)
    return `Accuracy ${percent(accuracy.before)} before, ${percent(accuracy.after)} after, on ${all}; same class on ${countText(agree)}${runner}.`;
  // Undecided between two classes, the run's network may be followed to either.
  const what =
    agree === samples ? `Same answers on ${all}` : `Same class on ${countText(agree)} of ${all}`;
  return `${what}, max difference ${difference(maxAbsDiff)}${runner}.`;
}

export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const difference = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

/** `439 KB`, or `117 KB, 27 % of the 439 KB without rounding`. */
export function sizeText({ files, shrinking }: Pick<ExportedRun, 'files' | 'shrinking'>): string {
  const all = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (!shrinking) return bytesText(all);
  const { before, after } = shrinking;
  return `${bytesText(after)}, ${Math.round((100 * after) / before)} % of ${bytesText(before)}`;
}

const parts = {
  train: 'training images, for the run has no others',
  validation: 'validation images, for the run has no test images',
  test: 'test images',
} as const;

/** `300 test images`. */
export const comparedText = ({ part, images }: ExportFormats['compared']): string =>
  `${countText(images)} ${parts[part]}`;
