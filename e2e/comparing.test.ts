import { parse } from 'csv-parse/sync';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, type Session } from './launch.ts';
import {
  chartSummary,
  choose,
  expectSoon,
  expectText,
  fillPlan,
  planOnSample,
  startRuns,
} from './steps.ts';
import { storedRuns } from './stored.ts';

const titles = ['ReLU', 'Leaky ReLU', 'PReLU', 'Swish'];
const epochs = 5;
/** 4 000 of the 5 000 digits train, 128 a step; the 32 that are left over begin the next shuffle. */
const lastStep = epochs * 31;

let session: Session;
beforeAll(async () => void (session = await launch()));
afterAll(() => session?.close());

test('four activations and three seeds are one comparison of twelve runs', async () => {
  const { page } = session;
  await planOnSample(page);
  await page.getByRole('radio', { name: 'Dense 128-64' }).check();
  const cards = page.getByRole('group', { name: 'Activations' });
  for (const title of titles)
    await cards.getByRole('checkbox', { name: title, exact: true }).check();
  await fillPlan(page, { Seeds: '1 2 3', Epochs: String(epochs) });
  await expectText(page.getByRole('main'), '4 activations × 3 seeds = 12 runs');
  await startRuns(page, 'Start 12 runs');
});

test('curves are seen moving while they train, and groups are drawn with their bands', async () => {
  const { page, workspace } = session;
  const seen = await watchCharts(page, () =>
    storedRuns(workspace).every(({ status }) => status === 'finished'),
  );
  // In words and in pixels: more than once in every run.
  expect(seen.summaries.size).toBeGreaterThan(12);
  expect(seen.pictures.size).toBeGreaterThan(12);
  for (const title of titles) {
    await page
      .getByRole('list', { name: 'Legend' })
      .getByRole('button', { name: `${title} n = 3`, exact: true })
      .waitFor();
    await expectSoon(
      async () =>
        (await chartSummary(page, 'Loss')).includes(`${title}, validation, mean of 3 runs`),
      true,
    );
  }
  expect(await chartSummary(page, 'Accuracy')).toContain(`at step ${lastStep}.`);
  const withBands = await settledPicture(page, 'Accuracy');
  await page.getByLabel('Band').selectOption('None');
  await expectSoon(async () => (await pictureOf(page, 'Accuracy')) === withBands, false);
  await page.getByLabel('Band').selectOption('95 % CI');
  await expectSoon(async () => (await pictureOf(page, 'Accuracy')) === withBands, true);
}, 120_000);

test('the table has what every run came to', async () => {
  const { page } = session;
  const table = page.getByRole('table', { name: 'Runs' });
  await expectText(page.getByRole('main'), '12 runs');
  for (const title of titles) {
    const row = table.getByRole('row').filter({
      has: page.getByRole('button', { name: `${title}, 3 runs`, exact: true }),
    });
    await expectText(row, /^\d\d\.\d\d ± \d+\.\d\d$/);
  }
  await expectSoon(() => table.getByText('Finished', { exact: true }).count(), 12);
});

test('the comparison says what can be said, and its files say the same', async () => {
  const { page } = session;
  await page.getByRole('button', { name: 'Compare', exact: true }).click();
  await page.getByRole('heading', { name: 'Comparison', level: 1 }).waitFor();
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await expectText(verdict, /over 3 seeds/);
  expect(await verdict.getByRole('listitem').count()).toBe(6);
  const shown = await figuresOf(page, 'Activations');
  expect([...shown.keys()].sort()).toEqual(titles.toSorted());
  expect((await figuresOf(page, 'Paired differences')).size).toBeGreaterThan(0);

  const saved = async (format: string): Promise<string> =>
    readFile(await session.saved(() => choose(page, 'Export…', new RegExp(`^${format}$`))), 'utf8');
  const csv: Record<string, string>[] = parse(await saved('CSV'), { columns: true });
  expect(csv).toHaveLength(4);
  for (const row of csv) {
    const [mean, sd] = [row['test_accuracy_mean'], row['test_accuracy_sd']].map(inPercent);
    expect(shown.get(row['activation']!)).toEqual(['3', `${mean} ± ${sd}`]);
  }
  const latex = latexRows(await saved('LaTeX'));
  expect(latex.size).toBe(4);
  for (const [title, figures] of latex)
    expect(shown.get(title)).toEqual(figures.map((figure) => figure.replaceAll(' %', '')));
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

/** All that the accuracy chart said and showed until it is over. */
async function watchCharts(page: Page, isOver: () => boolean) {
  const summaries = new Set<string>();
  const pictures = new Set<string>();
  do {
    summaries.add(await chartSummary(page, 'Accuracy'));
    pictures.add(await pictureOf(page, 'Accuracy'));
  } while (!isOver());
  return { summaries, pictures };
}

/** The picture when it has stood still for longer than a beat: curves are shown with the next one. */
async function settledPicture(page: Page, title: string): Promise<string> {
  let picture = '';
  for (let next = await pictureOf(page, title); next !== picture;) {
    picture = next;
    await page.waitForTimeout(500);
    next = await pictureOf(page, title);
  }
  return picture;
}

/** The pixels of a chart, as text. */
const pictureOf = (page: Page, title: string): Promise<string> =>
  page
    .getByRole('img', { name: title, exact: true })
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

/** Of a table of the page: the first two figures of every row, by its heading. */
async function figuresOf(page: Page, table: string): Promise<Map<string, readonly string[]>> {
  const rows = page.getByRole('table', { name: table, exact: true }).locator('tbody tr');
  const cells = await Promise.all(
    (await rows.all()).map((row) => row.locator('th, td').allInnerTexts()),
  );
  return new Map(cells.map(([title, ...figures]) => [title!.trim(), figures.slice(0, 2)]));
}

/** The same of a LaTeX table, its own signs undone. */
function latexRows(text: string): Map<string, readonly string[]> {
  const [, ...rows] = text.split('\n').filter((line) => line.endsWith('\\\\'));
  const plain = (cell: string): string =>
    cell
      .trim()
      .replace('$\\pm$', '±')
      .replaceAll('\\%', '%')
      .replace(/\s*\\\\$/, '');
  return new Map(
    rows.map((row) => {
      const [title, ...figures] = row.split('&').map(plain);
      return [title!, figures.slice(0, 2)];
    }),
  );
}

/** A share as the page writes percents. */
const inPercent = (share: string | undefined): string => (100 * Number(share)).toFixed(2);
