/** @file Many long runs in a workspace, written by the functions that a recorder writes with. */
import { stream } from '../src-core/random.ts';
import type { RunId } from '../src-core/workspace/records.ts';
import type { Workspace } from '../src-core/workspace/workspace.ts';

const flushSteps = 100;
/** Flushes that a recorder joins into one row. */
const joinedFlushes = 64;

/** Copies of the first run of the workspace, each with curves of its own: what falls, what rises, and noise on both. */
export function storeRuns({ runs, metrics }: Workspace, count: number, steps: number): RunId[] {
  const [trained] = runs.list();
  return Array.from({ length: count }, (_, number) => {
    const { id } = runs.create(trained!);
    for (let firstStep = 1; firstStep <= steps; firstStep += flushSteps)
      metrics.addSteps(id, { firstStep, series: flushOf(number, firstStep) });
    metrics.join(id, 1 + steps - joinedFlushes * flushSteps);
    runs.setState(id, { status: 'stopped' });
    return id;
  });
}

function flushOf(run: number, firstStep: number) {
  const noise = stream(run, 'bench', firstStep);
  const over = (value: (step: number) => number): Float32Array =>
    Float32Array.from({ length: flushSteps }, (_, i) => value(firstStep + i));
  const far = (step: number): number => Math.exp(-step / (1000 + 10 * run));
  return {
    loss: over((step) => 0.2 + 2 * far(step) + 0.2 * noise.float()),
    accuracy: over((step) => 0.9 - 0.8 * far(step) + 0.1 * noise.float()),
    learningRate: over(() => 1e-3),
    samplesPerSecond: over(() => 50_000 + 5000 * noise.float()),
  };
}
