/**
 * @file What is held of every view: in light and dark nothing that axe finds, no text that is cut off in a small window
 * and in a large one; and when asked for, its pictures are taken.
 */
import { AxeBuilder } from '@axe-core/playwright';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import sharp from 'sharp';
import { expect } from 'vitest';
import { clippedTexts } from './clipped.ts';
import { windowSize } from './launch.ts';

const pictures = join(import.meta.dirname, '../docs/pictures');
const largeSize = { width: 1920, height: 1080 };
/** Whether the pictures are wanted. */
export const isAsked = process.env['UPDATE_PICTURES'] === '1';
/** All rules are held in light; in dark nothing but the colors is different. */
const colorRules = ['color-contrast', 'link-in-text-block'];

/**
 * With UPDATE_PICTURES=1 the pictures of this name in docs/pictures are made anew.
 *
 * @param isPicturedLarge  in a large window as well, in dark
 */
export async function expectReadable(
  page: Page,
  name: string,
  isPicturedLarge = false,
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor();
    if (isAsked) await picture(page, `${name}-${colorScheme}`);
    // In this page itself. It has no frames of other origins, for which axe would judge in a second one.
    const axe = new AxeBuilder({ page }).setLegacyMode();
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
  expect(await clippedTexts(page), `${name}, ${windowSize.width} wide`).toEqual([]);
  await page.setViewportSize(largeSize);
  await drawn(page);
  if (isAsked && isPicturedLarge) await picture(page, `${name}-dark-${largeSize.width}`);
  const clipped = await clippedTexts(page);
  await page.setViewportSize(windowSize);
  await drawn(page);
  expect(clipped, `${name}, ${largeSize.width} wide`).toEqual([]);
}

/** What follows from colors and sizes is drawn a frame later. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

/** In 256 colors, which is a third of the bytes and looks the same. */
async function picture(page: Page, name: string): Promise<void> {
  await mkdir(pictures, { recursive: true });
  await drawn(page);
  const png = await page.screenshot();
  await sharp(png)
    .png({ palette: true, effort: 10 })
    .toFile(join(pictures, `${name}.png`));
}
