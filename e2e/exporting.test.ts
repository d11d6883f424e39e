import { afterAll, beforeAll, expect, test } from 'vitest';
import { join } from 'node:path';
import { writeZip } from './fixtures.ts';
import { launch, type Session } from './launch.ts';
import { choose, importAndOpen } from './steps.ts';
import { storedClasses, storedImages } from './stored.ts';

let session: Session;
beforeAll(async () => {
  session = await launch();
  const zip = { classes: ['dog', 'cat', 'owl'], each: 40, broken: [] };
  const path = await writeZip(join(session.scratch, 'pets.zip'), zip);
  await importAndOpen(session, [path], 'pets');
});
afterAll(() => session?.close());

test.each(['ZIP', 'CSV and images', 'Hugging Face imagefolder'])(
  'exported as %s and imported again, a dataset is the same',
  async (format) => {
    const { page, workspace } = session;
    await page.getByRole('link', { name: 'Datasets' }).first().click();
    await page.getByRole('link', { name: 'pets', exact: true }).click();
    await choose(page, 'More for this dataset', 'Export…');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: format }).check();
    const file = await session.exported(() =>
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    );
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('link', { name: 'Datasets' }).first().click();
    await importAndOpen(session, [file], format);
    expect(contentOf(workspace, format)).toEqual(contentOf(workspace, 'pets'));
    expect(storedClasses(workspace, format)).toEqual(storedClasses(workspace, 'pets'));
  },
);

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

/** What makes an image what it is, wherever its file lies. */
const contentOf = (workspace: string, dataset: string) =>
  storedImages(workspace, dataset).map((it) => ({ hash: it.hash, class: it.class, part: it.part }));
