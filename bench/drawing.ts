/** @file Drawing in the page: from a movement of the pointer to the probabilities that follow from it, painted. */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { createApp } from '../src-core/app.ts';
import { nodePorts } from '../src-main/nodeHost.ts';
import type { Benchmark } from './bench.ts';
import { atMost, milliseconds, plain, quantile, type Row } from './measure.ts';
import { inWindow } from './programWindow.ts';

const presets = ['mlp-128-64', 'cnn-32-64'] as const;
const drawings = 4;
/** Of one drawing, in lines that lead to and fro over the pad. */
const movements = 50;
const lineMovements = 10;
/** Models have to answer at least this often. */
const movementEveryMs = 50;
const barMs = 50;

export const drawing: Benchmark = {
  about: `Try it in the browser host with real Chromium at 1280 × 800: from a movement of the pointer to the probabilities of the drawing with it on screen, ${drawings * movements} movements at most every ${movementEveryMs} ms.`,
  async run({ folder }) {
    return { rows: await inWindow(await filled(join(folder, 'drawing')), tried), notes: [] };
  },
};

async function tried(page: Page): Promise<Row[]> {
  await page.getByRole('link', { name: 'Try it' }).click();
  const models = page.getByRole('group', { name: 'Models' }).getByRole('checkbox');
  await models.nth(presets.length - 1).waitFor();
  const rows: Row[] = [];
  for (const [at, preset] of presets.entries()) {
    for (let i = 0; i < presets.length; i++) await models.nth(i).setChecked(false);
    // The newest is the first of the list.
    await models.nth(presets.length - 1 - at).check();
    rows.push(...(await answered(page, preset)));
  }
  for (let i = 0; i < presets.length; i++) await models.nth(i).check();
  rows.push(...(await answered(page, 'both')));
  return rows;
}

async function filled(workspace: string): Promise<string> {
  const app = createApp(workspace, nodePorts());
  try {
    await app.sampleDigits({ dataset: 'digits', count: 5000, seed: 1 });
    for (const preset of presets) {
      const { id } = app.start({ dataset: 'digits', preset, epochs: 1 });
      await app.supervisor.ended(id);
    }
    return workspace;
  } finally {
    await app.close();
  }
}

async function answered(page: Page, what: string): Promise<Row[]> {
  const taken: number[] = [];
  // The first drawing opens the model.
  await draw(page);
  for (let i = 0; i < drawings; i++) taken.push(...(await draw(page)));
  return [
    atMost(`${what}: movement to probabilities, p95`, [quantile(taken, 0.95)], barMs, milliseconds),
    plain(`${what}: median`, milliseconds(quantile(taken, 0.5))),
  ];
}

/** @returns how long each movement took, in milliseconds */
async function draw(page: Page): Promise<number[]> {
  const box = await page.getByRole('application', { name: 'Drawing' }).boundingBox();
  if (!box) throw new Error('there is no pad');
  const taken: number[] = [];
  await page.mouse.move(...place(box, 0));
  await page.mouse.down();
  for (let i = 1; i <= movements; i++) {
    const began = performance.now();
    await page.evaluate('probe.watchDrawing()');
    await page.mouse.move(...place(box, i));
    taken.push(await page.evaluate<number>('probe.answer'));
    await page.waitForTimeout(Math.max(0, movementEveryMs - (performance.now() - began)));
  }
  await page.mouse.up();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  return taken;
}

type Box = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

function place({ x, y, width, height }: Box, movement: number): [number, number] {
  const line = Math.floor(movement / lineMovements);
  const along = (movement % lineMovements) / lineMovements;
  const share = line % 2 === 0 ? along : 1 - 1 / lineMovements - along;
  return [x + width * (0.1 + 0.8 * share), y + height * (0.15 + 0.14 * line)];
}
