import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeIdxPair } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { choose, expectSoon, expectText, importAndOpen } from './steps.ts';
import { storedClasses, storedImages } from './stored.ts';

let session: Session;
beforeAll(async () => {
  session = await launch();
  await importAndOpen(session, await writeIdxPair(session.scratch, 1000), 'bars');
});
afterAll(() => session?.close());

const countOfClass = (name: string): number =>
  storedImages(session.workspace, 'bars').filter((it) => it.class === name).length;

test('five hundred images are labeled with one key, and one undo takes it back', async () => {
  const { page } = session;
  for (const name of ['0', '1', '2', '3', '4']) {
    await page.getByRole('checkbox', { name: new RegExp(`^${name}\\b`) }).check();
  }
  await expectText(page.getByRole('main'), '500 of 1\u202f000 images');
  await page.getByRole('grid', { name: 'Images' }).focus();
  await page.keyboard.press('ControlOrMeta+a');
  await expectText(page.getByRole('toolbar'), '500 selected');
  await page.keyboard.press('9');
  await expectSoon(() => countOfClass('9'), 600);
  await page.keyboard.press('ControlOrMeta+z');
  await expectSoon(() => countOfClass('9'), 100);
  await page.keyboard.press('ControlOrMeta+Shift+z');
  await expectSoon(() => countOfClass('9'), 600);
});

test('a class is renamed, and another merged into it', async () => {
  const { page, workspace } = session;
  const dialog = page.getByRole('dialog');
  await choose(page, 'Change class 9', 'Rename…');
  await dialog.getByLabel('Name').fill('nine');
  await dialog.getByRole('button', { name: 'Rename' }).click();
  await expectSoon(() => storedClasses(workspace, 'bars').at(-1), 'nine');

  await choose(page, 'Change class 8', 'Merge into…');
  await dialog.getByLabel('Into').selectOption('nine');
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await expectSoon(() => storedClasses(workspace, 'bars').includes('8'), false);
  expect(countOfClass('nine')).toBe(700);
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});
