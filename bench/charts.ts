/** @file The charts of many long runs, in the browser host with a real browser. */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createApp } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { storeRuns } from './manyRuns.ts';
import { atMost, megabytes, milliseconds, plain, quantile, type Row } from './measure.ts';
import { inWindow } from './programWindow.ts';

const runs = 200;
const steps = 10_000;
const openings = 5;
const moves = 200;
const bars = { drawMs: 500, hoverMs: 16 };

export const charts: Benchmark = {
  about: `Accuracy and loss of ${runs} runs of ${steps} steps in real Chromium at 1280 × 800. First draw: from the click on Runs, with what was measured in the page, to both charts painted; median of ${openings}. Hover: until what the page computes and paints for a movement of the pointer is done; p95 of ${moves}, one right after the other.`,
  async run({ folder }) {
    const rows = await inWindow(await filled(join(folder, 'charts')), async (page) => {
      const charted = [
        ...(await measured(page, 'one band of all', `mean of ${runs} runs`)),
        ...(await ungrouped(page)),
      ];
      const heap = await page.evaluate<number>('performance.memory.usedJSHeapSize / 1e6');
      return [...charted, plain('heap of the page', megabytes(heap))];
    });
    return { rows, notes: [] };
  },
};

async function filled(workspace: string): Promise<string> {
  const app = createApp(workspace, nodePorts());
  try {
    await app.sampleDigits({ dataset: 'digits', count: 1000, seed: 1 });
    const { id } = app.start({ dataset: 'digits', preset: 'softmax', epochs: 1 });
    await app.supervisor.ended(id);
    storeRuns(app.workspace, runs, steps);
    app.workspace.runs.remove(id);
    return workspace;
  } finally {
    await app.close();
  }
}

/** Every run as a line of its own. The choice is kept, so the page opens with it again. */
async function ungrouped(page: Page): Promise<Row[]> {
  await page.getByLabel('Group by').selectOption('none');
  return measured(page, `${runs} lines`, 'more lines');
}

/** @param words  what the accuracy chart says when all is drawn */
async function measured(page: Page, what: string, words: string): Promise<Row[]> {
  const drawn: number[] = [];
  const first = await open(page, words);
  for (let i = 0; i < openings; i++) drawn.push(await open(page, words));
  const hovers = await hovering(page);
  return [
    plain(`${what}: opened for the first time, with reading`, milliseconds(first)),
    atMost(`${what}: first draw`, drawn, bars.drawMs, milliseconds),
    atMost(`${what}: hover, p95`, [quantile(hovers, 0.95)], bars.hoverMs, milliseconds),
  ];
}

async function open(page: Page, words: string): Promise<number> {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  return page.evaluate<number>(`probe.openCharts(${JSON.stringify(words)})`);
}

/** Across the chart, up and down. */
async function hovering(page: Page): Promise<number[]> {
  const box = await page.getByRole('img', { name: 'Accuracy', exact: true }).boundingBox();
  if (!box) throw new Error('there is no chart');
  await page.evaluate(`probe.watchMoves('.chart')`);
  for (let i = 0; i < moves; i++) {
    const x = box.x + box.width * (0.2 + 0.6 * ((i * 0.618_033_988_75) % 1));
    const y = box.y + box.height * (0.2 + 0.6 * ((i * 0.754_877_666) % 1));
    await page.mouse.move(x, y);
  }
  return page.evaluate<number[]>('probe.moves');
}
