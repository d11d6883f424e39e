import { afterAll, beforeAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { mnistPair, writeIdxPair, writeZip } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { expectGrid, expectText, importFiles } from './steps.ts';
import { storedClasses, storedImages } from './stored.ts';

let session: Session;
beforeAll(async () => void (session = await launch()));
afterAll(() => session?.close());

const idx = mnistPair();

test(`${idx ? 'the MNIST' : 'an'} IDX pair is uploaded, looked at before it is written, and imported`, async () => {
  const { page, workspace, scratch } = session;
  const count = idx ? 10_000 : 300;
  const dialog = await importFiles(session, idx ?? (await writeIdxPair(scratch, count)), 'digits');
  await expectText(dialog, `${idx ? '10\u202f000' : '300'} images`);
  await dialog.getByRole('button', { name: 'Open dataset' }).click();
  await expectGrid(page);
  expect(storedImages(workspace, 'digits')).toHaveLength(count);
  expect(storedClasses(workspace, 'digits')).toEqual([...'0123456789']);
});

test('a ZIP with broken files comes in without them, and the report says which and why', async () => {
  const { page, workspace, scratch } = session;
  const broken = ['cat/torn.png', 'dog/cut.png'];
  const zip = { classes: ['cat', 'dog'], each: 12, broken };
  const path = await writeZip(join(scratch, 'pets.zip'), zip);
  await page.getByRole('link', { name: 'Datasets' }).first().click();
  const dialog = await importFiles(session, [path], 'pets');
  await expectText(dialog, '24 images');
  const skipped = dialog.getByRole('region', { name: 'Skipped, and why' });
  for (const name of broken) await expectText(skipped, name);
  expect(await skipped.getByRole('listitem').count()).toBe(broken.length);
  await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
  expect(storedClasses(workspace, 'pets')).toEqual(['cat', 'dog']);
  expect(storedImages(workspace, 'pets')).toHaveLength(24);
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});
