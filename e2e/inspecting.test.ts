/**
 * @file From a drawing to a network that is looked into: what it gets wrong is relabeled and trained again, a neuron
 * is opened, images are taken from the map, and two networks read what the mouse draws.
 */
import type { Locator, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drag, lassoAbout, openMap, three, trainingMs, trainOnSample } from './inside.ts';
import { launch, type Session } from './launch.ts';
import { expectSoon, expectText } from './steps.ts';
import { storedImages } from './stored.ts';

const sample = 'Sample digits';
const drawings = 'My drawings';
const epochs = 5;

let session: Session;
beforeAll(async () => void (session = await launch()));
afterAll(() => session?.close());

test('the door to drawing leads to a dataset of drawings, without any network', async () => {
  const { page, workspace } = session;
  await page.getByRole('button', { name: 'Draw your own' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Draw', exact: true }).click();
  await expectText(page.getByRole('main'), 'No model yet');
  await drag(page, pad(), [
    [0.5, 0.2],
    [0.5, 0.8],
  ]);
  await page.keyboard.press('1');
  await expectText(page.locator('body'), `Added to ${drawings} as 1.`);
  expect(classesOf(drawings)).toEqual(['1']);
  expect(storedImages(workspace, drawings)[0]!.name).toMatch(/^drawing .*\.png$/);
});

test('two networks train on the sample', async () => {
  const { page } = session;
  await page.getByRole('link', { name: 'Datasets' }).first().click();
  await trainOnSample(page, { seeds: '1 2', epochs });
  const links = page.getByRole('table', { name: 'Runs' }).getByRole('link', { name: /seed/ });
  expect(await links.count()).toBe(2);
});

test('the worst cell of the matrix opens, and three of its images are relabeled by key', async () => {
  const { page, workspace } = session;
  await page
    .getByRole('table', { name: 'Runs' })
    .getByRole('link', { name: /seed 1/ })
    .click();
  await page.getByRole('link', { name: 'Inspect', exact: true }).click();
  await matrix('Confusion matrix').waitFor();
  // What it learned from: their labels are what training again goes by.
  await page.getByLabel('Images', { exact: true }).selectOption('snapshot train');
  await expectText(page.getByLabel('Figures'), /epoch \d/);
  await expectText(page.getByRole('main'), /^4.000 /);

  const [label, predicted, count] = await worstCell(page);
  expect(count).toBeGreaterThanOrEqual(3);
  await openCell(page, Number(label), Number(predicted));
  const gallery = page.getByRole('group', { name: 'Images of this cell' });
  await gallery
    .getByRole('heading', { name: `Labeled ${label}, predicted ${predicted}` })
    .waitFor();
  const tiles = gallery.getByRole('listitem').getByRole('button');
  await expectSoon(() => tiles.count(), Math.min(60, count));

  const before = classesByImage(sample);
  await tiles.first().click();
  for (let i = 0; i < 3; i++) await page.keyboard.press(predicted);
  await expectText(page.getByRole('main'), '3 images relabeled.');
  await expectSoon(() => changesSince(before).length, 3);
  for (const change of changesSince(before)) expect(change).toEqual([label, predicted]);
  expect(storedImages(workspace, sample)).toHaveLength(before.size);
});

test('training goes on from there, and both matrices stand side by side', async () => {
  const { page } = session;
  await page.getByRole('button', { name: 'Continue training' }).click();
  const both = page.getByRole('region', { name: 'Before and after' });
  await matrix('After, r3').waitFor({ timeout: trainingMs });
  await expectText(both, /^r3 goes on from what r1 had learned/);
  await expectText(both, /^Accuracy \d+\.\d+ % → \d+\.\d+ %, .* points; mistakes \d+ → \d+\./);
  const mistakes = await mistakesOf(both);
  // As far again on the same images: it learns more of them.
  expect(mistakes.after).toBeLessThan(mistakes.before);
  expect(await pictureOf(matrix('Before, r1'))).not.toBe(await pictureOf(matrix('After, r3')));
});

test('the slider of epochs leads through what it was before', async () => {
  const { page } = session;
  const slider = page.getByRole('slider', { name: 'Epoch' });
  const kept = await pictureOf(matrix('Confusion matrix'));
  const accuracy = await figure(page, 'Accuracy');
  await slider.press('Home');
  await expectText(page.getByLabel('Figures'), /, epoch 0/);
  await expectSoon(async () => (await figure(page, 'Accuracy')) < 40, true);
  await expectSoon(async () => (await pictureOf(matrix('Confusion matrix'))) === kept, false);
  for (const _ of Array.from({ length: epochs })) await slider.press('ArrowRight');
  await expectSoon(() => figure(page, 'Accuracy'), accuracy);
  await expectSoon(async () => (await pictureOf(matrix('Confusion matrix'))) === kept, true);
});

test('another run beside it: where they differ', async () => {
  const { page } = session;
  await page.getByLabel('Compare with').selectOption('r2');
  await expectText(page.getByLabel('Figures'), 'Accuracy of r2');
  const only = page.getByText(/^Only r1 right [\d\s]+$/);
  const count = numberIn((await only.innerText()).replace('r1', ''));
  expect(count).toBeGreaterThan(0);
  await only.click();
  const gallery = page.getByRole('group', { name: 'Only r1 right' });
  const tiles = gallery.getByRole('listitem').getByRole('button');
  await expectSoon(() => tiles.count(), Math.min(60, count));
  for (const tile of await tiles.all()) {
    const [, mine, others] =
      /r1: predicted (\d), .*r2: predicted (\d), /.exec((await tile.getAttribute('aria-label'))!) ??
      [];
    expect(mine).toMatch(/^\d$/);
    expect(mine).not.toBe(others);
  }
});

test('a neuron opens, and is another one at another epoch', async () => {
  const { page } = session;
  await page.getByRole('link', { name: 'Network', exact: true }).click();
  const units = page.getByRole('application', { name: 'Units of the network' });
  await units.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  const neuron = page.getByRole('region', { name: 'Neuron' });
  await neuron.getByRole('heading', { level: 3 }).waitFor();
  const sum = neuron.getByLabel(/^z = /);
  await sum.waitFor();
  await expectSoon(
    async () => (await neuron.getByRole('button', { name: /: look at it$/ }).count()) > 0,
    true,
  );
  const said = await sum.getAttribute('aria-label');
  // What is written out adds up to what is said.
  expect(await termsOf(neuron)).toBeCloseTo(numberIn(said!), 1);
  await page.getByRole('slider', { name: 'Epoch' }).press('Home');
  await expectSoon(async () => (await sum.getAttribute('aria-label')) === said, false);
});

test('what it looks at, by another method', async () => {
  const { page } = session;
  const region = page.getByRole('region', { name: 'What it looks at' });
  await region.getByRole('img', { name: /^Gradient × input for \d/ }).waitFor();
  await region.getByLabel('Saliency').selectOption('Occlusion');
  await expectSoon(() => region.getByRole('img', { name: /^Occlusion for \d/ }).count(), 1);
});

test('images surrounded on the map are those the grid shows', async () => {
  const { page } = session;
  const slider = page.getByRole('slider', { name: 'Epoch' });
  await slider.press('End');
  await expectSoon(() => slider.getAttribute('aria-valuetext'), `Epoch ${epochs}, kept`);
  const map = await openMap(page);
  const region = page.getByRole('region', { name: 'How it sees all images' });
  await expect.poll(() => region.innerText(), { timeout: 20_000 }).toContain(`epoch ${epochs}.`);
  expect(await cornerOf(map)).toBe(
    await map.evaluate((element) => getComputedStyle(element).backgroundColor),
  );
  const count = await lassoAbout(page, map, [40, 60]);
  await page.getByRole('button', { name: 'Show in grid' }).click();
  const taken = page.getByRole('group', { name: 'Images taken from the map' });
  await expectText(taken, `${count} images`);
  await expectSoon(() => taken.getByRole('listitem').getByRole('button').count(), count);
});

test('two networks read a 3 while the mouse draws it, and it becomes an image', async () => {
  const { page } = session;
  await page.getByRole('link', { name: 'Try it' }).click();
  const models = page.getByRole('group', { name: 'Models' }).getByRole('checkbox');
  await expectSoon(() => models.count(), 3);
  await page.getByRole('checkbox', { name: /^r2 · / }).check();
  const cards = page.getByRole('list', { name: /^Probabilities of / });
  await expectSoon(() => cards.count(), 2);

  const seen = new Set<string>();
  await drag(page, pad(), three, async () => {
    for (const text of await cards.allInnerTexts()) seen.add(text);
  });
  // They moved while it was drawn, not only at its end.
  expect(seen.size).toBeGreaterThan(6);
  for (const card of await cards.all())
    await expectSoon(async () => topOf(await card.innerText()), '3');

  const before = classesOf(drawings);
  await page.getByLabel('Dataset', { exact: true }).selectOption(drawings);
  await page.keyboard.press('3');
  await expectText(page.locator('body'), `Added to ${drawings} as 3.`);
  expect(classesOf(drawings).sort()).toEqual([...before, '3'].sort());
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

const pad = (): Locator => session.page.getByRole('application', { name: 'Drawing' });
const matrix = (name: string): Locator => session.page.getByRole('grid', { name, exact: true });

/** The pixels of a matrix, as text. */
const pictureOf = (grid: Locator): Promise<string> =>
  grid.locator('canvas').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());

/** The color a canvas has in its corner, where nothing is drawn on its ground. */
const cornerOf = (around: Locator): Promise<string> =>
  around.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const [red, green, blue] = canvas.getContext('2d')!.getImageData(1, 1, 1, 1).data;
    return `rgb(${red}, ${green}, ${blue})`;
  });

/** The first number in a text, whatever stands between its thousands. */
const numberIn = (text: string): number =>
  Number(/[-−]?\d[\d.\s]*/.exec(text)![0].replaceAll(/\s/g, '').replace('−', '-'));

/** One of the figures above the matrix. */
const figure = async (page: Page, name: string): Promise<number> =>
  numberIn(
    await page
      .getByLabel('Figures')
      .locator('dt', { hasText: name })
      .first()
      .locator('xpath=following-sibling::dd[1]')
      .innerText(),
  );

/** What is confused most often: label, prediction, how often. */
async function worstCell(page: Page): Promise<[string, string, number]> {
  const group = page.getByRole('group', { name: 'Confused most often' });
  const text = await group.getByRole('button').first().innerText();
  const [, label, predicted, count] = /(\d)\s*→\s*(\d)\s+(\d+)/.exec(text) ?? [];
  return [label!, predicted!, Number(count)];
}

/** Walks to a cell of the matrix by keys, and opens it with a click where it lies. */
async function openCell(page: Page, row: number, column: number): Promise<void> {
  const grid = matrix('Confusion matrix');
  await grid.focus();
  for (let i = 0; i < row; i++) await page.keyboard.press('ArrowDown');
  for (let i = 0; i < column; i++) await page.keyboard.press('ArrowRight');
  await grid.getByRole('img', { name: `labeled ${row}, predicted ${column}: ` }).waitFor({
    state: 'attached',
  });
  const cell = grid.getByRole('gridcell');
  await cell.scrollIntoViewIfNeeded();
  const box = await cell.boundingBox();
  if (!box) throw new Error('the cell is nowhere');
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

const classesOf = (dataset: string): (string | null)[] =>
  storedImages(session.workspace, dataset).map((image) => image.class);

const classesByImage = (dataset: string): ReadonlyMap<number, string | null> =>
  new Map(storedImages(session.workspace, dataset).map((image) => [image.id, image.class]));

/** Of the sample: the class before and the class now, of every image where they differ. */
const changesSince = (before: ReadonlyMap<number, string | null>): (string | null)[][] =>
  [...classesByImage(sample)]
    .filter(([id, now]) => before.get(id) !== now)
    .map(([id, now]) => [before.get(id) ?? null, now]);

async function mistakesOf(region: Locator): Promise<{ before: number; after: number }> {
  const text = await region.getByText(/; mistakes/).innerText();
  const [, before, after] = /mistakes ([\d\s]+) → ([\d\s]+)\./.exec(text) ?? [];
  return { before: numberIn(before!), after: numberIn(after!) };
}

/** The terms that are written out, the rest and the bias, added up here. */
async function termsOf(neuron: Locator): Promise<number> {
  const products = await neuron.locator('tbody tr td:last-child').allInnerTexts();
  return products.reduce((sum, text) => sum + numberIn(text), 0);
}

/** The class with the highest probability in a list of `class`, `12.3 %`. */
function topOf(text: string): string | undefined {
  const rows = [...text.matchAll(/(\d)\s+([\d.]+) %/g)];
  return rows.toSorted((a, b) => Number(b[2]) - Number(a[2]))[0]?.[1];
}
