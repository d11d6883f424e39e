/**
 * @file What each dataset would be frozen to, kept until something of it changes: a plan is judged with every edit.
 * How large pictures are takes longest to find out, and no label changes it where all are of one size.
 */
import { setImmediate } from 'node:timers/promises';
import { extentInSteps, forecastSnapshot, isUniform, type Forecast } from '../data/forecast.ts';
import type { DatasetId } from '../workspace/records.ts';
import type { Extent } from '../workspace/snapshots.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type Forecasts = ReturnType<typeof createForecasts>;

/** Of the datasets one works with; each is a few numbers. */
const keptMax = 16;

export function createForecasts(workspace: Workspace) {
  const kept = keeper<Forecast>();
  const extents = keeper<Extent | null>();

  /** Yields where it may pause. */
  function* inSteps(dataset: DatasetId): Generator<undefined, Forecast> {
    const known = kept.get(dataset, labelTrace(workspace, dataset));
    if (known) return known;
    const images = imageTrace(workspace, dataset);
    let extent = extents.get(dataset, images);
    if (extent === undefined) {
      extent = yield* extentInSteps(workspace, dataset, 'all');
      if (imageTrace(workspace, dataset) === images) extents.set(dataset, images, extent);
    }
    yield;
    if (extent && !isUniform(extent))
      extent = (yield* extentInSteps(workspace, dataset, 'labeled')) ?? extent;
    yield;
    // From here on nothing else has a turn, so that the counts are of one moment.
    const trace = labelTrace(workspace, dataset);
    const forecast = forecastSnapshot(workspace, dataset, extent);
    kept.set(dataset, trace, forecast);
    return forecast;
  }

  return {
    /** At once. */
    of(dataset: DatasetId): Forecast {
      const steps = inSteps(dataset);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
      }
    },

    /** The same, with turns for others in between. */
    async soon(dataset: DatasetId): Promise<Forecast> {
      const steps = inSteps(dataset);
      for (;;) {
        const step = steps.next();
        if (step.done) return step.value;
        await setImmediate();
      }
    },
  };
}

/** Values by dataset, good as long as their trace is the same. */
function keeper<T>() {
  const kept = new Map<DatasetId, { readonly trace: string; readonly value: T }>();
  return {
    get(dataset: DatasetId, trace: string): T | undefined {
      const found = kept.get(dataset);
      return found?.trace === trace ? found.value : undefined;
    },
    set(dataset: DatasetId, trace: string, value: T): void {
      kept.set(dataset, { trace, value });
      for (const oldest of kept.keys()) if (kept.size > keptMax) kept.delete(oldest);
    },
  };
}

/** Costs microseconds, and differs after every change of the images there are. */
function imageTrace({ images, datasets }: Workspace, dataset: DatasetId): string {
  const count = datasets.imageCount(dataset);
  return [images.foreignVersion(), images.revision(dataset), count].join(' ');
}

/** Differs after every change of images, labels, classes and parts. */
function labelTrace(workspace: Workspace, dataset: DatasetId): string {
  const { labels, splits, datasets } = workspace;
  const classes = datasets.classes(dataset).map(({ id, name }) => [id, name]);
  const changes = [labels.newest(dataset), splits.revision(dataset), classes];
  return `${imageTrace(workspace, dataset)} ${JSON.stringify(changes)}`;
}
