/** @file Keys that label, timed: from the press to the next image on screen, and to the label stored. */
import type { Page } from 'playwright';
import { atMost, milliseconds, quantile, type Row } from './measure.ts';

export async function openLabeling(page: Page, dataset: string): Promise<void> {
  await page.getByRole('link', { name: dataset }).click();
  await page.getByRole('grid', { name: 'Images' }).waitFor();
  await page.getByRole('button', { name: 'Label', exact: true }).click();
  await page.getByRole('img').waitFor();
  await page.keyboard.press(await otherThanLabel(page, '9')); // the first save makes the status appear
  await page.getByRole('status', { name: 'Saving' }).getByText('Saved').waitFor();
}

export type KeyTimes = { readonly shown: number; readonly stored: number };

/** A key that changes the label: equal ones would store nothing. */
export async function pressKey(page: Page, key: string): Promise<KeyTimes> {
  const changing = await otherThanLabel(page, key);
  await page.evaluate('probe.watchKey()');
  await page.keyboard.press(changing);
  return page.evaluate<KeyTimes>('probe.key');
}

async function otherThanLabel(page: Page, key: string): Promise<string> {
  const label = await page.getByRole('img').getAttribute('aria-label');
  return label === key ? String((Number(key) + 1) % 10) : key;
}

export function keyRows(what: string, taken: readonly KeyTimes[], bar: number): Row[] {
  const p95 = (values: readonly number[]): string => milliseconds(quantile(values, 0.95));
  const later = taken.map(({ shown, stored }) => Math.max(shown, stored));
  return [
    atMost(`${what}: shown and stored, p95`, [quantile(later, 0.95)], bar, milliseconds),
    {
      what: `${what}: median; shown p95; stored p95`,
      figure: `${milliseconds(quantile(later, 0.5))}; ${p95(taken.map((it) => it.shown))}; ${p95(taken.map((it) => it.stored))}`,
      bar: '',
      holds: null,
    },
  ];
}
