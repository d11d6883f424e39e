/**
 * @file What is known of how fast networks train on this computer: from runs that finished, and from calibrations
 * since the program started. The newest figure of a network counts.
 */
import { activationLabel } from '../model/activations.ts';
import type { LayerSpec, ModelSpec, TrainOptions } from '../model/spec.ts';
import { batchSizeFor } from '../training/batches.ts';
import { RunResult } from '../training/metrics.ts';
import type { Supervisor } from '../training/supervisor.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Speed } from './calibration.ts';
import { stepsPerEpochOf } from './planCheck.ts';
import type { Facts } from './planProblems.ts';

/** What the speed depends on. `batchSize` is that of the steps, which few images may make smaller than asked for. */
export type Workload = {
  readonly spec: ModelSpec;
  readonly options: TrainOptions;
  readonly batchSize: number;
  readonly engine: string;
  readonly device: string;
};

export type Speeds = ReturnType<typeof createSpeeds>;

export function createSpeeds(workspace: Workspace, supervisor: Supervisor) {
  const exact = new Map<string, Speed>();
  /** The same with another activation: better than nothing, and seldom far off. */
  const alike = new Map<string, Speed>();
  let isRead = false;

  const add = (load: Workload, speed: Speed): void => {
    exact.set(keyOf(load, activationLabel), speed);
    alike.set(keyOf(load, isBent), speed);
  };
  const addRun = (run: Run): void => {
    const result = RunResult.safeParse(run.state.status === 'finished' ? run.state.result : null);
    if (result.success) add(loadOf(run, result.data), speedOf(result.data));
  };
  /** Reading all runs takes a moment, so it waits until a time is asked for. */
  const read = (): void => {
    if (isRead) return;
    isRead = true;
    workspace.runs.list().forEach(addRun);
  };
  supervisor.listen((event) => {
    if (isRead && event.kind === 'status' && event.state.status === 'finished')
      addRun(workspace.runs.get(event.run));
  });
  return {
    add(load: Workload, speed: Speed): void {
      read(); // else older runs would count as newer
      add(load, speed);
    },
    /** Null: nothing like it has been measured. */
    of(load: Workload): Speed | null {
      read();
      return exact.get(keyOf(load, activationLabel)) ?? alike.get(keyOf(load, isBent)) ?? null;
    },
  };
}

/** Of all runs of a plan, one after the other; null: nothing like one of them has been measured. */
export function estimate(speeds: Speeds, facts: Facts): number | null {
  const { plan, train } = facts;
  const epochImages = stepsPerEpochOf(facts) * batchSizeFor(plan.options, train);
  const found = loadsOf(facts).map((load) => speeds.of(load));
  const known = found.filter((speed) => speed !== null);
  if (train === 0 || known.length === 0 || known.length < found.length) return null;
  const { epochs } = plan.options;
  const seconds = known.map((speed) => secondsAt(speed, epochs, epochImages));
  return seconds.reduce((sum, each) => sum + each, 0) * plan.seeds.length;
}

/** One for each network of a plan. */
export function loadsOf({ plan, train, variants }: Facts): Workload[] {
  const { options, engine, device } = plan;
  const batchSize = batchSizeFor(options, train);
  return variants.flatMap(({ spec, network }) =>
    spec && network ? [{ spec, options, batchSize, engine, device }] : [],
  );
}

/** @param epochImages training images of an epoch. */
function secondsAt(speed: Speed, epochs: number, epochImages: number): number {
  // What an epoch's end takes grows with the images to validate, and is never quite nothing.
  const growth = Math.max(1, epochImages / speed.epochImages);
  return epochs * (epochImages * speed.imageSeconds + speed.epochSeconds * growth);
}

function speedOf({ epochs, seconds, stepSeconds, samplesPerSecond }: RunResult): Speed {
  return {
    imageSeconds: 1 / samplesPerSecond,
    epochSeconds: (seconds - stepSeconds) / epochs,
    epochImages: Math.round((samplesPerSecond * stepSeconds) / epochs),
  };
}

function loadOf({ spec, options, engine, device }: Run, result: RunResult): Workload {
  const { samplesPerSecond, stepSeconds, steps } = result;
  const batchSize = Math.round((samplesPerSecond * stepSeconds) / steps);
  return { spec, options, batchSize, engine, device };
}

const isBent = ({ name }: { readonly name: string }): string =>
  name === 'linear' ? 'linear' : 'bent';

/** Numbers that change a value and not the amount of computing are left out. */
function keyOf(load: Workload, activation: typeof activationLabel): string {
  const { spec, options, batchSize, engine, device } = load;
  const { input, layers, classes, output } = spec;
  const { threads, loss, optimizer, clipNorm, weightDecay, averaging, augmentation } = options;
  return JSON.stringify([
    [engine, device, threads, batchSize, input, classes, output],
    layers.map((layer) => layerKey(layer, activation)),
    [loss.kind, optimizer.kind, clipNorm !== null, weightDecay > 0, averaging !== null],
    augmentation,
  ]);
}

function layerKey(layer: LayerSpec, activation: typeof activationLabel): object {
  const own = 'activation' in layer ? { activation: activation(layer.activation) } : {};
  if (layer.kind !== 'residual') return { ...layer, ...own };
  return { ...layer, ...own, layers: layer.layers.map((inner) => layerKey(inner, activation)) };
}
