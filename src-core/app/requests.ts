/** @file What the command line asks for, by names, as a plan: from there on it is what a page would start. */
import { TrainPlan } from '../contract/training.ts';
import { failure } from '../errors.ts';
import { planOptions, planSpec, type RunRequest } from '../model/plan.ts';
import { ImageShape } from '../model/spec.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** A run to start: what `RunRequest` says, on which data and where. */
export type TrainRequest = RunRequest & {
  readonly dataset: string;
  readonly engine?: string | undefined;
  readonly device?: string | undefined;
  /** Training images to use at most. */
  readonly limit?: number | undefined;
  /** The network's input where the images' own size should not decide. */
  readonly input?: ImageShape | undefined;
};

export type ComparisonRequest = TrainRequest & {
  readonly activations: readonly string[];
  readonly seeds: readonly number[];
};

/** Suits the ReLU family, which most comparisons are about; the same for all, also where one is compared alone. */
const comparisonInitializer = 'he';

/** @throws InklingError for a dataset, preset or setting that cannot be */
export function comparisonPlan(
  workspace: Workspace,
  request: ComparisonRequest,
  threads: number,
): TrainPlan {
  const initializer = request.initializer ?? comparisonInitializer;
  const { activations, seeds } = request;
  const plan = runPlan(workspace, { ...request, initializer }, threads);
  return checkedPlan({ ...plan, activations, seeds });
}

/** @throws InklingError for a dataset, preset or setting that cannot be */
export function runPlan(workspace: Workspace, request: TrainRequest, threads: number): TrainPlan {
  const input = ImageShape.safeParse(request.input ?? { channels: 1, height: 28, width: 28 });
  if (!input.success)
    throw failure('setting-invalid', {
      setting: 'input',
      problem: 'it is 1 … 512 pixels high and wide, with 1 or 3 channels',
    });
  const { layers, output, initializer } = planSpec(request, input.data, 2);
  const options = planOptions({ ...request, threads: request.threads ?? threads });
  const { preset, engine = 'onnx', device = 'cpu', limit = null } = request;
  return checkedPlan({
    ...{ dataset: datasetNumber(workspace, request.dataset), preset, layers, output, initializer },
    ...{ options, activations: [], seeds: [options.seed], engine, device, limit },
    input: request.input ?? null,
  });
}

function datasetNumber({ datasets }: Workspace, name: string): number {
  const found = datasets.find(name);
  if (found) return found.id;
  const names = datasets.list().map((one) => one.name);
  throw failure('dataset-unknown', { name, known: names.join(', ') || 'none' });
}

function checkedPlan(plan: unknown): TrainPlan {
  const parsed = TrainPlan.safeParse(plan);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw failure('setting-invalid', { setting: path.join('.'), problem: message });
}
