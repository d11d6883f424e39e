/** @file Exports a run's network: pruned or not, calibrated or not, and compared on the images it is judged by. */
import type { Pruning } from '../contract/exporting.ts';
import type { TensorCache } from '../data/cache.ts';
import { imageSize, type Predictor, type Tensors } from '../engine/engine.ts';
import { exportNetwork, type Exported } from '../export/exportNetwork.ts';
import type { TrainedNetwork } from '../export/format.ts';
import { isPrunedFormat, parseFormatName } from '../export/formats.ts';
import { pruningDefaults } from '../export/prune.ts';
import { withTemperature } from '../export/temperature.ts';
import { verifiedSamplesMax } from '../export/verify.ts';
import { evaluate } from '../training/evaluate.ts';
import { readKept } from '../training/kept.ts';
import type { Part, Ranges } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ExportChoices } from './exportChoices.ts';
import { measureConfidence, type ConfidenceReport } from './confidence.ts';
import { pruneParams, zippedBytes } from './pruning.ts';
import { withPredictor } from './trained.ts';

/** Confidence as of `ConfidenceOptions`, pruning where absent as of `pruningDefaults`. */
export type ExportOptions = ExportChoices & {
  readonly format: string;
  readonly folder: string;
  readonly overwrite: boolean;
  /** As of `ExportRequest`. */
  readonly staging?: string;
  /** Told how many images were compared, of how many; before them come steps of fine-tuning, where there are any. */
  readonly progress?: (done: number, total: number) => void;
};

/** With what was measured of its confidence, where a temperature or a threshold was asked for. */
export type ExportedNetwork = Exported & {
  readonly confidence?: ConfidenceReport;
  /** Of a format whose networks are pruned. */
  readonly pruning?: Pruning;
};

/**
 * Writes a run's network and checks the file on real samples. Stores nothing.
 *
 * @throws InklingError of `exportNetwork`, `measureConfidence` and `pruneParams`
 */
export async function exportRun(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  options: ExportOptions,
): Promise<ExportedNetwork> {
  const { folder, overwrite, staging, progress = () => {} } = options;
  const format = parseFormatName(options.format);
  const kept = await readKept(workspace, run);
  const compared = comparedSamples(samples.ranges);
  const count = compared.end - compared.start;
  const told = { ...options, progress: (done: number, of: number) => progress(done, of + count) };
  const pruning = isPrunedFormat(format) ? await prune(run, samples, kept.params, told) : null;
  const { params, steps } = pruning ?? { params: kept.params, steps: 0 };
  const confidence = await confidenceOf(run, samples, params, options);
  const network = networkOf(run, samples, kept.result.parametersHash, {
    params,
    temperature: confidence?.temperature?.value ?? null,
    unsureBelow: options.unsureBelow ?? null,
    ...(pruning && { sparsity: pruning.report.sparsity }),
  });
  const comparing = (done: number) => progress(steps + done, steps + count);
  const exported = await withPredictor(run, network.params, (predictor) =>
    exportNetwork({
      ...{ network, format, folder, overwrite, ...(staging !== undefined && { staging }) },
      predictor: counted(predictor, samples, count, comparing),
      pixels: samples.readPixels(compared),
      labels: samples.labels.subarray(compared.start, compared.end),
      calibration: calibrationImages(samples),
    }),
  );
  return {
    ...exported,
    ...(confidence && { confidence }),
    ...(pruning && {
      pruning: { ...pruning.report, zippedBytes: zippedBytes(network, kept.params) },
    }),
  };
}

type Steps = { readonly progress: (done: number, total: number) => void };

function prune(run: Run, samples: TensorCache, params: Tensors, options: ExportOptions & Steps) {
  const {
    sparsity = pruningDefaults.sparsity,
    fineTuneEpochs = pruningDefaults.fineTuneEpochs,
    progress,
  } = options;
  const judge = (changed: Tensors) => accuracyOf(run, samples, changed);
  return pruneParams({ run, samples, params, sparsity, fineTuneEpochs, judge, progress });
}

/** Of the network with these parameters; null where nothing of it was asked for. */
async function confidenceOf(
  run: Run,
  samples: TensorCache,
  params: Tensors,
  { temperature = false, unsureBelow = null }: ExportOptions,
): Promise<ConfidenceReport | null> {
  if (!temperature && unsureBelow === null) return null;
  const asked = { temperature, unsureBelow };
  return withPredictor(run, params, (predictor) =>
    measureConfidence(run, samples, predictor, asked),
  );
}

type Changes = {
  readonly params: Tensors;
  readonly temperature: number | null;
  readonly unsureBelow: number | null;
  readonly sparsity?: number;
};

function networkOf(
  run: Run,
  { classes }: TensorCache,
  parametersHash: string,
  { params, temperature, unsureBelow, sparsity }: Changes,
): TrainedNetwork {
  return {
    ...{ name: run.id, spec: run.spec, classes },
    params: temperature === null ? params : withTemperature(params, temperature),
    confidence: { temperature, unsureBelow },
    ...(sparsity !== undefined && { sparsity }),
    origin: {
      snapshotHash: run.snapshot,
      parametersHash,
      programVersion: run.versions['inkling'] ?? '',
    },
  };
}

/** On the images that files are compared on. */
async function accuracyOf(run: Run, samples: TensorCache, params: Tensors): Promise<number> {
  const objective = { loss: run.options.loss, output: run.spec.output };
  const range = comparedSamples(samples.ranges);
  const request = { source: samples, range, objective, keepsProbabilities: false };
  const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));
  return withPredictor(run, params, async (predictor) => {
    const { score } = await evaluate(predictor, request, breathe);
    return score.accuracy;
  });
}

/** Every image that is compared passes the run's own network. */
function counted(
  predictor: Predictor,
  { shape }: TensorCache,
  total: number,
  progress: (done: number) => void,
): Pick<Predictor, 'predict'> {
  let done = 0;
  return {
    async predict(pixels) {
      const answers = await predictor.predict(pixels);
      done += pixels.length / imageSize(shape);
      progress(Math.min(done, total));
      return answers;
    },
  };
}

/** Enough to see the usual range of every value; more widens it by what is rare. */
const calibrationSamplesMax = 512;

/** Spread over the whole train part, whose order may be by class. */
function calibrationImages({ ranges, shape, readPixels }: TensorCache): Uint8Array {
  const { start, end } = ranges.train;
  const count = Math.min(calibrationSamplesMax, end - start);
  const images = new Uint8Array(count * imageSize(shape));
  for (let i = 0; i < count; i++) {
    const at = start + Math.floor((i * (end - start)) / count);
    images.set(readPixels({ start: at, end: at + 1 }), i * imageSize(shape));
  }
  return images;
}

/** What files are compared on: samples of the test part, or of what there is. */
export function comparedSamples(ranges: Ranges) {
  const isFilled = (part: Part): boolean => ranges[part].end > ranges[part].start;
  const part: Part = (['test', 'validation'] as const).find(isFilled) ?? 'train';
  const { start, end } = ranges[part];
  return { part, start, end: Math.min(end, start + verifiedSamplesMax) };
}
