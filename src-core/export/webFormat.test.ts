/** @file An exported page answers as the network does, asks no network for anything, and holds any class name. */
import { AxeBuilder } from '@axe-core/playwright';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserArgs, installedBrowser } from '../../e2e/browser.ts';
import { ModelSpec } from '../model/spec.ts';
import { exportNetwork } from './exportNetwork.ts';
import { networkOf, noiseImages, predictorOf, temporaryFolder, tinySpecs } from './fixture.ts';
import { formats } from './formats.ts';

async function exported(spec: ModelSpec, classes?: readonly string[]) {
  const network = { ...networkOf(spec), ...(classes && { classes }) };
  const pixels = noiseImages(spec, 20);
  const predictor = await predictorOf(network);
  const folder = temporaryFolder();
  const request = { network, format: 'web', folder, overwrite: false, predictor, pixels } as const;
  const { files, verified } = await exportNetwork(request);
  return { path: files[0]!, verified, pixels, predictor };
}

test.each(tinySpecs())('$name answers as the network does', async ({ spec }) => {
  const { verified } = await exported(spec);
  expect(verified).toMatchObject({ kind: 'answers', samples: 20, agree: 20 });
  expect(verified).toHaveProperty(
    'maxAbsDiff',
    expect.toSatisfy((difference) => difference <= 1e-5),
  );
});

const digits = { channels: 1, height: 28, width: 28 } as const;
const hostile = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '$& $1 @page',
];
const program = installedBrowser();
if (program === null) console.log('Skipped: pages are not opened, there is no Chrome or Chromium.');

describe.skipIf(program === null)('in a real browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: program!, args: [...browserArgs] });
  });
  afterAll(() => browser?.close());

  /** Opened as by a double click, without a network; complaints and requests are collected. */
  async function open(path: string) {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    const heard: string[] = [];
    page.on('pageerror', (error) => heard.push(String(error)));
    page.on('console', (message) => heard.push(message.text()));
    page.on('dialog', (dialog) => heard.push(dialog.message()));
    page.on('request', (request) => heard.push(request.url()));
    const url = pathToFileURL(path).href;
    await page.goto(url);
    return { page, heard, url };
  }

  const spec = ModelSpec.parse({
    input: digits,
    classes: 3,
    layers: [
      { kind: 'conv2d', filters: 4, kernel: 3, activation: { name: 'gelu' } },
      { kind: 'maxPool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', units: 12, activation: { name: 'prelu' } },
    ],
  });

  test('it answers as the network does, and hostile class names are text', async () => {
    const { path, pixels, predictor } = await exported(spec, hostile);
    const { page, heard, url } = await open(path);
    // The page's own program, in this browser.
    const tables = await page.locator('#tables').textContent();
    const answers = await page.evaluate(
      ({ tables, bytes }) => {
        // A function of the page's script, which only the page knows.
        const names = globalThis as unknown as {
          network(tables: string): { predict(x: Uint8Array, y: Float32Array): void };
        };
        const model = names.network(tables);
        return Array.from({ length: 20 }, (_, n) => {
          const probabilities = new Float32Array(3);
          model.predict(Uint8Array.from(bytes.slice(n * 784, (n + 1) * 784)), probabilities);
          return [...probabilities];
        });
      },
      { tables: tables!, bytes: [...pixels] },
    );
    const expected = (await predictor.predict(pixels)).probabilities;
    answers.flat().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
    expect(await page.locator('#bars .name').allTextContents()).toEqual(hostile);
    expect(heard).toEqual([url]);
  });

  test('a drawing by mouse is answered within 30 ms, undone and drawn again by keys', async () => {
    const { page, heard, url } = await open((await exported(spec)).path);
    const best = page.locator('#best');
    expect(await best.textContent()).toBe('–');
    for (let n = 0; n < 5; n++) await stroke(page, 0.2 + 0.1 * n);
    await expect.poll(() => best.textContent()).toMatch(/^class \d$/);
    const shares = await page.locator('#bars .share').allTextContents();
    expect(shares.reduce((sum, text) => sum + Number.parseFloat(text), 0)).toBeCloseTo(100, 0);
    const time = await page.locator('#time').textContent();
    expect(Number(/[\d.]+/.exec(time!)![0])).toBeLessThanOrEqual(30);
    expect(await page.locator('#layers canvas').count()).toBe(4);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    for (let n = 0; n < 5; n++) await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => best.textContent()).toBe('–');
    // The focus went to the drawing when nothing was left to undo.
    for (const key of ['Space', 'ArrowUp', 'ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
    await expect.poll(() => best.textContent()).toMatch(/^class \d$/);
    await page.keyboard.press('Delete');
    await expect.poll(() => best.textContent()).toBe('–');
    expect(heard).toEqual([url]);
  });

  test('its code to use it shows it within another page', async () => {
    const { path } = await exported(spec);
    const outer = join(dirname(path), 'outer.html');
    writeFileSync(outer, `<!doctype html><title>mine</title>${formats.web.use!('r7')}`);
    const { page } = await open(outer);
    await expect.poll(() => page.frameLocator('iframe').getByText('Draw here').count()).toBe(1);
  });
});

async function stroke(page: Page, x: number): Promise<void> {
  const box = (await page.locator('#pad').boundingBox())!;
  await page.mouse.move(box.x + box.width * x, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.8, { steps: 5 });
  await page.mouse.up();
}

test('its policy allows its own scripts and style, and nothing else', async () => {
  const html = readFileSync(
    (await exported(ModelSpec.parse({ input: digits, classes: 2, layers: [] }))).path,
    'utf8',
  );
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1];
  expect(policy).toMatch(
    /^default-src 'none'; script-src( 'sha256-[^']+'){2}; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'$/,
  );
  expect(html).not.toMatch(/https?:|\/\/[a-z]+\.|@import|url\(/);
});
