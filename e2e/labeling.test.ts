import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeZip } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { currentLabel, expectGrid, expectSoon, expectText, importAndOpen } from './steps.ts';
import { storedImages } from './stored.ts';

let session: Session;
beforeAll(async () => void (session = await launch()));
afterAll(() => session?.close());

test('from the first start to twenty labels, three taken back, and all of it there after a restart', async () => {
  const { page, workspace } = session;
  await page.getByRole('button', { name: 'Sample digits' }).click();
  await expectGrid(page);
  await expectText(page.getByRole('main'), '5\u202f000 images');
  const made = labelsById(workspace);

  const sevens = [...made.values()].filter((label) => label === '7').length;
  await page.getByRole('checkbox', { name: /^7\b/ }).check();
  await expectText(page.getByRole('main'), `${sevens} of 5\u202f000 images`);

  await page.getByRole('button', { name: 'Label', exact: true }).click();
  await currentLabel(page);
  for (let i = 0; i < 20; i++) {
    await page.getByText(`${i + 1} of 5\u202f000`).waitFor();
    await page.keyboard.press(other(await currentLabel(page)));
  }
  await page.getByText('21 of 5\u202f000').waitFor();
  await expectText(page.getByRole('status', { name: 'Saving' }), 'Saved');
  await expectSoon(() => changed(made, workspace), 20);

  for (const place of [20, 19, 18]) {
    await page.keyboard.press('ControlOrMeta+z');
    await page.getByText(`${place} of 5\u202f000`).waitFor();
  }
  await expectSoon(() => changed(made, workspace), 17);

  await page.reload();
  await page.getByText('1 of 5\u202f000').waitFor();
  const [first] = made.values();
  expect(await currentLabel(page)).toBe(other(first!));
  await page.getByRole('button', { name: 'Back to the images' }).click();
  await expectText(page.getByRole('complementary', { name: 'Filter' }), 'By hand');
  await expectSoon(() => countOf('By hand'), 17);
});

test('after a restart, undo and redo go on where they were', async () => {
  await session.restart();
  const { page, workspace } = session;
  const before = labelsById(workspace);
  await page.getByRole('link', { name: 'Sample digits' }).click();
  await expectGrid(page);
  await page.keyboard.press('ControlOrMeta+z');
  await expectSoon(() => countOf('By hand'), 16);
  expect(changed(before, workspace)).toBe(1);
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await expectSoon(() => changed(before, workspace), 0);
});

test('images without any class get their first ones while they are labeled', async () => {
  const { page, workspace, scratch } = session;
  const zip = { classes: [''], each: 12, broken: [] };
  const path = await writeZip(join(scratch, 'loose.zip'), zip);
  await page.getByRole('link', { name: 'Datasets' }).first().click();
  await importAndOpen(session, [path], 'loose');
  await page.getByRole('button', { name: 'Label', exact: true }).click();
  await page.getByLabel('Class name').fill('cat');
  await page.keyboard.press('Enter');
  await page.getByRole('img', { name: 'unlabeled' }).waitFor();
  await page.getByRole('button', { name: 'Class', exact: true }).click();
  // The digit is typed, and labels nothing.
  await page.getByLabel('Class name').pressSequentially('dog 1');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Label dog 1' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Label cat' }).click();
  await page.getByText('2 of 12').waitFor();
  await page.keyboard.press('2');
  await page.keyboard.press('Space');
  await page.getByText('4 of 12').waitFor();
  const labels = () => storedImages(workspace, 'loose').flatMap((it) => it.class ?? []);
  await expectSoon(() => labels().sort(), ['cat', 'dog 1']);
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

const other = (digit: string): string => String((Number(digit) + 1) % 10);

function labelsById(workspace: string): Map<string, string | null> {
  const images = storedImages(workspace, 'Sample digits').sort((a, b) => a.id - b.id);
  return new Map(images.map((it) => [String(it.id), it.class]));
}

function changed(before: ReadonlyMap<string, string | null>, workspace: string): number {
  return [...labelsById(workspace)].filter(([id, label]) => before.get(id) !== label).length;
}

/** How many images a condition of the filter would leave. */
async function countOf(condition: string): Promise<number> {
  const row = session.page.getByRole('checkbox', { name: new RegExp(`^${condition}`) });
  const text = await row.locator('xpath=..').textContent();
  return Number(/([\d\u202f]+)\s*$/.exec(text ?? '')?.[1]?.replaceAll('\u202f', ''));
}
