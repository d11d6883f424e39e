/**
 * @file The window as a person meets it: the real server and a real browser over a dataset of a million images, and
 * keys that label while nothing else and while an import runs.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { z } from 'zod';
import type { Benchmark } from './bench.ts';
import { mnistFolder, writeIdx, writeManyDigits } from './data.ts';
import { keyRows, openLabeling, pressKey, type KeyTimes } from './keys.ts';
import { atMost, lastLine, megabytes, milliseconds, quantile, type Row } from './measure.ts';
import { newPage, startBrowser, startServer, type Server } from './programWindow.ts';

const sizes = { million: 1_000_000, labeling: 100_000 } as const;
const starts = 5;
const openings = 5;
const scrolls = 60;
const keys = 300;
const bars = {
  startMs: 1500,
  firstPaintMs: 300,
  repaintMs: 50,
  heapMegabytes: 400,
  filterMs: 300,
  keyMs: 30,
  keyDuringImportMs: 50,
};

const root = join(import.meta.dirname, '..');

export const appWindow: Benchmark = {
  about: `The browser host with real Chromium at 1280 × 800. First paint: from the click on the dataset to every tile on screen drawn, median of ${openings}. Repaint: ${scrolls} jumps to places anywhere; p95 is the time that 95 of 100 stay under. Keys: ${keys} labels, from the key to the next image on screen and the label stored, whichever is later.`,
  async run({ folder }) {
    const million = await filled(join(folder, 'million'), sizes.million);
    const labeling = await filled(join(folder, 'labeling'), sizes.labeling);
    const browser = await startBrowser();
    try {
      const rows = [
        ...(await starting(labeling, browser)),
        ...(await withWindow(million, browser, browsing)),
        ...(await withWindow(labeling, browser, pressing)),
        ...(await withWindow(labeling, browser, (page) => pressingDuringImport(page, folder))),
      ];
      return { rows, notes: [] };
    } finally {
      await browser.close();
      await rm(million, { recursive: true });
      await rm(labeling, { recursive: true });
    }
  },
};

const datasetName = 'digits';

/** A workspace with one dataset. @returns its folder */
async function filled(workspace: string, images: number): Promise<string> {
  const files = `${workspace}-files`;
  await writeManyDigits(files, images);
  const words = ['import', files, '--dataset', datasetName, '--workspace', workspace, '--json'];
  const cli = join(root, 'src-main/cli.ts');
  await lastLine(z.unknown(), process.execPath, [cli, ...words]);
  await rm(files, { recursive: true });
  return workspace;
}

/** From the command to the list of datasets on screen. */
async function starting(workspace: string, browser: Browser): Promise<Row[]> {
  const taken: number[] = [];
  for (let i = 0; i < starts; i++) {
    const page = await newPage(browser);
    const before = performance.now();
    const server = await startServer(workspace);
    await page.goto(server.url);
    await page.getByRole('link', { name: datasetName }).waitFor();
    taken.push(performance.now() - before);
    await page.context().close();
    await server.stop();
  }
  return [
    atMost(
      '`npm start` to the list of datasets, 100 000 images',
      taken,
      bars.startMs,
      milliseconds,
    ),
  ];
}

async function withWindow(
  workspace: string,
  browser: Browser,
  measure: (page: Page, server: Server) => Promise<Row[]>,
): Promise<Row[]> {
  const server = await startServer(workspace);
  const page = await newPage(browser);
  try {
    await page.goto(server.url);
    await page.getByRole('link', { name: datasetName }).waitFor();
    return await measure(page, server);
  } finally {
    await page.context().close();
    await server.stop();
  }
}

async function browsing(page: Page): Promise<Row[]> {
  const evaluate = <T>(code: string): Promise<T> => page.evaluate<T>(code);
  const cold = await evaluate<number>(`probe.openDataset('${datasetName}')`);
  const opened: number[] = [];
  for (let i = 0; i < openings; i++) {
    await page.getByRole('link', { name: 'Datasets' }).first().click();
    await page.getByRole('link', { name: datasetName }).waitFor();
    opened.push(await evaluate<number>(`probe.openDataset('${datasetName}')`));
  }
  const jumps: { whole: number; afterData: number }[] = [];
  for (let i = 1; i <= scrolls; i++) {
    // The fractional parts of multiples of the golden ratio: everywhere, and never the same place.
    jumps.push(await evaluate(`probe.scrollTo(${(i * 0.618_033_988_75) % 1})`));
  }
  const filtered: number[] = [];
  for (const name of ['7', '3', '0', '0', '3', '7']) {
    filtered.push(await evaluate<number>(`probe.filter('${name}')`));
  }
  const heap = await evaluate<number>('performance.memory.usedJSHeapSize / 1e6');
  const p95 = (values: readonly number[]): readonly number[] => [quantile(values, 0.95)];
  return [
    atMost(
      'a million images: first paint after the start of the program',
      [cold],
      bars.firstPaintMs,
      milliseconds,
    ),
    atMost('a million images: first paint', opened, bars.firstPaintMs, milliseconds),
    atMost(
      'a million images: repaint after the data, p95',
      p95(jumps.map((it) => it.afterData)),
      bars.repaintMs,
      milliseconds,
    ),
    {
      what: 'a million images: repaint with its data, p95',
      figure: milliseconds(
        quantile(
          jumps.map((it) => it.whole),
          0.95,
        ),
      ),
      bar: '',
      holds: null,
    },
    atMost('a million images: filter and its counts', filtered, bars.filterMs, milliseconds),
    atMost('a million images: heap of the page', [heap], bars.heapMegabytes, megabytes),
  ];
}

async function pressing(page: Page): Promise<Row[]> {
  await openLabeling(page, datasetName);
  const taken: KeyTimes[] = [];
  for (let i = 0; i < keys; i++) taken.push(await pressKey(page, String(i % 10)));
  return keyRows('keys, 100 000 images', taken, bars.keyMs);
}

/** Another window imports as many images as MNIST has, while this one labels. */
async function pressingDuringImport(page: Page, folder: string): Promise<Row[]> {
  const source = mnistFolder ?? join(folder, 'idx');
  if (!mnistFolder) await writeIdx(source);
  await openLabeling(page, datasetName);
  const importing = await page.context().newPage();
  await importing.goto(new URL(page.url()).origin);
  await importing.getByRole('button', { name: 'Import…' }).click();
  const dialog = importing.getByRole('dialog');
  const [chooser] = await Promise.all([
    importing.waitForEvent('filechooser'),
    dialog.getByRole('button', { name: 'Choose files…' }).click(),
  ]);
  const names = [
    'train-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-images-idx3-ubyte',
    't10k-labels-idx1-ubyte',
  ];
  await chooser.setFiles(names.map((name) => join(source, mnistFolder ? `${name}.gz` : name)));
  await dialog.getByLabel('Dataset').fill(`import ${Date.now()}`);
  await dialog.getByRole('button', { name: /^Import [\d\s]+ image/ }).click();
  let isOver = false;
  const done = dialog
    .getByRole('button', { name: 'Open dataset' })
    .waitFor()
    .then(() => (isOver = true));
  await page.bringToFront();
  const taken: KeyTimes[] = [];
  while (!isOver) taken.push(await pressKey(page, String(taken.length % 10)));
  await done;
  return keyRows(
    `keys while 70 000 images are imported (${taken.length} keys)`,
    taken,
    bars.keyDuringImportMs,
  );
}
