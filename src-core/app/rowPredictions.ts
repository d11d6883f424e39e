/** @file The predictions of an evaluation as columns beside those of its dataset, for filters and orders. */
import type { ImageColumns } from '../data/columns.ts';
import { notPredicted, type ViewPredictions } from '../data/view.ts';
import { failure } from '../errors.ts';
import type { DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { KeptEvaluation } from './evaluations.ts';

type Known = {
  readonly of: KeptEvaluation;
  readonly count: number;
  readonly rows: ViewPredictions;
};

/** The last one asked for of each dataset that is in memory; rows move only where their number changes. */
const known = new WeakMap<ImageColumns, Known>();

/** @throws InklingError `call-invalid` for an evaluation of another dataset */
export function rowPredictions(
  workspace: Workspace,
  dataset: DatasetId,
  columns: ImageColumns,
  evaluation: KeptEvaluation,
): ViewPredictions {
  if (evaluation.dataset !== dataset)
    throw failure('call-invalid', { problem: 'the evaluation is of another dataset' });
  const found = known.get(columns);
  if (found?.of === evaluation && found.count === columns.count) return found.rows;
  const rows = built(workspace, dataset, columns, evaluation);
  known.set(columns, { of: evaluation, count: columns.count, rows });
  return rows;
}

function built(
  workspace: Workspace,
  dataset: DatasetId,
  columns: ImageColumns,
  { images, predicted: answers, probabilities, classes }: KeptEvaluation,
): ViewPredictions {
  const K = classes.length;
  const idOf = new Map(workspace.classes.of(dataset).map(({ id, name }) => [name, id]));
  // Class numbers of the dataset; 0 for a class that it does not have.
  const numbers = classes.map((name) => {
    const id = idOf.get(name);
    return id === undefined ? 0 : columns.classNumber(id);
  });
  const predicted = new Uint16Array(columns.count).fill(notPredicted);
  const confidence = new Float32Array(columns.count).fill(NaN);
  const samples = new Int32Array(columns.count).fill(-1);
  images.forEach((image, n) => {
    const row = image > 0 ? columns.rowOf(image) : -1;
    if (row < 0) return;
    predicted[row] = numbers[answers[n]!]!;
    confidence[row] = probabilities[n * K + answers[n]!]!;
    samples[row] = n;
  });
  const labelProbability = (row: number): number => {
    const label = columns.classes[row]!;
    const index = label === 0 ? -1 : numbers.indexOf(label);
    return index < 0 || samples[row]! < 0 ? NaN : probabilities[samples[row]! * K + index]!;
  };
  return { predicted, confidence, labelProbability };
}
