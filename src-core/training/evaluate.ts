/** @file Loss and accuracy of a split, by a predictor. */
import type { Predictor } from '../engine/engine.ts';
import type { ImageShape } from '../model/spec.ts';
import type { Range, Ranges } from '../workspace/records.ts';
import { addScores, noScores, type Objective } from './losses.ts';
import type { Score } from './metrics.ts';

/** Where samples come from: the tensor cache of a snapshot. */
export type SampleSource = {
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  readonly ranges: Ranges;
  /** int32 [count], class indices. */
  readonly labels: Int32Array;
  /** uint8 [end - start, C, H, W], a fresh array. */
  readonly readPixels: (range: Range) => Uint8Array;
};

export type Evaluation = {
  readonly score: Score;
  /** [N, classes], in the order of the snapshot; null: not asked for. */
  readonly probabilities: Float32Array | null;
};

/** Images between two breaths: a fraction of a second on a slow machine, so that messages are answered. */
const chunkSamples = 512;

export type EvaluationRequest = {
  readonly source: SampleSource;
  /** Not empty. */
  readonly range: Range;
  readonly objective: Objective;
  /** A class's worth of floats for each image: only for who uses them. */
  readonly keepsProbabilities: boolean;
};

/** @param breathe lets messages in and out. */
export async function evaluate(
  predictor: Predictor,
  { source, range, objective, keepsProbabilities }: EvaluationRequest,
  breathe: () => Promise<void>,
): Promise<Evaluation> {
  const classes = source.classes.length;
  const count = range.end - range.start;
  const probabilities = keepsProbabilities ? new Float32Array(count * classes) : null;
  const sums = noScores();
  for (let start = range.start; start < range.end; start += chunkSamples) {
    const end = Math.min(start + chunkSamples, range.end);
    const prediction = await predictor.predict(source.readPixels({ start, end }));
    addScores(prediction, source.labels.subarray(start, end), objective, sums);
    probabilities?.set(prediction.probabilities, (start - range.start) * classes);
    await breathe();
  }
  return {
    score: { loss: sums.loss / sums.count, accuracy: sums.correct / sums.count },
    probabilities,
  };
}
