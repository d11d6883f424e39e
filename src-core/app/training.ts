/**
 * @file Everything behind the contract's group `training`: what can be chosen, what a plan amounts to, how long it
 * takes, and the start of its runs. The command line starts its runs here too, as plans of its own making.
 */
import type { PlanReport, TrainPlan } from '../contract/training.ts';
import { freezeSnapshot } from '../data/snapshot.ts';
import { devices, type StartTrial } from '../engine/devices.ts';
import type { Device } from '../engine/engine.ts';
import { hiddenActivations } from '../model/layers.ts';
import { planOptions, planSpec } from '../model/plan.ts';
import { batchSizeFor } from '../training/batches.ts';
import type { Supervisor } from '../training/supervisor.ts';
import type { TrainerProcess } from '../training/trainerProcess.ts';
import type { Dataset } from '../workspace/datasets.ts';
import type { DatasetId } from '../workspace/records.ts';
import { parseRunId, rowOf, type NewRun, type Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { augmentedPictures } from './augmented.ts';
import { calibrate } from './calibration.ts';
import { readCatalog, readCurves } from './catalog.ts';
import { beginningFrom, planOfRun, requireSameClasses, type Beginning } from './following.ts';
import { createForecasts, type Forecasts } from './forecasts.ts';
import { factsOf, reportOf } from './planCheck.ts';
import { labelsOf, specOf } from './planning.ts';
import { absence, problemsOf, type Facts } from './planProblems.ts';
import { createSpeeds, estimate, loadsOf, type Speeds } from './speeds.ts';

export type TrainingPorts = {
  readonly workspace: Workspace;
  readonly supervisor: Supervisor;
  readonly startTrainer: () => TrainerProcess;
  readonly startTrial: StartTrial;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  readonly versions: Readonly<Record<string, string>>;
  /** Of a run, where none are asked for. */
  readonly threads: number;
};

type Tools = TrainingPorts & {
  readonly forecasts: Forecasts;
  readonly speeds: Speeds;
  readonly deviceList: () => Promise<readonly Device[]>;
  /** Measurements under way end with it. */
  readonly closing: AbortController;
};

export function trainingCalls(ports: TrainingPorts) {
  const { workspace, supervisor, startTrial } = ports;
  const tools: Tools = {
    ...ports,
    forecasts: createForecasts(workspace),
    speeds: createSpeeds(workspace, supervisor),
    // Trying a driver takes up to seconds, and what it finds stays until the program starts again.
    deviceList: once(() => devices(startTrial)),
    closing: new AbortController(),
  };
  return {
    catalog: once(readCatalog),
    curves: readCurves,

    async devices() {
      const found = await tools.deviceList();
      return found.map((device) => {
        const { engine, id, label } = device;
        const reason = absence(device);
        return { engine, device: id, label, isAvailable: reason === null, reason };
      });
    },

    ...planCalls(tools),

    /** The bytes that `trainingPaths.augmented` describes. @throws InklingError `dataset-gone`, `setting-invalid` */
    async augmented(dataset: number, augmentation: string, seed: number, count: number) {
      const { id } = datasetOf(tools, dataset);
      const { shape } = await tools.forecasts.soon(id);
      return augmentedPictures(workspace, { dataset: id, shape, augmentation, seed, count });
    },

    /** Ends what is being measured. */
    close: (): void => tools.closing.abort(),
  };
}

function planCalls(tools: Tools) {
  const { speeds, threads } = tools;
  const secondsOf = (facts: Facts): number | null => estimate(speeds, facts);
  return {
    /** @throws InklingError `dataset-gone`, `preset-unknown` */
    defaults: (dataset: number, preset: string): TrainPlan =>
      usualPlan(datasetOf(tools, dataset).id, preset, threads),

    /** @throws InklingError `dataset-gone` */
    check: async (plan: TrainPlan): Promise<PlanReport> =>
      reportOf(await factsSoon(tools, plan), secondsOf),

    /** @throws InklingError of `calibrate`, and those of a plan that cannot be started */
    async calibrate(plan: TrainPlan, signal?: AbortSignal) {
      const facts = await factsSoon(tools, plan);
      requireStartable(facts);
      const stepMs = await measure(tools, facts, signal);
      const seconds = secondsOf(facts);
      if (seconds === null) throw new Error('what was measured is not known');
      return { stepMs, seconds };
    },

    /** Stores and queues all runs of the plan, or none. @throws InklingError for what `check` has problems with */
    async start(plan: TrainPlan): Promise<{ runs: string[]; comparison: string | null }> {
      const started = startRuns(tools, await factsSoon(tools, plan));
      return { runs: started.map(({ id }) => id), comparison: started[0]?.comparison ?? null };
    },

    /**
     * The plan of a run on what its dataset is now, as a run of its own: from initial values, or from what it kept.
     *
     * @throws InklingError `run-unknown`, `run-unfinished`, `classes-changed`, and what `start` throws
     */
    async follow(name: string, from: 'initial' | 'kept'): Promise<{ run: string }> {
      const { workspace } = tools;
      const before = workspace.runs.get(parseRunId(name));
      const facts = await factsSoon(tools, planOfRun(workspace, before));
      const beginning = from === 'kept' ? await beginningFrom(workspace, before) : null;
      const [run] = startRuns(tools, facts, { before, beginning });
      return { run: run!.id };
    },

    /** The same at once: whether the device is really there, the trainer finds out. */
    startNow: (plan: TrainPlan): Run[] => startRuns(tools, factsNow(tools, plan)),
  };
}

/** A number that is no id finds nothing in the store. @throws InklingError `dataset-gone` */
function datasetOf({ workspace }: Tools, dataset: number): Dataset {
  return workspace.datasets.byId(dataset as DatasetId);
}

function factsNow(tools: Tools, plan: TrainPlan): Facts {
  const { id, name } = datasetOf(tools, plan.dataset);
  return factsOf(plan, { dataset: name, forecast: tools.forecasts.of(id), devices: null });
}

/** Every computer has the processor: only for another device there is something to look for. */
async function factsSoon(tools: Tools, plan: TrainPlan): Promise<Facts> {
  const { id, name } = datasetOf(tools, plan.dataset);
  const isProcessor = plan.engine === 'onnx' && plan.device === 'cpu';
  const found = isProcessor ? null : await tools.deviceList();
  const forecast = await tools.forecasts.soon(id);
  return factsOf(plan, { dataset: name, forecast, devices: found });
}

/** As the form first stands. */
function usualPlan(dataset: number, preset: string, threads: number): TrainPlan {
  // Layers and options are the same for every image size and number of classes.
  const spec = planSpec({ preset }, { channels: 1, height: 28, width: 28 }, 2);
  const { layers, output, initializer } = spec;
  const options = planOptions({ preset, threads });
  return {
    ...{ dataset, preset, input: null, layers, output, initializer, options },
    activations: [...hiddenActivations(spec)],
    seeds: [options.seed],
    ...{ engine: 'onnx', device: 'cpu', limit: null },
  };
}

function requireStartable(facts: Facts): void {
  const [problem] = problemsOf(facts);
  if (problem) throw problem.error;
}

/** The run that another one follows, and the parameters it gives to it; null: none. */
type Following = { readonly before: Run; readonly beginning: Beginning | null };

/**
 * Freezes the dataset once, and stores a run for each seed and activation on that snapshot.
 *
 * @throws InklingError for a plan with problems, `disk-full`, `workspace-in-use`
 */
function startRuns(
  { workspace, supervisor, versions }: Tools,
  facts: Facts,
  following: Following | null = null,
): Run[] {
  requireStartable(facts);
  const { plan } = facts;
  const { preset, engine, device, limit, seeds } = plan;
  const prepare = (): NewRun[] => {
    const dataset = workspace.datasets.byId(plan.dataset as DatasetId);
    const snapshot = freezeSnapshot(workspace, dataset, { limit, shape: plan.input });
    const data = { input: snapshot.shape, classes: snapshot.classes.length };
    const specs = labelsOf(plan).map((label) => specOf(plan, label, data));
    const comparison = specs.length * seeds.length > 1 ? comparisonName(workspace) : null;
    if (following?.beginning) requireSameClasses(workspace, following.before, snapshot.classes);
    const kin = {
      follows: following?.before.id ?? null,
      start: following?.beginning?.start ?? null,
    };
    const common = {
      snapshot: snapshot.hash,
      preset,
      engine,
      device,
      limit,
      versions,
      comparison,
      ...kin,
    };
    return seeds.flatMap((seed) =>
      specs.map((spec) => ({ ...common, spec, options: { ...plan.options, seed } })),
    );
  };
  return supervisor.startAll(prepare, following?.beginning?.params ?? null);
}

/** After the run it begins with: no other comparison that has runs is called the same. */
function comparisonName({ runs }: Workspace): string {
  const last = runs.ids().at(-1);
  return `c${last ? rowOf(last) + 1 : 1}`;
}

/** Networks of a plan that are measured; the others are taken to be like the last of them. */
const measuredMax = 4;

/** Milliseconds of a step, the mean over the networks measured. */
async function measure(tools: Tools, facts: Facts, signal?: AbortSignal): Promise<number> {
  const { plan, input, train, forecast } = facts;
  const loads = loadsOf(facts).slice(0, measuredMax);
  const { options, engine, device } = plan;
  const batchSize = batchSizeFor(options, train);
  const specs = loads.map(({ spec }) => spec);
  const { validation } = forecast.images;
  const { id } = datasetOf(tools, plan.dataset);
  const request = { dataset: id, input, specs, options, engine, device, batchSize };
  const ends = AbortSignal.any([tools.closing.signal, ...(signal ? [signal] : [])]);
  const found = await calibrate(tools, { ...request, train, validation }, ends);
  loads.forEach((load, i) => tools.speeds.add(load, found[i]!));
  const imageSeconds = found.reduce((sum, speed) => sum + speed.imageSeconds, 0) / found.length;
  return imageSeconds * batchSize * 1000;
}

/** Does it when first asked, and again only if it failed. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | null = null;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = null;
      throw error;
    });
    return done;
  };
}
