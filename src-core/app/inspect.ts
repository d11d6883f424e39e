/**
 * @file Everything behind the contract's groups `models` and `inspect`, over two inspector processes: one answers at
 * once (drawing, clicking through a network), the other does what takes a while, so that neither waits for the other.
 */
import type {
  CheckpointInfo,
  Disagreement,
  EvaluationInfo,
  ImagePrediction,
  MistakeInfo,
} from '../contract/inspecting.ts';
import { failure } from '../errors.ts';
import { Inspector, type InspectorPorts } from '../inspect/client.ts';
import type { DatasetId, ImageId } from '../workspace/records.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { disagreement } from './disagreement.ts';
import { evaluate, type EvaluateRequest } from './evaluate.ts';
import { measured, type Evaluations, type KeptEvaluation } from './evaluations.ts';
import type { ColumnStore } from './imageColumns.ts';
import type { Jobs } from './jobs.ts';
import { manyCalls } from './lookAtMany.ts';
import { keptTensors, lookCalls } from './lookInside.ts';
import { Models, type ModelPorts } from './models.ts';
import { checkpointsOf } from './networkSources.ts';
import type { OpenViews } from './openViews.ts';
import { SnapshotImages } from './snapshotImages.ts';

export type InspectPorts = InspectorPorts &
  ModelPorts & {
    readonly workspace: Workspace;
    readonly columns: ColumnStore;
    readonly views: OpenViews;
    readonly evaluations: Evaluations;
    readonly jobs: Jobs;
    /** Makes the tensor cache of the run's snapshot where it is missing. */
    readonly ensureCache: (run: Run) => Promise<unknown>;
  };

export function inspectCalls(ports: InspectPorts) {
  const { workspace, evaluations } = ports;
  const live = new Inspector(ports);
  const patient = new Inspector(ports);
  const tensors = keptTensors(ports.now());
  const samples = new SnapshotImages(workspace);
  const models = new Models(workspace, live, ports);
  const tools = { ...ports, inspector: patient, models, samples, tensors };
  return {
    models,
    inspect: {
      checkpoints: ({ run }: { run: string }): CheckpointInfo[] => checkpointsOf(workspace, run),
      evaluate: (asked: EvaluateRequest): Promise<EvaluationInfo> => evaluate(tools, asked),
      mistakes: ({ evaluation, start, count }: Piece): MistakeInfo[] =>
        evaluations.get(evaluation).mistakes.slice(start, start + count),
      predictions: ({ evaluation, images }: { evaluation: string; images: number[] }) =>
        predictionsOf(evaluations.get(evaluation), images),
      ...viewCalls(ports),
      ...lookCalls({ workspace, inspector: live, tensors }),
      ...manyCalls(tools),
    },

    /** A file that `inspectPaths.tensors` names. @throws InklingError `result-gone` */
    tensorsFile: (name: string): Buffer => tensors.get(name).file,

    close(): void {
      live.close();
      patient.close();
    },
  };
}

/** Of the images asked for; of one that was judged twice, its first. */
function predictionsOf(kept: KeptEvaluation, wanted: readonly number[]): ImagePrediction[] {
  const { images, labels, predicted, probabilities, classes } = kept;
  const asked = new Set(wanted);
  const found = new Map<number, ImagePrediction>();
  images.forEach((image, n) => {
    if (!asked.has(image) || found.has(image)) return;
    const answer = predicted[n]!;
    const confidence = measured(probabilities[n * classes.length + answer]!);
    found.set(image, {
      image,
      label: labels[n]! < 0 ? null : labels[n]!,
      predicted: answer,
      confidence,
    });
  });
  return [...found.values()];
}

type Piece = { readonly evaluation: string; readonly start: number; readonly count: number };
type Cell = {
  readonly evaluation: string;
  readonly label: number | null;
  readonly predicted: number | null;
  readonly onlyWrong: boolean;
};
type Opened = { view: string; count: number };

/** Images in views of their own, in the order given; those that are gone are left out. */
function viewCalls({ workspace, views, evaluations }: InspectPorts) {
  const open = (dataset: DatasetId | null, images: Int32Array): Opened => {
    if (dataset === null) throw failure('dataset-gone', undefined);
    const ids = images.filter((image) => image > 0);
    return { view: views.add({ dataset, ids }), count: ids.length };
  };
  // Numbers from a page: those that are no image of the dataset find none.
  const chosen = (dataset: number, images: readonly number[]) =>
    workspace.images.existing(dataset as DatasetId, images as readonly ImageId[]);
  return {
    cell({ evaluation, ...wanted }: Cell): Opened {
      const kept = evaluations.get(evaluation);
      return open(kept.dataset, imagesOfCell(kept, wanted));
    },

    pick: ({ dataset, images }: { dataset: number; images: number[] }): Opened =>
      open(dataset as DatasetId, Int32Array.from(chosen(dataset, images))),

    disagreement({ a, b }: { a: string; b: string }): Disagreement {
      const [first, second] = [evaluations.get(a), evaluations.get(b)];
      const found = disagreement(first, second);
      const view = (images: Int32Array) => open(first.dataset, images);
      const { onlyA, onlyB, bothWrong, ...figures } = found;
      return {
        ...figures,
        onlyA: view(onlyA),
        onlyB: view(onlyB),
        bothWrong: view(bothWrong),
      };
    },
  };
}

/** The least certain last: what the model was surest of stands first. */
function imagesOfCell(
  { images, labels, predicted, probabilities, classes }: KeptEvaluation,
  wanted: Omit<Cell, 'evaluation'>,
): Int32Array {
  const isWanted = (n: number): boolean =>
    labels[n]! >= 0 &&
    (wanted.label === null || labels[n] === wanted.label) &&
    (wanted.predicted === null || predicted[n] === wanted.predicted) &&
    (!wanted.onlyWrong || predicted[n] !== labels[n]);
  const confidence = (n: number) => probabilities[n * classes.length + predicted[n]!]!;
  return Int32Array.from(images.keys())
    .filter(isWanted)
    .sort((a, b) => confidence(b) - confidence(a))
    .map((n) => images[n]!);
}
