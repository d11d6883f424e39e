/** @file The map of ten thousand images in the page: what it costs to drag it. */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createApp } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { atMost, milliseconds, plain, quantile, type Row } from './measure.ts';
import { inWindow } from './programWindow.ts';

const points = 10_000;
/** Eight of ten are for training. */
const images = 12_500;
const moves = 300;
/** Sixty frames a second. */
const frameMs = 1000 / 60;

export const mapping: Benchmark = {
  about: `The map of ${points} images by their two principal components, in real Chromium at 1280 × 800: what the page computes and paints for one of ${moves} movements that drag it.`,
  async run({ folder }) {
    const { workspace, run } = await filled(join(folder, 'map'));
    return { rows: await inWindow(workspace, (page) => dragged(page, run)), notes: [] };
  },
};

async function dragged(page: Page, run: string): Promise<Row[]> {
  await page.evaluate(`location.hash = '#/runs/${run}/network'`);
  await page.getByLabel('Images on the map').selectOption('train');
  await page.getByLabel('How many images').selectOption(String(points));
  const map = page.getByRole('application', { name: /^Map/ });
  await map.scrollIntoViewIfNeeded();
  await page.getByText(/^10.000 images,/).waitFor();
  // Until nothing above it moves any more.
  await map.hover();
  const box = await map.boundingBox();
  if (!box) throw new Error('there is no map');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.evaluate(`probe.watchMoves('[role=application][aria-label^=Map]')`);
  for (let i = 0; i < moves; i++)
    await page.mouse.move(x + 100 * Math.sin(i / 20), y + 60 * Math.cos(i / 30));
  const taken = await page.evaluate<number[]>('probe.moves');
  await page.mouse.up();
  return [
    atMost(`${points} points: a frame, p95`, [quantile(taken, 0.95)], frameMs, milliseconds),
    plain(`${points} points: a frame, median`, milliseconds(quantile(taken, 0.5))),
  ];
}

async function filled(workspace: string): Promise<{ workspace: string; run: string }> {
  const app = createApp(workspace, nodePorts());
  try {
    await app.sampleDigits({ dataset: 'digits', count: images, seed: 1 });
    const { id } = app.start({ dataset: 'digits', preset: 'mlp-128-64', epochs: 2 });
    await app.supervisor.ended(id);
    return { workspace, run: id };
  } finally {
    await app.close();
  }
}
