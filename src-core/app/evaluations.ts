/** @file Evaluations that are kept: figures, every prediction, and which images they are about. */
import type { EvaluatedOn, EvaluationInfo, MistakeInfo, ModelRef } from '../contract/inspecting.ts';
import type { Measured } from '../contract/training.ts';
import { failure } from '../errors.ts';
import { evaluation, predictedClasses, type Evaluation } from '../inspect/evaluation.ts';
import { addScores, noScores, type Objective } from '../training/losses.ts';
import type { DatasetId } from '../workspace/records.ts';
import { KeptThings } from './kept.ts';

/** What a model said of images, before it is judged. */
export type Answers = {
  readonly model: ModelRef;
  readonly on: EvaluatedOn;
  readonly epoch: number | null;
  readonly dataset: DatasetId | null;
  readonly classes: readonly string[];
  /** int32 [N]; 0: gone. */
  readonly images: Int32Array;
  /** int32 [N]: index of the class; −1: none, or none of the model's. */
  readonly labels: Int32Array;
  /** [N, K] both. */
  readonly probabilities: Float32Array;
  readonly logits: Float32Array | null;
  /** How its loss was defined; null: nobody knows. */
  readonly objective: Objective | null;
};

export type KeptEvaluation = Answers & {
  readonly info: EvaluationInfo;
  /** int32 [N] */
  readonly predicted: Int32Array;
  readonly mistakes: readonly MistakeInfo[];
};

/** Before and after, several models, and a few epochs of a slider. */
const limits = { count: 32, bytes: 512 * 1024 * 1024 };

export class Evaluations {
  readonly #kept: KeptThings<KeptEvaluation>;

  constructor(startedAt: number) {
    this.#kept = new KeptThings(`e${startedAt.toString(36)}`, limits, () =>
      failure('evaluation-gone', undefined),
    );
  }

  add(answers: Answers): EvaluationInfo {
    const bytes = 4 * (answers.probabilities.length * 2 + answers.images.length * 3);
    return this.#kept.add((name) => judged(name, answers), bytes).info;
  }

  /** @throws InklingError `evaluation-gone` */
  get(name: string): KeptEvaluation {
    return this.#kept.get(name);
  }
}

function judged(name: string, answers: Answers): KeptEvaluation {
  const { model, on, epoch, dataset, classes, images, labels, probabilities, logits } = answers;
  const K = classes.length;
  const predicted = predictedClasses({ probabilities, logits, labels, classes: K });
  const rows = Int32Array.from(labels.keys()).filter((n) => labels[n]! >= 0);
  const part = {
    labels: rows.map((n) => labels[n]!),
    probabilities: rowsOf(probabilities, rows, K),
    logits: logits && rowsOf(logits, rows, K),
    classes: K,
  };
  const figures = evaluation(part, { mistakes: Infinity });
  const mistakes = figures.mistakes.map(({ index, label, predicted: answer, ...shares }) => ({
    image: images[rows[index]!]! || null,
    label,
    predicted: answer,
    confidence: measured(shares.confidence),
    labelProbability: measured(shares.labelProbability),
  }));
  const info = {
    evaluation: name,
    model,
    on,
    epoch,
    dataset,
    classes: [...classes],
    samples: rows.length,
    unjudged: labels.length - rows.length,
    loss: measuredOrNull(lossOf(part, answers.objective)),
    ...told(figures),
    mistakeCount: mistakes.length,
  };
  return { ...answers, info, predicted, mistakes };
}

/** All rows where none is left out, without copying. */
function rowsOf(values: Float32Array, rows: Int32Array, K: number): Float32Array {
  if (rows.length * K === values.length) return values;
  const picked = new Float32Array(rows.length * K);
  rows.forEach((n, i) => picked.set(values.subarray(n * K, (n + 1) * K), i * K));
  return picked;
}

type Judged = {
  readonly labels: Int32Array;
  readonly probabilities: Float32Array;
  readonly logits: Float32Array | null;
};

function lossOf({ labels, probabilities, logits }: Judged, objective: Objective | null) {
  if (!objective || !logits || labels.length === 0) return null;
  const sums = noScores();
  addScores({ logits, probabilities }, labels, objective, sums);
  return sums.loss / sums.count;
}

function told({ accuracy, confusion, perClass, calibration }: Evaluation) {
  return {
    accuracy: measuredOrNull(accuracy),
    confusion: confusion.map((row) => [...row]),
    perClass: perClass.map((figures) => ({ ...figures })),
    calibration: {
      error: measuredOrNull(calibration.error),
      bins: calibration.bins.map((bin) => ({ ...bin })),
    },
  };
}

/** A figure as the contract carries it: what is no finite number as a word. */
export function measured(value: number): Measured {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function measuredOrNull(value: number | null): Measured | null {
  return value === null ? null : measured(value);
}
