/**
 * @file Whether the main process stays awake: how late its event loop comes round while a run trains at full speed
 * and a page reads along, whether that run is slowed down, and how long charts of many runs take to be packed.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { createApp, type App } from '../src-core/app.ts';
import type { RunId } from '../src-core/workspace/records.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { storeRuns } from './manyRuns.ts';
import { atLeast, atMost, plain, type Row } from './measure.ts';
import { stepsPerSecond } from './stepTimes.ts';

/** About 3000 steps. */
const digits = 10_000;
const epochs = 48;
const delayBarMs = 50;
const speedBar = 0.9;
const packedBarMs = 1000;
const runs = 200;
const steps = 10_000;

/** Storing the runs takes seconds without a pause; what it leaves to be collected is none of the packing's. */
const restMs = 500;

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`;
const shares = (value: number): string => `${(100 * value).toFixed(0)} %`;

export const responsive: Benchmark = {
  about: `The main process while mlp-128-64 trains on ${digits} generated digits with a page reading along, and the series of ${runs} runs of ${steps} steps.`,
  async run(bench) {
    const alone = await bench.train('generated', [
      '--preset',
      'mlp-128-64',
      '--epochs',
      `${epochs}`,
    ]);
    const app = createApp(join(bench.folder, 'responsive'), nodePorts());
    try {
      const { rows, rate } = await whileTraining(app);
      const share = rate / (alone.steps / alone.stepSeconds);
      const speed = atLeast(
        'speed with a page reading along, share of the command line’s',
        [share],
        speedBar,
        shares,
      );
      return { rows: [...rows, speed, ...(await whilePacking(app))], notes: [] };
    } finally {
      await app.close();
    }
  },
};

/** Resolution of the histogram: what is late is counted in addition to it. */
const resolutionMs = 1;

async function whileTraining(app: App): Promise<{ rows: Row[]; rate: number }> {
  await app.sampleDigits({ dataset: 'generated', count: digits, seed: 1 });
  const reading = new AbortController();
  const read = drain(app.runViews.live(reading.signal));
  const told = drain(app.hub.events(reading.signal));
  const { id } = app.start({ dataset: 'generated', preset: 'mlp-128-64', epochs });
  await begun(app, id);
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const { run } = await app.supervisor.ended(id);
  delay.disable();
  reading.abort();
  const [events, lines] = await Promise.all([read, told]);
  if (run.state.status !== 'finished') throw new Error(`the run is ${run.state.status}`);
  const { seconds } = (await app.runViews.list()).find((one) => one.run === id)!;
  const late = (percentile: number): number => delay.percentile(percentile) / 1e6;
  return {
    rate: stepsPerSecond(app, id),
    rows: [
      atMost('event loop while training, p99', [late(99)], delayBarMs, milliseconds),
      atMost('event loop while training, latest', [delay.max / 1e6], delayBarMs, milliseconds),
      plain(
        'live messages, and lines of the table told',
        `${events} and ${lines} in ${seconds.toFixed(1)} s`,
      ),
    ],
  };
}

async function drain(events: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of events) count++;
  return count;
}

/** Its first steps are measured: processes, data and graphs are ready. */
function begun(app: App, id: RunId): Promise<void> {
  return new Promise((resolve) => {
    const stop = app.listen((event) => {
      if (event.run !== id || event.kind !== 'steps') return;
      stop();
      resolve();
    });
  });
}

async function whilePacking(app: App): Promise<Row[]> {
  const ids = storeRuns(app.workspace, runs, steps);
  await setTimeout(restMs);
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const took: number[] = [];
  for (let round = 0; round < 2; round++) {
    const before = performance.now();
    await app.runViews.series(ids, 'loss');
    took.push(performance.now() - before);
  }
  delay.disable();
  const [first, again] = took as [number, number];
  const what = `${runs} runs × ${steps} steps`;
  return [
    atMost(`loss of ${what}, packed for the first time`, [first], packedBarMs, milliseconds),
    plain(`loss of ${what}, packed again`, milliseconds(again)),
    atMost('event loop while packing, latest', [delay.max / 1e6], delayBarMs, milliseconds),
  ];
}
