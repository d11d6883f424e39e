/**
 * @file What can be done with a trained network: judge it on a split, predict with it, measure it. Each opens what it
 * needs and closes it again.
 */
import { readFile } from 'node:fs/promises';
import { inspectImage, decodeToTensor } from '../data/decode/decode.ts';
import { imageSize, type Predictor, type Tensors } from '../engine/engine.ts';
import { failure, InklingError } from '../errors.ts';
import { evaluation, type Evaluation } from '../inspect/evaluation.ts';
import type { ImageShape } from '../model/spec.ts';
import { loadEngine } from '../training/engines.ts';
import { readKept } from '../training/kept.ts';
import type { TensorCache } from '../data/cache.ts';
import type { Part, Range } from '../workspace/records.ts';
import { hashBytes } from '../workspace/snapshots.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { measureConfidence, type ConfidenceOptions, type ConfidenceReport } from './confidence.ts';
import type { Model, Models } from './models.ts';

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

/** Images judged at once: a piece of memory that does not grow with the split. */
const chunkSamples = 1024;

/**
 * Confusion, figures per class, calibration and the worst mistakes on one split of the run's own snapshot.
 *
 * @throws InklingError `run-unfinished`, `split-empty`, `checkpoint-damaged`
 */
export async function inspectRun(
  workspace: Workspace,
  models: Models,
  { run, samples, split }: { run: Run; samples: TensorCache; split: Part },
): Promise<Inspection> {
  requireFinished(run);
  const range = samples.ranges[split];
  if (range.start === range.end) throw failure('split-empty', { run: run.id, split });
  const labels = samples.labels.subarray(range.start, range.end);
  const { logits, probabilities } = await judgedSamples(models, run, samples, range);
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

async function judgedSamples(models: Models, run: Run, samples: TensorCache, range: Range) {
  const model = models.resolve({ kind: 'run', run: run.id, epoch: null });
  const K = samples.classes.length;
  const count = range.end - range.start;
  const probabilities = new Float32Array(count * K);
  const logits = new Float32Array(count * K);
  for (let { start } = range; start < range.end; start += chunkSamples) {
    const end = Math.min(start + chunkSamples, range.end);
    const answer = await models.answers(model, samples.readPixels({ start, end }));
    probabilities.set(answer.probabilities, (start - range.start) * K);
    // A run's answers have both.
    if (answer.logits) logits.set(answer.logits, (start - range.start) * K);
  }
  return { probabilities, logits };
}

/** One that is given more epochs has a result meanwhile. */
function requireFinished({ id, state, result }: Run): void {
  if (result === null) throw failure('run-unfinished', { run: id, status: state.status });
}

export type ImagePrediction = {
  readonly image: string;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
};

/** Class probabilities of image files, by a finished run. @throws InklingError `run-unfinished` */
export function predictByRun(
  models: Models,
  run: Run,
  images: readonly string[],
): Promise<ImagePrediction[]> {
  requireFinished(run);
  return predictImages(models, models.resolve({ kind: 'run', run: run.id, epoch: null }), images);
}

/** The same by an ONNX file, of this program or of another. @throws InklingError of `openModel` */
export async function predictByFile(
  models: Models,
  path: string,
  images: readonly string[],
): Promise<ImagePrediction[]> {
  const { model } = await models.open(path);
  return predictImages(models, models.resolve(model), images);
}

async function predictImages(
  models: Models,
  model: Model,
  images: readonly string[],
): Promise<ImagePrediction[]> {
  const { input, classes } = model;
  const pixels = new Uint8Array(images.length * imageSize(input));
  for (const [i, path] of images.entries())
    pixels.set(await imageTensor(path, input), i * imageSize(input));
  const { probabilities: scores } = await models.answers(model, pixels);
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

/** What a temperature and a threshold would do for a run. @throws InklingError of `readKept`, `measureConfidence` */
export async function runConfidence(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
  options: ConfidenceOptions,
): Promise<ConfidenceReport> {
  return withKept(workspace, run, (predictor) =>
    measureConfidence(run, samples, predictor, options),
  );
}

/** With the run's network as it predicts. @throws InklingError of `readKept` */
export async function withKept<T>(
  workspace: Workspace,
  run: Run,
  use: (predictor: Predictor) => Promise<T>,
): Promise<T> {
  const { params } = await readKept(workspace, run);
  return withPredictor(run, params, use);
}

/** With a run's network of these parameters, by what trained it. */
export async function withPredictor<T>(
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
