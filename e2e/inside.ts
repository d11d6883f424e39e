/** @file Ways into a network, shared by the story and the pictures of these views: training, drawing, taking from the map. */
import type { Locator, Page } from 'playwright';
import { expectGrid } from './steps.ts';

/** A few seconds' work, on a machine that has others to do. */
export const trainingMs = 50_000;

/** So many runs of a small dense network on the sample of generated digits, one after another: r1, r2 … */
export async function trainOnSample(
  page: Page,
  { seeds, epochs }: { seeds: string; epochs: number },
): Promise<void> {
  await page.getByRole('button', { name: 'Sample digits' }).click();
  await expectGrid(page);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('radio', { name: 'Dense 128-64' }).check();
  await page.getByRole('textbox', { name: 'Seeds', exact: true }).fill(seeds);
  await page.getByRole('spinbutton', { name: 'Epochs', exact: true }).fill(String(epochs));
  const count = seeds.split(' ').length;
  const start = count === 1 ? 'Start run' : `Start ${count} runs`;
  await page.getByRole('button', { name: start, exact: true }).click();
  await expectFinished(page, count);
}

/** Waits until so many runs have finished, all there are. */
async function expectFinished(page: Page, count: number): Promise<void> {
  const table = page.getByRole('table', { name: 'Runs' });
  const finished = table.getByText('Finished', { exact: true });
  await finished.nth(count - 1).waitFor({ timeout: trainingMs });
}

type Point = readonly [x: number, y: number];

/** A 3 as it is written by hand: two bows, open to the left. In shares of the pad. */
export const three: readonly Point[] = [
  ...bow([0.46, 0.34], 0.16, [-140, 80]),
  ...bow([0.46, 0.66], 0.18, [-80, 140]),
];

/** Points on a circle around a middle, from one angle to another, clockwise from the right. */
function bow([x, y]: Point, radius: number, [from, to]: readonly [number, number]): Point[] {
  const pieces = 16;
  return Array.from({ length: pieces + 1 }, (_, i): Point => {
    const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
}

/** Draws a line through these places, shares of width and height, with the mouse. `after` each is waited for. */
export async function drag(
  page: Page,
  on: Locator,
  [first, ...others]: readonly Point[],
  after: () => Promise<void> = async () => {},
): Promise<void> {
  const box = await on.boundingBox();
  if (!box || !first) throw new Error('there is nothing to draw on, or nothing to draw');
  const at = ([x, y]: Point): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(first));
  await page.mouse.down();
  for (const place of others) {
    await page.mouse.move(...at(place), { steps: 2 });
    await after();
  }
  await page.mouse.up();
}

/** The map of all images, made and in sight. */
export async function openMap(page: Page): Promise<Locator> {
  const map = page.getByRole('application', { name: /^Map/ });
  await map.scrollIntoViewIfNeeded();
  await page.getByRole('list', { name: 'Classes on the map' }).waitFor();
  await map.scrollIntoViewIfNeeded();
  return map;
}

/**
 * Surrounds images around the middle of the map, in wider or narrower squares until their number is in bounds.
 *
 * @returns how many, as the page says
 */
export async function lassoAbout(
  page: Page,
  map: Locator,
  [least, most]: readonly [number, number],
): Promise<number> {
  const status = page
    .getByRole('region', { name: 'How it sees all images' })
    .getByRole('status')
    .filter({ hasText: /^[\d\s]+ images?$/ });
  let [low, high] = [0, 0.48];
  for (;;) {
    const reach = (low + high) / 2;
    if (high - low < 0.002) throw new Error(`no square has ${least} to ${most} images`);
    await page.getByRole('button', { name: 'Lasso', exact: true }).click();
    const [near, far] = [0.5 - reach, 0.5 + reach];
    await drag(page, map, [
      [near, near],
      [far, near],
      [far, far],
      [near, far],
      [near, near],
    ]);
    // When the line is closed, the lasso is put away; a square without an image says nothing.
    await page.getByRole('button', { name: 'Lasso', exact: true, pressed: false }).waitFor();
    const words = (await status.count()) === 0 ? '0' : await status.innerText();
    const count = Number(words.replaceAll(/\D/g, ''));
    if (count >= least && count <= most) return count;
    if (count < least) low = reach;
    else high = reach;
  }
}
