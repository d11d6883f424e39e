/** @file The views that look into a network, in light and dark. */
import type { Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drag, lassoAbout, openMap, three, trainOnSample } from './inside.ts';
import { launch, type Session } from './launch.ts';
import { expectReadable } from './looking.ts';
import { expectSoon, expectText } from './steps.ts';

let session: Session;
beforeAll(async () => {
  session = await launch();
  await trainOnSample(session.page, { seeds: '1 2', epochs: 3 });
});
afterAll(() => session?.close());

/** Each begins where the one before ended. */
const views: readonly { name: string; open: (page: Page) => Promise<void> }[] = [
  {
    name: 'inspect',
    async open(page) {
      await page
        .getByRole('table', { name: 'Runs' })
        .getByRole('link', { name: /seed 1/ })
        .click();
      await page.getByRole('link', { name: 'Inspect', exact: true }).click();
      const worst = page.getByRole('group', { name: 'Confused most often' });
      await worst.getByRole('button').first().click();
      await page
        .getByRole('group', { name: 'Images of this cell' })
        .getByRole('listitem')
        .first()
        .waitFor();
      await page.getByRole('heading', { level: 1 }).scrollIntoViewIfNeeded();
      // That the runs are over is said for a few seconds, over the view.
      const said = page.getByRole('log', { name: 'Messages' }).getByRole('paragraph');
      await expectSoon(() => said.count(), 0);
    },
  },
  {
    name: 'inspect-compared',
    async open(page) {
      await page.getByLabel('Compare with').selectOption('r2');
      await page.getByText(/^Both wrong/).click();
      await page.getByRole('group', { name: 'Both wrong' }).getByRole('listitem').first().waitFor();
    },
  },
  {
    name: 'network',
    async open(page) {
      await page.getByRole('link', { name: 'Network', exact: true }).click();
      await page.getByRole('application', { name: 'Units of the network' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      const neuron = page.getByRole('region', { name: 'Neuron' });
      await neuron.getByLabel(/^z = /).waitFor();
      await expectText(neuron, /^Of [\d\s]+ training images\./);
    },
  },
  {
    name: 'network-map',
    async open(page) {
      await page
        .getByRole('region', { name: 'Neuron' })
        .getByRole('button', { name: 'Close' })
        .click();
      const map = await openMap(page);
      const count = await lassoAbout(page, map, [40, 60]);
      await page.getByRole('button', { name: 'Show in grid' }).click();
      const taken = page.getByRole('group', { name: 'Images taken from the map' });
      await expectSoon(() => taken.getByRole('listitem').count(), count);
      await map.evaluate((element) => element.scrollIntoView({ block: 'center' }));
    },
  },
  {
    name: 'try-it',
    async open(page) {
      await page.getByRole('link', { name: 'Try it' }).click();
      await page.getByRole('checkbox', { name: /^r1 · / }).check();
      const cards = page.getByRole('list', { name: /^Probabilities of / });
      await expectSoon(() => cards.count(), 2);
      await drag(page, page.getByRole('application', { name: 'Drawing' }), three);
      await expectText(page.getByRole('main'), /ms from the drawing to the answer$/);
      for (const card of await cards.all()) await expectText(card, /\d %$/);
    },
  },
];

test.each(views)('$name is readable by everyone, in light and dark', async ({ name, open }) => {
  await open(session.page);
  await expectReadable(session.page, name);
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});
