/**
 * @file The child of live.ts: the browser host, as `npm start` starts it, that also writes down when it heard of each
 * step and how late its event loop came round.
 *
 * usage: liveServer.ts WORKSPACE, as a forked process. Makes a dataset of 10 000 digits and says where it is; for every
 * `{epochs, isWatched}` it is sent, trains that long and says what it measured; ends when its parent lets go of it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { z } from 'zod';
import { createApp } from '../src-core/app.ts';
import { ensurePage, pageFolder } from '../src-main/builtPage.ts';
import { nodePorts, reportDefect } from '../src-main/nodeHost.ts';
import { startServer } from '../src-main/server.ts';
import { Asked, type Said } from './liveMessages.ts';
import { stepTimes, stepsPerSecond, type StepTime } from './stepTimes.ts';

/** Of the histogram: what is late is counted in addition to it. */
const resolutionMs = 1;

const say = (said: Said): void => void process.send?.(said);
const app = createApp(z.string().parse(process.argv[2]), nodePorts());
await ensurePage(console.error);
await app.sampleDigits({ dataset: 'digits', count: 10_000, seed: 1 });
const { platform } = process;
const server = await startServer({ app, pageFolder, port: 0, platform, reportDefect });
process.on('message', (message) => void train(Asked.parse(message)));
process.once('disconnect', () => void server.close().then(() => app.close()));
say({ kind: 'ready', url: server.url });

async function train({ epochs, isWatched }: Asked): Promise<void> {
  const { id } = app.start({ dataset: 'digits', preset: 'mlp-128-64', epochs });
  const { batchSize } = app.run(id).options;
  const heard: StepTime[] = [];
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  const stop = app.listen((event) => {
    if (event.run !== id || event.kind !== 'steps') return;
    if (heard.length === 0) {
      // Processes, data and graphs are ready: from here on it trains at full speed.
      if (isWatched) delay.enable();
      say({ kind: 'begun' });
    }
    const now = performance.timeOrigin + performance.now();
    heard.push(...stepTimes(event.firstStep, event.series.samplesPerSecond, batchSize, now));
  });
  const { run } = await app.supervisor.ended(id);
  delay.disable();
  stop();
  say({
    kind: 'trained',
    status: run.state.status,
    steps: heard,
    stepsPerSecond: stepsPerSecond(app, id),
    lateMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 },
  });
}
