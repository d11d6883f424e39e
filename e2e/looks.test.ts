/**
 * @file Every view in light and dark: nothing that axe finds, and in a small and a large window no text that is cut
 * off. With UPDATE_PICTURES=1 its picture goes into docs/pictures, to be looked at.
 */
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clippedTexts } from './clipped.ts';
import { writeZip } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { expectReadable, isAsked } from './looking.ts';
import {
  choose,
  currentLabel,
  expectGrid,
  expectSoon,
  expectText,
  fillPlan,
  longPatienceMs,
  startRuns,
} from './steps.ts';
import { storedRuns } from './stored.ts';

/** Some wait until all runs have trained. */
const testLimitMs = 120_000;
const activations = ['Leaky ReLU', 'PReLU', 'Swish'];
/** Pictures show curves that have somewhere to go. */
const plan = isAsked ? { Seeds: '1 2 3', Epochs: '6' } : { Seeds: '1 2', Epochs: '3' };
const runCount = (1 + activations.length) * plan.Seeds.split(' ').length;

let session: Session;
beforeAll(async () => void (session = await launch()));
afterAll(() => session?.close());

type View = {
  readonly name: string;
  readonly open: (page: Page) => Promise<void>;
  /** Pictured in the large window too: where its layout is another one there. */
  readonly isPicturedLarge?: true;
};
/** Each begins where the one before ended. */
const views: readonly View[] = [
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
    isPicturedLarge: true,
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
      await currentLabel(page);
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
    name: 'train',
    isPicturedLarge: true,
    async open(page) {
      await page.getByRole('link', { name: 'Train' }).first().click();
      await expectText(page.getByRole('main'), /^, about \d/);
    },
  },
  {
    name: 'train-several',
    async open(page) {
      const cards = page.getByRole('group', { name: 'Activations' });
      for (const name of activations)
        await cards.getByRole('checkbox', { name, exact: true }).check();
      await fillPlan(page, plan);
      await expectText(page.getByRole('main'), /^, about \d/);
    },
  },
  {
    name: 'train-more',
    isPicturedLarge: true,
    async open(page) {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('button', { name: 'More', exact: true }).scrollIntoViewIfNeeded();
      await page.getByRole('heading', { name: 'Layers' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'runs-training',
    async open(page) {
      await startRuns(page, `Start ${runCount} runs`);
      const statuses = () => storedRuns(session.workspace).map(({ status }) => status);
      await expectSoon(
        () => statuses().filter((status) => status === 'finished').length > 2,
        true,
        longPatienceMs,
      );
    },
  },
  {
    name: 'runs',
    isPicturedLarge: true,
    async open(page) {
      const table = page.getByRole('table', { name: 'Runs' });
      await expectSoon(
        () => table.getByText('Finished', { exact: true }).count(),
        runCount,
        longPatienceMs,
      );
    },
  },
  {
    name: 'comparison',
    isPicturedLarge: true,
    async open(page) {
      await page.getByRole('button', { name: 'Compare', exact: true }).click();
      await page.getByRole('region', { name: 'Verdict' }).waitFor();
    },
  },
  {
    name: 'run',
    isPicturedLarge: true,
    async open(page) {
      await page.getByRole('link', { name: 'Runs' }).first().click();
      await page.getByRole('link', { name: 'Swish · seed 1' }).click();
      await page.getByRole('region', { name: 'Capsule' }).waitFor();
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

test.each(views)(
  '$name is readable by everyone, in light and dark',
  async (view) => {
    const { name, isPicturedLarge = false } = view;
    const { page } = session;
    await view.open(page);
    await expectReadable(page, name, isPicturedLarge);
  },
  testLimitMs,
);

test('a text that is cut off would be found', async () => {
  const { page } = session;
  await page.evaluate(() => {
    const box = document.createElement('p');
    box.style.cssText = 'width: 20px; overflow: hidden; white-space: nowrap';
    box.textContent = 'longer than its box';
    const scrolled = document.createElement('div');
    scrolled.style.cssText = 'position: fixed; top: 0; width: 80px; overflow: auto';
    const row = document.createElement('table').insertRow();
    row.style.cssText = 'display: block; width: 300px; white-space: nowrap';
    row.insertCell().textContent = 'half of it is hidden';
    row.insertCell().style.cssText = 'position: sticky; right: 0; width: 40px';
    scrolled.append(row.parentElement!.parentElement!);
    document.body.append(box, scrolled);
  });
  expect(await clippedTexts(page)).toEqual([
    'cut off (x): <p> longer than its box',
    'half behind a pinned column: <td> half of it is hidden',
  ]);
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});
