/**
 * @file What a network got right and wrong on labeled samples: accuracy, confusion, figures per class,
 * calibration and the worst mistakes. Where a figure has no value (0/0) it is null, never zero.
 *
 * The loss is not here: `training/losses.ts` computes it as training defines it.
 */

export type Judgement = {
  /** [N, K] */
  readonly probabilities: Float32Array;
  /** [N, K], which tell classes apart whose probabilities are both rounded to 1; null where they were not kept. */
  readonly logits: Float32Array | null;
  /** int32 [N], class indices. */
  readonly labels: Int32Array;
  readonly classes: number;
};

/** Of one class. Null: the denominator is zero, for precision because the class was never predicted. */
export type ClassFigures = {
  /** Samples with this label. */
  readonly support: number;
  readonly predicted: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
};

/** Predictions with a confidence in (from, to], the lowest bin including 0. Null: there is none. */
export type CalibrationBin = {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly confidence: number | null;
  readonly accuracy: number | null;
};

export type Calibration = {
  /**
   * Σ count/N · |accuracy − confidence| (Naeini et al., 2015). Null without samples, NaN where one of the
   * confidences is.
   */
  readonly error: number | null;
  readonly bins: readonly CalibrationBin[];
};

export type Mistake = {
  /** Of the sample among those judged. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability of the class predicted, and of the class it should have been. */
  readonly confidence: number;
  readonly labelProbability: number;
};

export type Evaluation = {
  readonly samples: number;
  readonly correct: number;
  readonly accuracy: number | null;
  /** [K, K] counts: rows are labels, columns predictions. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly ClassFigures[];
  readonly calibration: Calibration;
  /** The most confident first. */
  readonly mistakes: readonly Mistake[];
};

export type EvaluationOptions = { readonly bins?: number; readonly mistakes?: number };

/** As most papers do; with fewer, errors of opposite sign cancel inside a bin. */
const binsDefault = 15;
/** A screenful. */
const mistakesDefault = 24;

/** @throws RangeError when the sizes do not fit each other, or a label is no class. */
export function evaluation(
  judgement: Judgement,
  { bins = binsDefault, mistakes = mistakesDefault }: EvaluationOptions = {},
): Evaluation {
  requireShapes(judgement);
  const { labels, classes } = judgement;
  const predicted = predictedClasses(judgement);
  const confusion = confusionMatrix(labels, predicted, classes);
  const correct = confusion.reduce((sum, row, k) => sum + row[k]!, 0);
  return {
    samples: labels.length,
    correct,
    accuracy: ratio(correct, labels.length),
    confusion,
    perClass: classFigures(confusion),
    calibration: calibration(judgement, predicted, bins),
    mistakes: worstMistakes(judgement, predicted, mistakes),
  };
}

function requireShapes({ probabilities, logits, labels, classes }: Judgement): void {
  const size = labels.length * classes;
  if (probabilities.length !== size || (logits !== null && logits.length !== size))
    throw new RangeError(`scores are not [${labels.length}, ${classes}]`);
  const strange = labels.find((label) => label < 0 || label >= classes);
  if (strange !== undefined) throw new RangeError(`label ${strange} is none of ${classes} classes`);
}

/** int32 [N]: the first of the largest scores, as ArgMax picks. */
export function predictedClasses({
  probabilities,
  logits,
  labels,
  classes,
}: Judgement): Int32Array {
  const scores = logits ?? probabilities;
  const predicted = new Int32Array(labels.length);
  for (let n = 0; n < labels.length; n++) {
    const start = n * classes;
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[start + k]! > scores[start + best]!) best = k;
    predicted[n] = best;
  }
  return predicted;
}

function confusionMatrix(labels: Int32Array, predicted: Int32Array, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let n = 0; n < labels.length; n++) counts[labels[n]!]![predicted[n]!]!++;
  return counts;
}

/** precision = right / predicted, recall = right / support, F1 = 2·right / (predicted + support). */
function classFigures(confusion: readonly (readonly number[])[]): ClassFigures[] {
  return confusion.map((row, k) => {
    const right = row[k]!;
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, other) => sum + other[k]!, 0);
    return {
      support,
      predicted,
      precision: ratio(right, predicted),
      recall: ratio(right, support),
      f1: ratio(2 * right, predicted + support),
    };
  });
}

/** Bins of equal width over the probability of the predicted class. */
function calibration(
  { probabilities, labels, classes }: Judgement,
  predicted: Int32Array,
  bins: number,
): Calibration {
  const counts = new Int32Array(bins);
  const right = new Int32Array(bins);
  const sums = new Float64Array(bins);
  let hasNaN = false;
  for (let n = 0; n < labels.length; n++) {
    const confidence = probabilities[n * classes + predicted[n]!]!;
    if (Number.isNaN(confidence)) {
      hasNaN = true;
      continue;
    }
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    counts[bin]!++;
    sums[bin]! += confidence;
    if (predicted[n] === labels[n]) right[bin]!++;
  }
  let gap = 0;
  for (let bin = 0; bin < bins; bin++) gap += Math.abs(right[bin]! - sums[bin]!);
  return {
    error: hasNaN ? NaN : ratio(gap, labels.length),
    bins: Array.from(counts, (count, bin) => ({
      from: bin / bins,
      to: (bin + 1) / bins,
      count,
      confidence: ratio(sums[bin]!, count),
      accuracy: ratio(right[bin]!, count),
    })),
  };
}

function worstMistakes(
  { probabilities, labels, classes }: Judgement,
  predicted: Int32Array,
  limit: number,
): Mistake[] {
  const wrong: Mistake[] = [];
  labels.forEach((label, index) => {
    const answer = predicted[index]!;
    if (answer === label) return;
    wrong.push({
      index,
      label,
      predicted: answer,
      confidence: probabilities[index * classes + answer]!,
      labelProbability: probabilities[index * classes + label]!,
    });
  });
  // A confidence that is no number is worse than any.
  const rank = ({ confidence }: Mistake) => (Number.isNaN(confidence) ? 2 : confidence);
  return wrong.sort((a, b) => rank(b) - rank(a) || a.index - b.index).slice(0, limit);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
