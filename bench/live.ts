/**
 * @file A run at full speed with the window open: how long a step takes to its pixel, what the window costs the
 * training, whether labeling stays quick, and how late the event loop of the server comes round.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import type { Bench, Benchmark } from './bench.ts';
import { keyRows, openLabeling, pressKey, type KeyTimes } from './keys.ts';
import { Said, type Trained } from './liveMessages.ts';
import { atLeast, atMost, milliseconds, percents, plain, quantile, type Row } from './measure.ts';
import { newPage, startBrowser } from './programWindow.ts';

/** About 6000 steps. */
const epochs = 96;
const rounds = { speed: 8, latency: 3 };
/** Before a run whose speed is measured. */
const restMs = 1500;
const bars = { pixelMs: 300, speed: 0.9, keyMs: 50, lateMs: 50 };

export const live: Benchmark = {
  about: `mlp-128-64 on 10 000 generated digits, ${epochs} epochs, in the browser host with real Chromium at 1280 × 800. Step to pixel: from the end of a step in the trainer to the accuracy chart painted with it, ${rounds.latency} runs. Speed: steps a second with the runs and their charts open, divided by those of the same run by command line, one before the other by turns, ${rounds.speed} times; without what measures the other figures: a clock that wakes the server every millisecond, and a frame for each painting. Keys: labels given while it trains.`,
  async run(bench) {
    const workspace = join(bench.folder, 'live');
    const server = await startLiveServer(workspace);
    const browser = await startBrowser();
    try {
      const page = await newPage(browser);
      await page.goto(server.url);
      await page.getByRole('link', { name: 'digits' }).waitFor();
      return {
        rows: [...(await withCharts(bench, server, page)), ...(await withKeys(server, page))],
        notes: [],
      };
    } finally {
      await browser.close();
      await server.stop();
      await rm(workspace, { recursive: true });
    }
  },
};

async function withCharts(bench: Bench, server: LiveServer, page: Page): Promise<Row[]> {
  const shares = await speeds(bench, server, page);
  const [latencies, late]: [number[], Trained['lateMs'][]] = [[], []];
  for (let round = 0; round < rounds.latency; round++) {
    const { trained, paints } = await watched(server, page);
    latencies.push(...toPixels(trained.steps, paints));
    late.push(trained.lateMs);
  }
  const p99 = late.map((each) => each.p99);
  return [
    atMost('step to pixel, p95', [quantile(latencies, 0.95)], bars.pixelMs, milliseconds),
    plain('step to pixel, median', milliseconds(quantile(latencies, 0.5))),
    atLeast('speed with live charts, share of the command line’s', shares, bars.speed, percents),
    atMost('event loop of the server with live charts, p99', p99, bars.lateMs, milliseconds),
    plain('event loop, latest', milliseconds(Math.max(...late.map((each) => each.max)))),
  ];
}

/** With and without the page by turns, after the same rest: a shared machine is faster where it has rested. */
async function speeds(bench: Bench, server: LiveServer, page: Page): Promise<number[]> {
  const rested = async (measure: () => Promise<number>): Promise<number> => {
    await page.waitForTimeout(restMs);
    return measure();
  };
  const shares: number[] = [];
  for (let round = 0; round < rounds.speed; round++) {
    const isAloneFirst = round % 2 === 0;
    const before = isAloneFirst ? await rested(() => alone(bench)) : null;
    const seen = await rested(() => shown(server, page));
    shares.push(seen / (before ?? (await rested(() => alone(bench)))));
  }
  return shares;
}

/** Steps a second with its charts open. */
async function shown(server: LiveServer, page: Page): Promise<number> {
  const run = server.train(epochs, false);
  await openCharts(page);
  const { stepsPerSecond, steps } = await run.trained;
  // They were drawn: the chart says the last step.
  const last = page.getByText(`at step ${steps.at(-1)![1]}.`);
  await last.first().waitFor({ state: 'attached' });
  await hideRun(page);
  return stepsPerSecond;
}

/** Steps a second by command line. */
async function alone(bench: Bench): Promise<number> {
  const words = ['--preset', 'mlp-128-64', '--epochs', String(epochs)];
  const { steps, stepSeconds } = await bench.train('generated', words);
  return steps / stepSeconds;
}

/** One run, its curve alone in the charts. */
async function watched(server: LiveServer, page: Page) {
  const run = server.train(epochs, true);
  await openCharts(page);
  await page.evaluate('probe.watchSteps()');
  const trained = await run.trained;
  const last = trained.steps.at(-1)![1];
  const paints = await page.evaluate<[number, number][]>(`probe.paintsUntil(${last})`);
  await hideRun(page);
  return { trained, paints };
}

async function openCharts(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/runs'");
  await page.getByLabel('Group by').selectOption('none');
}

/** The next run is seen without this one. */
async function hideRun(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Hide .* in the charts$/ })
    .first()
    .click();
  // The line of a run that is pointed at is drawn once more, and the next run would come to lie there.
  await page.mouse.move(0, 0);
}

/** Of every step: until the first painting that has it. Steps before the first painting were not watched. */
function toPixels(
  steps: Trained['steps'],
  paints: readonly (readonly [number, number])[],
): number[] {
  const first = paints[0]![1];
  return steps
    .filter(([, step]) => step > first)
    .map(([over, step]) => paints.find(([, painted]) => painted >= step)![0] - over);
}

async function withKeys(server: LiveServer, page: Page): Promise<Row[]> {
  await page.evaluate("location.hash = '#/datasets'");
  await openLabeling(page, 'digits');
  const run = server.train(epochs, true);
  await run.begun;
  let isOver = false;
  const trained = run.trained.then((result) => {
    isOver = true;
    return result;
  });
  const taken: KeyTimes[] = [];
  while (!isOver) taken.push(await pressKey(page, String(taken.length % 10)));
  const { lateMs } = await trained;
  return [
    ...keyRows(`keys while it trains (${taken.length} keys)`, taken, bars.keyMs),
    atMost('event loop of the server with keys, p99', [lateMs.p99], bars.lateMs, milliseconds),
  ];
}

type LiveServer = {
  readonly url: string;
  /** @param isWatched  whether its event loop is measured */
  train(
    epochs: number,
    isWatched: boolean,
  ): { readonly begun: Promise<Said>; readonly trained: Promise<Trained> };
  stop(): Promise<void>;
};

async function startLiveServer(workspace: string): Promise<LiveServer> {
  const child = fork(join(import.meta.dirname, 'liveServer.ts'), [workspace]);
  const { url } = await saying(child, 'ready');
  return {
    url,
    train(epochs, isWatched) {
      const [begun, trained] = [saying(child, 'begun'), saying(child, 'trained')];
      child.send({ epochs, isWatched });
      return { begun, trained };
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** What the server says next of a kind. @throws when it ends before */
function saying<K extends Said['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Said, { kind: K }>> {
  const isIt = (said: Said): said is Extract<Said, { kind: K }> => said.kind === kind;
  return new Promise((resolve, reject) => {
    const hear = (message: unknown): void => {
      const said = Said.parse(message);
      if (!isIt(said)) return;
      child.off('message', hear);
      child.off('exit', ended);
      resolve(said);
    };
    const ended = (): void => reject(new Error('the server of the benchmark ended'));
    child.on('message', hear);
    child.once('exit', ended);
  });
}
