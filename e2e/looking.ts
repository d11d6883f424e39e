/** @file What is held of every view: in light and dark nothing that axe finds, and when asked for its picture is taken. */
import { AxeBuilder } from '@axe-core/playwright';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import sharp from 'sharp';
import { expect } from 'vitest';

const pictures = join(import.meta.dirname, '../docs/pictures');
const isAsked = process.env['UPDATE_PICTURES'] === '1';
/** All rules are held in light; in dark nothing but the colors is different. */
const colorRules = ['color-contrast', 'link-in-text-block'];

/** With UPDATE_PICTURES=1 the pictures of this name in docs/pictures are made anew. */
export async function expectReadable(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    if (isAsked) await picture(page, `${name}-${colorScheme}`);
    const axe = new AxeBuilder({ page });
    const { violations } = await (
      colorScheme === 'light' ? axe : axe.withRules([...colorRules])
    ).analyze();
    const found = violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map(({ target }) => String(target)),
    }));
    expect(found, `${name}, ${colorScheme}`).toEqual([]);
  }
}

/** In 256 colors, which is a third of the bytes and looks the same. */
async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  // What follows from the colors is drawn a frame later.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
  const png = await page.screenshot();
  await sharp(png)
    .png({ palette: true, effort: 10 })
    .toFile(join(pictures, `${name}.png`));
}
