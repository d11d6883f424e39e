/**
 * @file What can be done with a trained network: judge it on a split, compare it with others, predict with it,
 * export it. Each opens what it needs and closes it again.
 */
import { readFile } from 'node:fs/promises';
import { inspectImage, decodeToTensor } from '../data/decode/decode.ts';
import { imageSize, type Predictor, type Tensors } from '../engine/engine.ts';
import { failure, InklingError } from '../errors.ts';
import { exportNetwork, type Exported } from '../export/exportNetwork.ts';
import type { OpenedModel } from '../export/format.ts';
import { parseFormatName } from '../export/formats.ts';
import { openModel } from '../export/openModel.ts';
import { verifiedSamplesMax } from '../export/verify.ts';
import { comparison, type ComparedRun, type Comparison } from '../inspect/comparison.ts';
import { comparisonTable } from '../inspect/comparisonTable.ts';
import { evaluation, type Evaluation } from '../inspect/evaluation.ts';
import { hiddenActivations } from '../model/layers.ts';
import type { ImageShape } from '../model/spec.ts';
import { loadEngine } from '../training/engines.ts';
import { readKept } from '../training/kept.ts';
import { EpochMetrics, RunResult } from '../training/metrics.ts';
import type { TensorCache } from '../data/cache.ts';
import type { Part } from '../workspace/records.ts';
import { hashBytes } from '../workspace/snapshots.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type Inspection = Omit<Evaluation, 'mistakes'> & {
  readonly run: string;
  readonly split: Part;
  readonly classes: readonly string[];
  readonly mistakes: readonly NamedMistake[];
};

/** `image` is the name it was imported under. */
type NamedMistake = {
  readonly image: string;
  readonly label: string;
  readonly predicted: string;
  readonly confidence: number;
};

/** Confusion, figures per class, calibration and the worst mistakes on one split of the run's own snapshot. */
export async function inspectRun(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  split: Part,
): Promise<Inspection> {
  const range = samples.ranges[split];
  if (range.start === range.end) throw failure('split-empty', { run: run.id, split });
  const labels = samples.labels.subarray(range.start, range.end);
  const { logits, probabilities } = await usingPredictor(workspace, run, (predictor) =>
    predictor.predict(samples.readPixels(range)),
  );
  const classes = samples.classes;
  const judged = evaluation({ probabilities, logits, labels, classes: classes.length });
  const { hashes } = workspace.snapshots.get(run.snapshot);
  const mistakes = judged.mistakes.map(({ index, label, predicted, confidence }) => {
    const at = (range.start + index) * hashBytes;
    const image = workspace.blobs.nameOf(hashes.subarray(at, at + hashBytes)) ?? `#${index}`;
    return { image, label: classes[label]!, predicted: classes[predicted]!, confidence };
  });
  return { run: run.id, split, classes, ...judged, mistakes };
}

/** Finished runs side by side, grouped by activation. @throws InklingError `run-unfinished` */
export function compareRuns(
  workspace: Workspace,
  runs: readonly Run[],
  target: number,
): Comparison & { readonly table: string } {
  const compared = comparison(
    runs.map((run) => comparedRun(workspace, run)),
    target,
  );
  return { ...compared, table: comparisonTable(compared) };
}

function comparedRun(workspace: Workspace, run: Run): ComparedRun {
  if (run.state.status !== 'finished')
    throw failure('run-unfinished', { run: run.id, status: run.state.status });
  const result = RunResult.parse(run.state.result);
  let seconds = 0; // from the start of the run; an epoch's own timing begins with the epoch
  const epochs = workspace.metrics.epochs(run.id).map(({ values }) => EpochMetrics.parse(values));
  return {
    // Presets have one activation for all hidden layers, or none.
    activation: hiddenActivations(run.spec)[0] ?? 'linear',
    seed: run.options.seed,
    testAccuracy: result.test?.accuracy ?? null,
    validationAccuracy: result.validation?.accuracy ?? null,
    seconds: result.seconds,
    epochs: epochs.map(({ validation, timing }) => ({
      validationAccuracy: validation?.accuracy ?? null,
      seconds: (seconds += timing.seconds),
    })),
  };
}

export type ImagePrediction = {
  readonly image: string;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
};

/** Class probabilities of image files, by a finished run. */
export function predictByRun(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  images: readonly string[],
): Promise<ImagePrediction[]> {
  return usingPredictor(workspace, run, (predictor) =>
    predictImages(images, run.spec.input, samples.classes, async (pixels) => {
      const { probabilities } = await predictor.predict(pixels);
      return probabilities;
    }),
  );
}

/** The same by an ONNX file, of this program or of another. @throws InklingError of `openModel` */
export async function predictByFile(
  path: string,
  images: readonly string[],
): Promise<ImagePrediction[]> {
  const model: OpenedModel = await openModel(path);
  try {
    return await predictImages(images, model.input, model.classes, (pixels) =>
      model.predict(pixels),
    );
  } finally {
    await model.dispose();
  }
}

async function predictImages(
  images: readonly string[],
  shape: ImageShape,
  classes: readonly string[],
  predict: (pixels: Uint8Array) => Promise<Float32Array>,
): Promise<ImagePrediction[]> {
  const pixels = new Uint8Array(images.length * imageSize(shape));
  for (const [i, path] of images.entries())
    pixels.set(await imageTensor(path, shape), i * imageSize(shape));
  const scores = await predict(pixels);
  return images.map((image, i) => {
    const row = scores.subarray(i * classes.length, (i + 1) * classes.length);
    const probabilities = Object.fromEntries(classes.map((name, k) => [name, row[k]!]));
    return { image, label: classes[row.indexOf(Math.max(...row))] ?? 'none', probabilities };
  });
}

/** @throws InklingError `path-missing`, `image-…` */
async function imageTensor(path: string, shape: ImageShape): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw failure('path-missing', { path });
    throw failure('path-unreadable', { path, reason: error.code ?? error.message });
  });
  const info = await inspectImage(bytes).catch((error: unknown) => {
    // One of many, perhaps: the message has to say which.
    if (!(error instanceof InklingError)) throw error;
    throw new InklingError(error.code, `${path}: ${error.message}`, error.hint);
  });
  return decodeToTensor({ ...info, bytes }, shape);
}

export type ExportOptions = {
  readonly format: string;
  readonly folder: string;
  readonly overwrite: boolean;
};

/** Writes a run's network and checks the file on real samples. @throws InklingError of `exportNetwork` */
export async function exportRun(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  { format, folder, overwrite }: ExportOptions,
): Promise<Exported> {
  const { params, result } = await readKept(workspace, run);
  const compared = someSamples(samples);
  const exported = await withPredictor(run, params, (predictor) =>
    exportNetwork({
      network: {
        name: run.id,
        spec: run.spec,
        params,
        classes: samples.classes,
        origin: {
          snapshotHash: run.snapshot,
          parametersHash: result.parametersHash,
          programVersion: run.versions['inkling'] ?? '',
        },
      },
      format: parseFormatName(format),
      folder,
      overwrite,
      predictor,
      pixels: samples.readPixels(compared),
      labels: samples.labels.subarray(compared.start, compared.end),
      calibration: calibrationImages(samples),
    }),
  );
  if (workspace.writable) workspace.exports.add(run.id, exported);
  return exported;
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

/** Of the test split, or of what there is. */
function someSamples({ ranges }: TensorCache) {
  const { start, end } =
    [ranges.test, ranges.validation].find((r) => r.end > r.start) ?? ranges.train;
  return { start, end: Math.min(end, start + verifiedSamplesMax) };
}

async function usingPredictor<T>(
  workspace: Workspace,
  run: Run,
  use: (predictor: Predictor) => Promise<T>,
): Promise<T> {
  const { params } = await readKept(workspace, run);
  return withPredictor(run, params, use);
}

async function withPredictor<T>(
  run: Run,
  params: Tensors,
  use: (predictor: Predictor) => Promise<T>,
): Promise<T> {
  const engine = await loadEngine(run.engine);
  const { threads } = run.options;
  const predictor = await engine.predictor({ spec: run.spec, params, device: run.device, threads });
  try {
    return await use(predictor);
  } finally {
    await predictor.dispose();
  }
}
