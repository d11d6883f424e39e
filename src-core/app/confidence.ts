/**
 * @file How far a run's confidence can be relied on, measured on its own snapshot: the temperature is fitted on the
 * validation part, and what it and a threshold do is told for validation and for the test part.
 */
import type { TensorCache } from '../data/cache.ts';
import type { Predictor } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import {
  coverageCurve,
  fitTemperature,
  probabilitiesAt,
  type Coverage,
  type Scores,
  type Temperature,
} from '../inspect/confidence.ts';
import { evaluation } from '../inspect/evaluation.ts';
import type { Range } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';

export type ConfidenceOptions = {
  /** Divide the logits by the temperature that fits. */
  readonly temperature: boolean;
  /** Answers are unsure whose largest probability is below; null: none is. */
  readonly unsureBelow: number | null;
};

/** Of one part of the snapshot. */
export type PartConfidence = {
  readonly samples: number;
  /** Expected calibration error without and with the temperature; the same where none is asked for. */
  readonly calibrationError: { readonly before: number | null; readonly after: number | null };
  /** At the threshold that was chosen; null: none was. */
  readonly chosen: Coverage | null;
  /** With the temperature, at thresholds of 0 %, 1 %, … 99 %. */
  readonly curve: readonly Coverage[];
};

export type ConfidenceReport = {
  readonly temperature: Temperature | null;
  readonly unsureBelow: number | null;
  /** Null: the snapshot has no such images. */
  readonly validation: PartConfidence | null;
  readonly test: PartConfidence | null;
};

/** Enough for a curve, and for a slider in steps of a percent. */
const thresholds = Array.from({ length: 100 }, (_, percent) => percent / 100);
/** Images answered at once: a piece of memory that does not grow with the part. */
const chunkSamples = 1024;

/** @throws InklingError `setting-invalid`, `calibration-impossible` */
export async function measureConfidence(
  run: Run,
  samples: TensorCache,
  predictor: Pick<Predictor, 'predict'>,
  { temperature: isAsked, unsureBelow }: ConfidenceOptions,
): Promise<ConfidenceReport> {
  if (unsureBelow !== null && !(unsureBelow > 0 && unsureBelow <= 1)) {
    const problem = `${unsureBelow} is not above 0 and at most 1`;
    throw failure('setting-invalid', { setting: 'unsureBelow', problem });
  }
  const validation = await scoresOf(run, samples, samples.ranges.validation, predictor);
  const temperature = isAsked ? fitted(run, validation) : null;
  const test = await scoresOf(run, samples, samples.ranges.test, predictor);
  const divisor = temperature?.value ?? 1;
  return {
    temperature,
    unsureBelow,
    validation: validation && partConfidence(validation, divisor, unsureBelow),
    test: test && partConfidence(test, divisor, unsureBelow),
  };
}

function fitted({ id }: Run, validation: Scores | null): Temperature {
  const problem = validation
    ? 'some of its answers to them are no finite numbers'
    : 'its snapshot has none';
  const found = validation && fitTemperature(validation);
  if (!found) throw failure('calibration-impossible', { run: id, problem });
  return found;
}

/** Null: the part is empty. */
async function scoresOf(
  { spec }: Run,
  { labels, readPixels }: TensorCache,
  { start, end }: Range,
  predictor: Pick<Predictor, 'predict'>,
): Promise<Scores | null> {
  if (start === end) return null;
  const { classes, output } = spec;
  const logits = new Float32Array((end - start) * classes);
  for (let at = start; at < end; at += chunkSamples) {
    const pixels = readPixels({ start: at, end: Math.min(end, at + chunkSamples) });
    logits.set((await predictor.predict(pixels)).logits, (at - start) * classes);
  }
  return { logits, labels: labels.subarray(start, end), classes, output };
}

function partConfidence(
  scores: Scores,
  temperature: number,
  unsureBelow: number | null,
): PartConfidence {
  const { logits, labels, classes } = scores;
  const errorAt = (divisor: number): number | null => {
    const probabilities = probabilitiesAt(scores, divisor);
    return evaluation({ probabilities, logits, labels, classes }).calibration.error;
  };
  const probabilities = probabilitiesAt(scores, temperature);
  return {
    samples: labels.length,
    calibrationError: { before: errorAt(1), after: errorAt(temperature) },
    chosen: unsureBelow === null ? null : coverageCurve(probabilities, labels, [unsureBelow])[0]!,
    curve: coverageCurve(probabilities, labels, thresholds),
  };
}
