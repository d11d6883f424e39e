/**
 * @file The composition root: one object that can do everything the program does, over one workspace. Hosts bring
 * the ports (clock, processes, versions) and carry calls; they decide nothing.
 */
import { compareRuns } from './app/comparisons.ts';
import {
  inspectRun,
  predictByFile,
  predictByRun,
  type ImagePrediction,
  type Inspection,
} from './app/trained.ts';
import { requireImages } from './app/capsule/openCapsule.ts';
import { classCalls, datasetCalls } from './app/datasets.ts';
import { exportCalls } from './app/exports.ts';
import { Hub } from './app/hub.ts';
import { imageCalls } from './app/images.ts';
import { inspectCalls } from './app/inspect.ts';
import { Jobs } from './app/jobs.ts';
import {
  comparisonPlan,
  runPlan,
  type ComparisonRequest,
  type TrainRequest,
} from './app/requests.ts';
import { runViewCalls } from './app/runs.ts';
import { trainingCalls, type TrainingPorts } from './app/training.ts';
import type { Models } from './app/models.ts';
import { decodeToTensor } from './data/decode/decode.ts';
import { ensureCache, openCache, type TensorCache } from './data/cache.ts';
import { sampleDigits } from './data/digits.ts';
import {
  importPath,
  importSource,
  type ImportReport,
  type ImportRequest,
} from './data/import/importPath.ts';
import type { Given } from './data/import/source.ts';
import { comparisonTable } from './inspect/comparisonTable.ts';
import { devices } from './engine/devices.ts';
import type { Device } from './engine/engine.ts';
import { hiddenActivations } from './model/layers.ts';
import { RunResult } from './training/metrics.ts';
import type { InspectorPorts } from './inspect/client.ts';
import type { RunEvent } from './training/recorder.ts';
import { Supervisor, type SupervisorPorts } from './training/supervisor.ts';
import type { Part, RunId, SnapshotHash } from './workspace/records.ts';
import { parseRunId } from './workspace/runs.ts';
import type { Run } from './workspace/runs.ts';
import { openWorkspace, type Workspace, type WorkspaceCheck } from './workspace/workspace.ts';
import { failure } from './errors.ts';

export type { ComparisonRequest } from './app/requests.ts';
export { requireWorkspace } from './workspace/workspace.ts';

export type AppPorts = Pick<SupervisorPorts, 'startTrainer' | 'every'> &
  Pick<InspectorPorts, 'startInspector'> &
  Pick<TrainingPorts, 'startTrial'> & {
    /** Milliseconds since 1970, for what is stored. */
    readonly now: () => number;
    /** Milliseconds that never run backwards, for what is measured. */
    readonly clock: () => number;
    /** Of the program, Node and the engines: part of every run. */
    readonly versions: Readonly<Record<string, string>>;
    /** Threads a run uses where none are asked for. */
    readonly threads: number;
    /** Told of failures that no catalogue lists, with their stack, where no caller hears of them. */
    readonly reportDefect: (error: unknown) => void;
  };

export type App = ReturnType<typeof createApp>;

/** @throws InklingError of `openWorkspace` */
export function createApp(folder: string, ports: AppPorts) {
  const workspace = openWorkspace(folder, { clock: ports.now });
  const { startTrainer, every, clock } = ports;
  const ensure = sharedCaches(workspace);
  const supervisor = new Supervisor({ workspace, startTrainer, every, clock, ensureCache: ensure });
  const pages = pageCalls(workspace, ports);
  const training = trainingCalls({ ...ports, workspace, supervisor });
  const tell = pages.hub.tell.bind(pages.hub);
  const runViews = runViewCalls({ ...ports, workspace, supervisor, tell });
  const { pictures, jobs } = pages;
  const inspecting = inspectCalls({
    ...ports,
    ...pictures.shared,
    workspace,
    jobs,
    ensureCache: ensure,
  });
  const exports = exportCalls({ ...ports, workspace, jobs, ensureCache: ensure });
  return {
    ports,
    workspace,
    supervisor,
    inspecting,
    exports,
    ...pages,
    ...dataCalls(workspace),
    training,
    runViews,
    ...runCalls(workspace, supervisor, training, ports.threads),
    ...networkCalls({ workspace, ensureCache: ensure, models: inspecting.models, clock }),

    /** Writes a run's network as files and checks them. @throws InklingError of `exportRun`, `exporter-ended` */
    export: (run: Run, options: Parameters<typeof exports.write>[1]) => exports.write(run, options),

    doctor: async (): Promise<Doctor> => ({
      versions: ports.versions,
      threads: ports.threads,
      workspace: { folder: workspace.folder, writable: workspace.writable, ...workspace.check() },
      devices: await devices(ports.startTrial),
    }),

    /** Runs that are on are stopped with a checkpoint, jobs are canceled. */
    async close(): Promise<void> {
      training.close();
      await pages.jobs.close();
      inspecting.close();
      await supervisor.close();
      runViews.close();
      workspace.close();
    },
  };
}

function dataCalls(workspace: Workspace) {
  return {
    importPath: (given: Given, request: ImportRequest): Promise<ImportReport> =>
      importPath(workspace, given, request),

    sampleDigits: (request: SampleRequest) => importDigits(workspace, request),
  };
}

/** What pages need besides: they are told what happens, and long work is a job. */
function pageCalls(workspace: Workspace, { now, clock, reportDefect }: AppPorts) {
  const hub = new Hub();
  const tell = hub.tell.bind(hub);
  const jobs = new Jobs({ tell, now, clock, reportDefect });
  const pictures = imageCalls(workspace, {
    now,
    changed: (dataset) => tell({ kind: 'dataset', dataset }),
  });
  const ports = { workspace, images: pictures, jobs, tell, ...dataCalls(workspace) };
  return { hub, jobs, pictures, datasets: datasetCalls(ports), classes: classCalls(ports) };
}

function runCalls(
  workspace: Workspace,
  supervisor: Supervisor,
  training: ReturnType<typeof trainingCalls>,
  threads: number,
) {
  return {
    /** Stores a run and queues it. @throws InklingError for a dataset, preset or setting that cannot work */
    start: (request: TrainRequest): Run =>
      training.startNow(runPlan(workspace, request, threads))[0]!,

    /**
     * One run per activation and seed, all on one snapshot. The initializer is the same for all, so that with the
     * same seed they start from the same weights.
     */
    startComparison: (request: ComparisonRequest): Run[] =>
      training.startNow(comparisonPlan(workspace, request, threads)),

    /** @throws InklingError `run-unknown` */
    run: (name: string): Run => workspace.runs.get(parseRunId(name)),

    runs: (): readonly RunSummary[] => workspace.runs.list().map(summaryOf),

    listen: (listener: (event: RunEvent) => void) => supervisor.listen(listener),
  };
}

type NetworkPorts = Pick<AppPorts, 'clock'> &
  Pick<SupervisorPorts, 'workspace' | 'ensureCache'> & { readonly models: Models };

function networkCalls({ workspace, ensureCache, models, clock }: NetworkPorts) {
  /** The samples of a run's snapshot, decoded if they are not yet. */
  const samples = async (run: Run): Promise<TensorCache> => {
    await ensureCache(run);
    return openCache(workspace.cacheFolder, run.snapshot);
  };
  return {
    /** @throws InklingError `run-unfinished`, `split-empty`, `checkpoint-damaged` */
    inspect: async (run: Run, split: Part): Promise<Inspection> =>
      inspectRun(workspace, models, { run, samples: await samples(run), split }),

    /** Runs side by side; `target` is the accuracy whose epochs and seconds are counted. */
    async comparison(ids: readonly RunId[], target: number) {
      const compared = await compareRuns(workspace, ids, target, clock);
      return { ...compared, table: comparisonTable(compared) };
    },

    /** @param model a run, or the path of an ONNX file. */
    predict(model: string, images: readonly string[]): Promise<ImagePrediction[]> {
      if (/\.onnx$/i.test(model)) return predictByFile(models, model, images);
      return predictByRun(models, workspace.runs.get(parseRunId(model)), images);
    },
  };
}

/** A line in the list of runs. Figures are null until a run has finished. */
export type RunSummary = {
  readonly run: RunId;
  readonly status: Run['state']['status'];
  readonly preset: string | null;
  readonly activations: readonly string[];
  readonly seed: number;
  readonly epochs: number;
  readonly validationAccuracy: number | null;
  readonly testAccuracy: number | null;
  readonly parametersHash: string | null;
  /** What it was called where it was trained, if that was not here. */
  readonly cameFrom: string | null;
};

function summaryOf({ id, preset, spec, options, state, cameFrom }: Run): RunSummary {
  const result = state.status === 'finished' ? RunResult.parse(state.result) : null;
  return {
    run: id,
    status: state.status,
    preset,
    activations: hiddenActivations(spec),
    seed: options.seed,
    epochs: result?.epochs ?? options.epochs,
    validationAccuracy: result?.validation?.accuracy ?? null,
    testAccuracy: result?.test?.accuracy ?? null,
    parametersHash: result?.parametersHash ?? null,
    cameFrom: cameFrom?.run ?? null,
  };
}

export type Doctor = {
  readonly versions: AppPorts['versions'];
  readonly threads: number;
  readonly workspace: { readonly folder: string; readonly writable: boolean } & WorkspaceCheck;
  readonly devices: readonly Device[];
};

export type SampleRequest = ImportRequest & { readonly count: number; readonly seed: number };

/** As many as a million-image grid can show; generating them takes minutes. */
const SAMPLE_MAX = 1_000_000;

/** The built-in sample as a dataset of its own, or added to one. */
function importDigits(workspace: Workspace, request: SampleRequest): Promise<ImportReport> {
  const { count, seed } = request;
  if (!Number.isInteger(count) || count < 1 || count > SAMPLE_MAX)
    throw failure('setting-invalid', {
      setting: 'count',
      problem: `${count} digits cannot be made, only 1 … ${SAMPLE_MAX}`,
    });
  const source = sampleDigits({ count, seed });
  return importSource(workspace, source, { ...request, path: 'generated', format: 'generated' });
}

/** Makes the tensor cache of a run where it is missing. Whoever asks while it is being made waits for that one. */
function sharedCaches(workspace: Workspace): (run: Run) => Promise<TensorCache> {
  const building = new Map<SnapshotHash, Promise<TensorCache>>();
  return async (run) => {
    requireImages(workspace, run);
    const { snapshot } = run;
    const build =
      building.get(snapshot) ??
      ensureCache(workspace, workspace.snapshots.get(snapshot), {
        decode: decodeToTensor,
      }).finally(() => building.delete(snapshot));
    building.set(snapshot, build);
    return build;
  };
}
