/** @file What people do again and again, in the words of the screen. */
import { expect } from 'vitest';
import type { Locator, Page } from 'playwright';
import type { Session } from './launch.ts';

/** The grid of a dataset, drawn. */
export async function expectGrid(page: Page): Promise<void> {
  await page.getByRole('grid', { name: 'Images' }).waitFor();
}

/** Waits until something on screen says this. */
export async function expectText(where: Locator, text: string | RegExp): Promise<void> {
  await where.getByText(text).filter({ visible: true }).first().waitFor();
}

/** For what takes a while even on a quiet machine, such as training; a busy one takes several times as long. */
export const longPatienceMs = 100_000;

/** Waits until what `read` returns is `expected`. */
export async function expectSoon<T>(
  read: () => T | Promise<T>,
  expected: T,
  patienceMs = 20_000,
): Promise<void> {
  await expect.poll(read, { timeout: patienceMs, interval: 25 }).toEqual(expected);
}

/** Imports files through the dialog, and stays on its report. */
export async function importFiles(
  session: Session,
  paths: readonly string[],
  dataset: string,
): Promise<Locator> {
  const { page } = session;
  const dialog = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Import…' }).click();
  await session.chooseFiles(
    () => dialog.getByRole('button', { name: 'Choose files…' }).click(),
    paths,
  );
  await dialog.getByLabel('Dataset').fill(dataset);
  await dialog.getByRole('button', { name: /^Import [\d\s]+ image/ }).click();
  await dialog.getByRole('button', { name: 'Open dataset' }).waitFor();
  return dialog;
}

/** Imports files, and opens the dataset they went into. */
export async function importAndOpen(
  session: Session,
  paths: readonly string[],
  dataset: string,
): Promise<void> {
  const dialog = await importFiles(session, paths, dataset);
  await dialog.getByRole('button', { name: 'Open dataset' }).click();
  await expectGrid(session.page);
}

/** Makes the sample of generated digits, and opens the plan of a run on it. */
export async function planOnSample(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sample digits' }).click();
  await expectGrid(page);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('radio', { name: 'Dense 128-64' }).waitFor();
}

/** Writes numbers into fields of the plan, by their names. */
export async function fillPlan(
  page: Page,
  fields: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(fields)) {
    const named = { name, exact: true };
    await page.getByRole('spinbutton', named).or(page.getByRole('textbox', named)).fill(text);
  }
}

/** Starts what is planned, as soon as it was judged, and goes to the runs. */
export async function startRuns(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('table', { name: 'Runs' }).waitFor();
}

/** What a chart says to those who cannot see it. */
export const chartSummary = async (page: Page, title: string): Promise<string> =>
  (await page
    .getByRole('img', { name: title, exact: true })
    .locator('xpath=following-sibling::p')
    .textContent()) ?? '';

/** Chooses from a menu. */
export async function choose(page: Page, menu: string, item: string | RegExp): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
}

/** The class of the image that is being labeled. */
export async function currentLabel(page: Page): Promise<string> {
  // The view before, which leaves in a moment, has pictures as well.
  await page.getByRole('button', { name: 'Back to the images' }).waitFor();
  return (await page.getByRole('img').getAttribute('aria-label')) ?? '';
}
