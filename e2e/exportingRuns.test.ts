/** @file Exporting a run through the page: what the files are said to do is what they do elsewhere. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as ort from 'onnxruntime-node';
import { chromium } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBuffer, type Entry, type ZipFile } from 'yauzl';
import { z } from 'zod';
import { browserArgs, findBrowser } from './browser.ts';
import { launch, type Session } from './launch.ts';
import { expectSoon, fillPlan, planOnSample, startRuns } from './steps.ts';

let session: Session;
beforeAll(async () => {
  session = await launch();
  const { page } = session;
  await planOnSample(page);
  await page.getByRole('radio', { name: 'Two hidden layers of 16' }).check();
  await fillPlan(page, { Epochs: '1' });
  await startRuns(page, 'Start run');
  await page.goto(`${new URL(page.url()).origin}/#/runs/r1/export`);
  await page.getByRole('heading', { level: 1, name: /^Export / }).waitFor();
  // Until its training is over, the view says that there is nothing to export yet.
  await card('ONNX').waitFor();
}, 60_000);
afterAll(() => session?.close());

const card = (title: string) => session.page.getByRole('article', { name: title, exact: true });

/** Exports as `title`. @returns the files by name */
async function exported(title: string): Promise<ReadonlyMap<string, Buffer>> {
  const done = card(title);
  await done.getByRole('button', { name: 'Export', exact: true }).click();
  const link = done.getByRole('link', { name: 'Download' });
  await link.waitFor();
  return unzipped(await session.saved(() => link.click()));
}

const said = async (title: string): Promise<string> =>
  (await card(title).locator('div[role=status]').textContent())?.trim() ?? '';

const Golden = z.object({
  input: z.object({ channels: z.int(), height: z.int(), width: z.int() }),
  samples: z.array(z.object({ pixels: z.base64(), probabilities: z.array(z.number()) })).length(10),
});

test('an ONNX file answers its golden pairs as the run does', async () => {
  const files = await exported('ONNX');
  expect([...files.keys()]).toEqual(['r1.onnx', 'r1.golden.json']);
  expect(await said('ONNX')).toMatch(/^Same answers on \d+ samples, max difference /);
  const { input, samples } = Golden.parse(JSON.parse(files.get('r1.golden.json')!.toString()));
  const network = await ort.InferenceSession.create(files.get('r1.onnx')!);
  const shape = [1, input.channels, input.height, input.width];
  for (const { pixels, probabilities: expected } of samples) {
    const image = new Uint8Array(Buffer.from(pixels, 'base64'));
    const fed = { pixels: new ort.Tensor('uint8', image, shape) };
    const { probabilities } = await network.run(fed);
    const answers = Array.from(z.instanceof(Float32Array).parse(probabilities!.data));
    const differences = answers.map((answer, k) => Math.abs(answer - expected[k]!));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  }
  await network.release();
});

test('a pruned network shows what its zeros cost', async () => {
  const pruned = card('ONNX pruned');
  await pruned.getByRole('slider', { name: 'Weights set to zero' }).fill('90');
  await pruned.getByRole('slider', { name: 'Fine-tuning' }).fill('2');
  const files = await exported('ONNX pruned');
  expect([...files.keys()]).toEqual(['r1.pruned.onnx', 'r1.golden.json']);
  expect(await said('ONNX pruned')).toMatch(
    /^Accuracy .* before, .* pruned\. .* same answers on /i,
  );
  const rows = await pruned.getByRole('table').getByRole('rowheader').allTextContents();
  expect(rows.map((text) => text.trim().replace(/\s+/g, ' '))).toEqual([
    ...['0.00 %', '50.00 %', '70.00 %', '80.00 %', '90.00 %', '95.00 %'],
    expect.stringMatching(/^90\.0\d %, fine-tuned for 2 epochs$/),
  ]);
  expect(await pruned.textContent()).toMatch(/Zipped it takes .*, \d+ % of /);
});

test('a web page answers a drawing, from a file and without a network', async () => {
  const files = await exported('Web page');
  const file = join(session.scratch, 'r1.html');
  await writeFile(file, files.get('r1.html')!);
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArgs],
  });
  try {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    const before = await page.locator('body').innerText();
    const box = (await page.locator('canvas').first().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 8 });
    await page.mouse.up();
    await expect.poll(() => page.locator('body').innerText()).not.toBe(before);
    expect(await page.locator('body').innerText()).toMatch(/\d\s?%/);
    expect(asked).toEqual([pathToFileURL(file).href]);
  } finally {
    await browser.close();
  }
});

test('a C header is written, and the card says whether it was compared', async () => {
  const files = await exported('C header');
  expect(files.get('r1.h')!.toString()).toContain('r1_predict(');
  expect(await said('C header')).toMatch(
    /^(Same answers on \d+ samples, max difference .*, run by (cc|gcc|clang)\.|Written; not compared here: there is no C compiler)/,
  );
});

test('code to use a file is on the clipboard', async () => {
  const { page } = session;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await card('ONNX').getByRole('button', { name: 'Copy code' }).click();
  await card('ONNX').getByRole('button', { name: 'Copied' }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('"r1.onnx"');
});

test('a capsule opens in a workspace again as a run of its own', async () => {
  const { page, scratch } = session;
  const files = await exported('Capsule');
  const [[name, bytes]] = [...files] as [[string, Buffer]];
  await writeFile(join(scratch, name), bytes);
  await page.getByRole('link', { name: 'Runs', exact: true }).first().click();
  await page.getByRole('button', { name: 'Open capsule…' }).click();
  const dialog = page.getByRole('dialog');
  await session.chooseFiles(
    () => dialog.getByRole('button', { name: 'Choose file…' }).click(),
    [join(scratch, name)],
  );
  await dialog.getByRole('button', { name: 'Show the run' }).click();
  await expectSoon(() => new URL(page.url()).hash, '#/runs/r2');
  await page.getByRole('heading', { level: 1 }).waitFor();
});

test('nothing was complained about', () => {
  expect(session.complaints).toEqual([]);
});

async function unzipped(path: string): Promise<ReadonlyMap<string, Buffer>> {
  const bytes = await readFile(path);
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    fromBuffer(bytes, { lazyEntries: false }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    ),
  );
  const files = new Map<string, Buffer>();
  const reading: Promise<void>[] = [];
  zip.on('entry', (entry: Entry) => {
    files.set(entry.fileName, Buffer.alloc(0)); // in the order of the ZIP
    reading.push(contentOf(zip, entry).then((bytes) => void files.set(entry.fileName, bytes)));
  });
  await new Promise((resolve, reject) => zip.once('end', resolve).once('error', reject));
  await Promise.all(reading);
  return files;
}

const contentOf = (zip: ZipFile, entry: Entry): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => {
      if (error) return reject(error);
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => resolve(Buffer.concat(chunks)));
      stream.on('error', reject);
    }),
  );
