/**
 * @file Every view in light and dark: nothing that axe finds, and with UPDATE_PICTURES=1 its picture in
 * docs/pictures, to be looked at.
 */
import { AxeBuilder } from '@axe-core/playwright';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeZip } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { choose, expectGrid, fillPlan, startRuns } from './steps.ts';

const pictures = join(import.meta.dirname, '../docs/pictures');
const isAsked = process.env['UPDATE_PICTURES'] === '1';

let session: Session;
beforeAll(async () => {
  session = await launch();
  await mkdir(pictures, { recursive: true });
});
afterAll(() => session?.close());

/** Each begins where the one before ended. */
const views: readonly { name: string; open: (page: Page) => Promise<void> }[] = [
  {
    name: 'first-start',
    open: (page) => page.getByRole('button', { name: 'Sample digits' }).waitFor(),
  },
  {
    name: 'import',
    async open(page) {
      await page.getByRole('button', { name: 'Import…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'import-preview',
    async open(page) {
      const dialog = page.getByRole('dialog');
      const zip = {
        classes: ['cat', 'dog', 'owl'],
        each: 30,
        broken: ['cat/torn.png', 'dog/cut.png'],
      };
      const path = await writeZip(join(session.scratch, 'pets.zip'), zip);
      await session.chooseFiles(
        () => dialog.getByRole('button', { name: 'Choose files…' }).click(),
        [path],
      );
      await dialog.getByRole('button', { name: /^Import \d+ image/ }).waitFor();
    },
  },
  {
    name: 'import-report',
    async open(page) {
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: /^Import \d+ image/ }).click();
      await dialog.getByRole('button', { name: 'Open dataset' }).waitFor();
    },
  },
  {
    name: 'datasets',
    async open(page) {
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
      await page.getByRole('button', { name: 'Sample digits' }).click();
      await expectGrid(page);
      await page.getByRole('link', { name: 'Datasets' }).first().click();
      await page.getByRole('link', { name: 'Sample digits' }).waitFor();
    },
  },
  {
    name: 'dataset',
    async open(page) {
      await page.getByRole('link', { name: 'Sample digits' }).click();
      await expectGrid(page);
    },
  },
  {
    name: 'dataset-filtered',
    async open(page) {
      await page.getByRole('checkbox', { name: /^7\b/ }).check();
      await page.getByRole('grid', { name: 'Images' }).focus();
      await page.keyboard.press('ControlOrMeta+a');
      await page
        .getByRole('toolbar')
        .getByText(/\d+ selected/)
        .waitFor();
    },
  },
  {
    name: 'image',
    async open(page) {
      await page.keyboard.press('Escape');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'History' }).waitFor();
    },
  },
  {
    name: 'export',
    async open(page) {
      await page.keyboard.press('Escape');
      await choose(page, 'More for this dataset', 'Export…');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'labeling',
    async open(page) {
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Label', exact: true }).click();
      await page.getByRole('img').waitFor();
      for (const key of ['7', '2', 'u', '1', '0', 'u']) await page.keyboard.press(key);
      await page.getByText('5 of 5\u202f000').waitFor();
    },
  },
  {
    name: 'keys',
    async open(page) {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'palette',
    async open(page) {
      await page.keyboard.press('Escape');
      await page.keyboard.press('ControlOrMeta+k');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'labeling-done',
    async open(page) {
      await page.keyboard.press('Escape');
      await page.getByText('Unlabeled first').click();
      await page.getByRole('heading', { name: /^All .* labeled$/ }).waitFor();
    },
  },
  {
    name: 'settings',
    async open(page) {
      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByRole('heading', { name: 'Settings' }).waitFor();
    },
  },
  {
    name: 'run-export',
    async open(page) {
      await page.getByRole('link', { name: 'Datasets' }).first().click();
      await page.getByRole('link', { name: 'Sample digits' }).click();
      await expectGrid(page);
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      await page.getByRole('radio', { name: 'Two hidden layers of 16' }).check();
      await fillPlan(page, { Epochs: '2' });
      await startRuns(page, 'Start run');
      await page.goto(`${new URL(page.url()).origin}/#/runs/r1/export`);
      await page.getByRole('article', { name: 'ONNX', exact: true }).waitFor();
    },
  },
  {
    name: 'run-exported',
    async open(page) {
      for (const title of ['ONNX', 'ONNX int8', 'Web page']) {
        const card = page.getByRole('article', { name: title, exact: true });
        await card.getByRole('button', { name: 'Export', exact: true }).click();
        await card.getByRole('link', { name: 'Download' }).waitFor();
      }
    },
  },
  {
    name: 'run-confidence',
    async open(page) {
      await page.getByText('Confidence', { exact: true }).click();
      await page.getByRole('checkbox', { name: 'Calibrated confidence' }).check();
      await page.getByRole('slider', { name: 'Unsure below' }).fill('70');
    },
  },
  {
    name: 'capsule',
    async open(page) {
      await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
      await page.getByRole('button', { name: 'Open capsule…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  },
];

test.each(views)('$name is readable by everyone, in light and dark', async ({ name, open }) => {
  const { page } = session;
  await open(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    if (isAsked) await page.screenshot({ path: join(pictures, `${name}-${colorScheme}.png`) });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map(({ target }) => String(target)),
    }));
    expect(found, `${name}, ${colorScheme}`).toEqual([]);
  }
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});
