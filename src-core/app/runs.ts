/** @file What pages do with runs: see them, steer them, compare them. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Capsule, EpochRow, LiveSteps, RunInfo, SeriesName } from '../contract/training.ts';
import { comparisonText } from '../inspect/comparisonTable.ts';
import type { RunId } from '../workspace/records.ts';
import { parseRunId, type NewRun } from '../workspace/runs.ts';
import { readStart } from '../training/epochFiles.ts';
import { RunResult } from '../training/metrics.ts';
import { breathing } from './breathing.ts';
import { compareRuns, toldComparison } from './comparisons.ts';
import { capsuleOf, epochRows } from './runInfo.ts';
import { RunWatch, type WatchPorts } from './runWatch.ts';
import { openCapsule, requireImages, type OpenedCapsule } from './capsule/openCapsule.ts';
import { PackedSeries } from './series.ts';
import { epochsOf } from './storedRun.ts';

export type RunPorts = WatchPorts & {
  /** Of the program and the engines as they are now. */
  readonly versions: NewRun['versions'];
};

const concurrencyKey = 'training.concurrentRuns';
const concurrentRunsMax = 16;
const Concurrency = z.int().min(1).max(concurrentRunsMax);

export function runViewCalls(ports: RunPorts) {
  const { workspace, supervisor, tell } = ports;
  const watch = new RunWatch(ports);
  const kept = Concurrency.safeParse(workspace.settings.get(concurrencyKey));
  if (kept.success) supervisor.setConcurrentRuns(kept.data);
  return {
    list: (): Promise<RunInfo[]> => watch.list(),
    live: (signal: AbortSignal | undefined): AsyncGenerator<LiveSteps[], void, void> =>
      watch.live.events(signal),
    close: (): void => watch.close(),

    concurrency: () => ({ runs: supervisor.concurrentRuns }),
    setConcurrency(runs: number): void {
      workspace.settings.set(concurrencyKey, runs);
      supervisor.setConcurrentRuns(runs);
    },

    /** @throws InklingError of `openCapsule` */
    async openCapsule(path: string): Promise<OpenedCapsule> {
      const opened = await openCapsule(workspace, path);
      watch.changed(opened.run);
      if (opened.dataset) tell({ kind: 'dataset', dataset: opened.dataset.id });
      return opened;
    },

    ...steeringCalls(ports, watch),
    ...readingCalls(ports),
  };
}

function steeringCalls({ workspace, supervisor, versions }: RunPorts, watch: RunWatch) {
  return {
    /** @throws InklingError `run-unknown` */
    rename(name: string, title: string): void {
      const id = parseRunId(name);
      workspace.runs.rename(id, title);
      watch.changed(id);
    },

    /** These throw as the supervisor does. */
    pause: (name: string): void => supervisor.pause(parseRunId(name)),
    resume(name: string, moreEpochs: number): void {
      supervisor.resume(parseRunId(name), moreEpochs);
    },
    stop: (name: string): void => supervisor.stop(parseRunId(name)),
    cancel: (name: string): void => supervisor.cancel(parseRunId(name)),
    reorder: (names: readonly string[]): void => supervisor.reorder(names.map(parseRunId)),

    remove: (names: readonly string[]): Promise<void> =>
      supervisor.remove([...new Set(names.map(parseRunId))]),

    /**
     * The same snapshot, spec, options, seed, engine and device once more.
     *
     * @throws InklingError `run-unknown`, `checkpoint-damaged`, `images-missing`
     */
    async again(name: string): Promise<{ run: RunId }> {
      const run = workspace.runs.get(parseRunId(name));
      requireImages(workspace, run);
      const { snapshot, preset, spec, options, engine, device, limit, follows, start } = run;
      const folder = join(workspace.checkpointFolder, run.id);
      const params = start && (await readStart(folder, start.parametersHash));
      const parametersHash =
        run.result === null ? null : RunResult.parse(run.result).parametersHash;
      const repeats = { run: run.id, parametersHash };
      const same = { snapshot, preset, spec, options, engine, device, limit, follows, start };
      return { run: supervisor.start({ ...same, versions, repeats }, params).id };
    },
  };
}

function readingCalls({ workspace, supervisor, clock }: RunPorts) {
  const series = new PackedSeries(workspace, clock);
  supervisor.listen(({ run, kind }) => {
    if (kind === 'started' || kind === 'status' || kind === 'removed') series.forget(run);
  });
  const compare = (names: readonly string[], target: number) =>
    compareRuns(workspace, [...new Set(names.map(parseRunId))], target, clock);
  return {
    /** @throws InklingError `run-unknown`; so do the others here */
    capsule(name: string): Capsule {
      const run = workspace.runs.get(parseRunId(name));
      const dataset = workspace.runs.datasets().get(run.snapshot)?.name ?? null;
      return capsuleOf(run, workspace.snapshots.get(run.snapshot), dataset);
    },

    async epochs(names: readonly string[]): Promise<{ run: RunId; epochs: EpochRow[] }[]> {
      const breathe = breathing(clock);
      const all: { run: RunId; epochs: EpochRow[] }[] = [];
      for (const name of names) {
        const { id } = workspace.runs.get(parseRunId(name));
        all.push({ run: id, epochs: epochRows(epochsOf(workspace, id)) });
        await breathe();
      }
      return all;
    },

    /** The bytes that `trainingPaths.series` describes. */
    series: (names: readonly string[], name: SeriesName): Promise<Buffer> =>
      series.pack(names.map(parseRunId), name),

    compare: async (names: readonly string[], target: number) =>
      toldComparison(await compare(names, target)),

    async comparisonText(
      names: readonly string[],
      target: number,
      format: Parameters<typeof comparisonText>[1],
    ) {
      const text = comparisonText(await compare(names, target), format);
      return { name: `comparison.${endings[format]}`, text };
    },
  };
}

const endings = { markdown: 'md', latex: 'tex', csv: 'csv' } as const;
