/**
 * @file Judging a model: on a part of its run's own snapshot, read by the inspector process from the tensor cache, or
 * on images of a dataset as they are now, decoded here and sent over piece by piece.
 */
import type { EvaluatedOn, EvaluationInfo, ModelRef } from '../contract/inspecting.ts';
import { decodeToTensor } from '../data/decode/decode.ts';
import { imageSize } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { Inspector } from '../inspect/client.ts';
import type { ImageShape } from '../model/spec.ts';
import type { Blob } from '../workspace/blobs.ts';
import { partCode, type DatasetId, type Part } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { asJob } from './asJob.ts';
import type { Answers, Evaluations } from './evaluations.ts';
import type { ColumnStore } from './imageColumns.ts';
import type { JobCall, Jobs } from './jobs.ts';
import type { Model, Models } from './models.ts';
import type { SnapshotImages } from './snapshotImages.ts';

export type EvaluateTools = {
  readonly workspace: Workspace;
  readonly inspector: Inspector;
  readonly models: Models;
  readonly evaluations: Evaluations;
  readonly columns: ColumnStore;
  readonly samples: SnapshotImages;
  readonly jobs: Jobs;
  /** Makes the tensor cache of the run's snapshot where it is missing. */
  readonly ensureCache: (run: Run) => Promise<unknown>;
};

export type EvaluateRequest = { readonly model: ModelRef; readonly on: EvaluatedOn };

/** @throws InklingError `canceled`, `split-empty`, `dataset-gone`, and those of the model */
export function evaluate(
  tools: EvaluateTools,
  { model: ref, on }: EvaluateRequest,
): Promise<EvaluationInfo> {
  const model = tools.models.resolve(ref);
  const { jobs, evaluations } = tools;
  return asJob(jobs, { kind: 'evaluation', title: `Evaluating ${model.name}` }, async (call) => {
    const about = { model: ref, on, epoch: model.run?.epoch ?? null, classes: model.classes };
    const found =
      on.kind === 'snapshot'
        ? await ofSnapshot(tools, model, on.part, call)
        : await ofDataset(tools, model, on, call);
    return evaluations.add({ ...about, objective: objectiveOf(model), ...found });
  });
}

type Found = Pick<Answers, 'dataset' | 'images' | 'labels' | 'probabilities' | 'logits'>;

function objectiveOf({ run }: Model): Answers['objective'] {
  return run && { loss: run.run.options.loss, output: run.run.spec.output };
}

async function ofSnapshot(
  { workspace, inspector, samples, ensureCache }: EvaluateTools,
  { source, run }: Model,
  part: Part,
  { signal, progress }: JobCall,
): Promise<Found> {
  if (!run) throw failure('call-invalid', { problem: 'a model file has no snapshot of its own' });
  const { id, snapshot: hash } = run.run;
  const { dataset, snapshot, images, labels } = await samples.part(id, hash, part);
  await ensureCache(run.run);
  const range = { folder: workspace.cacheFolder, snapshot: hash, ...snapshot.ranges[part] };
  const told = { signal, progress: (done: number, total: number) => progress({ done, total }) };
  const judged = await inspector.call('judge', { source, samples: range }, told);
  return { dataset, images, labels, ...judged };
}

/** Images decoded, and sent, at once. */
const chunkImages = 256;

async function ofDataset(
  tools: EvaluateTools,
  model: Model,
  on: Extract<EvaluatedOn, { kind: 'dataset' }>,
  { signal, progress }: JobCall,
): Promise<Found> {
  const { workspace, inspector } = tools;
  // A number that is no dataset's finds none.
  const dataset = workspace.datasets.byId(on.dataset as DatasetId).id;
  const { images, labels, blobs } = await chosenImages(tools, dataset, model.classes, on.part);
  if (images.length === 0) throw failure('dataset-part-empty', { part: on.part ?? 'any' });
  const K = model.classes.length;
  const probabilities = new Float32Array(images.length * K);
  const logits = model.run ? new Float32Array(images.length * K) : null;
  let asked: Promise<void> = Promise.resolve();
  for (let start = 0; start < blobs.length; start += chunkImages) {
    signal.throwIfAborted();
    const stored = Array.from(blobs.subarray(start, start + chunkImages), (row) =>
      workspace.images.blob(row),
    );
    const pixels = await pixelsOfBlobs(stored, model.input);
    // The next pictures are decoded while these are looked at.
    await asked;
    asked = inspector
      .call('predict', { source: model.source, pixels }, { signal })
      .then((answer) => {
        probabilities.set(answer.probabilities, start * K);
        if (answer.logits) logits?.set(answer.logits, start * K);
        progress({ done: Math.min(start + chunkImages, blobs.length), total: blobs.length });
      });
    asked.catch(() => {}); // whoever awaits it sees the error; until then it is not unhandled
  }
  await asked;
  return { dataset, images, labels, probabilities, logits };
}

async function chosenImages(
  { workspace, columns }: EvaluateTools,
  dataset: DatasetId,
  classes: readonly string[],
  part: Part | null,
) {
  const held = await columns.get(dataset);
  const nameOf = new Map<number, string>(
    workspace.classes.of(dataset).map(({ id, name }) => [id, name]),
  );
  const positions = held.classIds.map((id) => classes.indexOf(nameOf.get(id) ?? ''));
  const rows = Int32Array.from({ length: held.count }, (_, row) => row).filter(
    (row) => part === null || held.parts[row] === partCode[part],
  );
  return {
    images: rows.map((row) => held.ids[row]!),
    labels: rows.map((row) => (held.classes[row] === 0 ? -1 : positions[held.classes[row]!]!)),
    blobs: rows.map((row) => held.blobs[row]!),
  };
}

async function pixelsOfBlobs(
  blobs: readonly (Blob | undefined)[],
  shape: ImageShape,
): Promise<Uint8Array> {
  const size = imageSize(shape);
  const pixels = new Uint8Array(blobs.length * size);
  const tensors = await Promise.all(
    blobs.map((blob) => {
      if (!blob) throw failure('image-gone', undefined);
      return decodeToTensor(blob, shape);
    }),
  );
  tensors.forEach((tensor, i) => pixels.set(tensor, i * size));
  return pixels;
}
