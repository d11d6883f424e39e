/** @file Exports are written whole, open again, and answer as the network does; anything else leaves nothing. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as ort from 'onnxruntime-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { loadRuntime } from '../engine/tfjs/runtime.ts';
import { ModelProto } from '../graph/onnxSchema.ts';
import { hiddenActivations } from '../model/layers.ts';
import { ModelSpec } from '../model/spec.ts';
import { exportNetwork } from './exportNetwork.ts';
import { allSpecs, networkOf, noiseImages, predictorOf, temporaryFolder } from './fixture.ts';
import type { Format } from './format.ts';
import { formats, isFormatName, parseFormatName, type FormatName } from './formats.ts';

const tiny = ModelSpec.parse({
  input: { channels: 1, height: 3, width: 3 },
  layers: [{ kind: 'flatten' }],
  classes: 3,
});

async function exported(spec: ModelSpec, folder: string, change: object = {}) {
  const network = networkOf(spec);
  const predictor = await predictorOf(network);
  const pixels = noiseImages(spec, 70);
  const request = { network, format: 'onnx' as const, folder, overwrite: false, predictor, pixels };
  return exportNetwork({ ...request, ...change });
}

test.each(Object.keys(formats).filter(isFormatName))('%s says how to use it', (name) => {
  const format: Format = formats[name];
  // Under the names of the files that it writes.
  const files: Partial<Record<FormatName, string>> = { pytorch: 'r7_model', 'c-int8': 'r7-int8.h' };
  expect(format.use?.('r7')).toContain(files[name] ?? `r7${format.extensions[0]}`);
});

/** Of the others, files are tried together in tests of their own: one compiler or Python for each would take minutes. */
const inProcess = ['onnx', 'tfjs', 'web'] as const satisfies readonly FormatName[];

describe.each(inProcess)('%s', (format) => {
  test.each(allSpecs())('$name answers as the network does', async ({ spec }) => {
    const folder = temporaryFolder();
    const pixels = noiseImages(spec, 6);
    const { files, verified } = await exported(spec, folder, { format, pixels });
    expect(verified).toMatchObject({ kind: 'answers', samples: 6, agree: 6 });
    expect(verified).toHaveProperty(
      'maxAbsDiff',
      expect.toSatisfy((d) => d <= 1e-5),
    );
    expect(formats[format].extensions.some((end) => files[0]!.endsWith(end))).toBe(true);
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([...files].sort());
  });
});

describe('onnx-int8', () => {
  test.each(allSpecs())('$name answers nearly as the network does', async ({ spec }) => {
    const pixels = noiseImages(spec, 20);
    const change = { format: 'onnx-int8', pixels, calibration: pixels };
    const { verified, bytes, note } = await exported(spec, temporaryFolder(), change);
    if (verified.kind !== 'answers') throw new Error('not run');
    expect(verified.agree).toBeGreaterThanOrEqual(19);
    // Not the float file under another name.
    expect(verified.maxAbsDiff).toBeGreaterThan(1e-6);
    expect(note !== undefined).toBe(hiddenActivations(spec).includes('step'));
    if (note === undefined) expect(bytes!.after).toBeLessThan(0.25 * bytes!.before + 25_000);
    // Not a single step has flipped: what is left is the rounding behind the last one.
    else expect(verified.maxAbsDiff).toBeLessThan(0.01);
  });

  test('a file names the layers whose weights stay float, and its note counts them', async () => {
    const { spec } = allSpecs().find(({ name }) => name === 'preset cnn-32-64 with step')!;
    const change = { format: 'onnx-int8', calibration: noiseImages(spec, 5) };
    const { files, note } = await exported(spec, temporaryFolder(), change);
    const { metadataProps } = ModelProto.toObject(ModelProto.decode(readFileSync(files[0]!)));
    expect(metadataProps).toContainEqual({
      key: 'inkling.floatLayers',
      value: '["conv2d1","conv2d2","dense1"]',
    });
    // 1290 of 28 938.
    expect(note).toMatch(/^4\.5 % of/);
  });

  test('needs training images', async () => {
    const attempt = exported(tiny, temporaryFolder(), { format: 'onnx-int8' });
    await expect(attempt).rejects.toThrow('no images to choose ranges by');
  });

  test('accuracy before and after is told where labels are known', async () => {
    const pixels = noiseImages(tiny, 30);
    const { probabilities } = await (await predictorOf(networkOf(tiny))).predict(pixels);
    const best = (n: number) => {
      const row = probabilities.subarray(n * 3, n * 3 + 3);
      return row.indexOf(Math.max(...row));
    };
    // Every third label is another class than the answer.
    const labels = Int32Array.from({ length: 30 }, (_, n) => (best(n) + (n % 3 === 0 ? 1 : 0)) % 3);
    const change = { pixels, labels, calibration: pixels, format: 'onnx-int8' };
    const { verified } = await exported(tiny, temporaryFolder(), change);
    // Of the answers at most two may be others, and they may become right or wrong.
    const near = expect.toSatisfy((share: number) => Math.abs(share - 20 / 30) <= 2 / 30);
    expect(verified).toMatchObject({ accuracy: { before: 20 / 30, after: near } });
  });
});

test.each(['onnx', 'onnx-int8'] as const)('the code to use %s runs as written', async (format) => {
  const folder = temporaryFolder();
  const change = { format, calibration: noiseImages(tiny, 5), pixels: noiseImages(tiny, 50) };
  await exported(tiny, folder, change);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'use.mjs'), formats[format].use!('r7'));
  const { stdout } = await promisify(execFile)(process.execPath, ['use.mjs'], { cwd: folder });
  const { probabilities } = await (await predictorOf(networkOf(tiny))).predict(new Uint8Array(9));
  const printed = stdout.match(/\d\.\d+/g)!.map(Number);
  expect(printed).toHaveLength(3);
  printed.forEach((value, k) => expect(value).toBeCloseTo(probabilities[k]!, 2));
});

type Use = (...names: readonly unknown[]) => Promise<void>;

test('the code to use tfjs runs as written', async () => {
  const spec = ModelSpec.parse({ ...tiny, input: { channels: 3, height: 2, width: 2 } });
  const folder = temporaryFolder();
  await exported(spec, folder, { format: 'tfjs' });
  const server = createServer((request, response) => {
    response.end(readFileSync(join(folder, request.url!)));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // A page's own names: what it asks for is found beside it.
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const beside = (file: string) => `http://127.0.0.1:${port}/${file}`;
  const { tf } = await loadRuntime('cpu');
  const page = { ...tf, loadLayersModel: (file: string) => tf.loadLayersModel(beside(file)) };
  const said: unknown[] = [];
  const module = join(folder, 'use.mjs');
  const head = 'export const use = async (tf, fetch, picture, console) => {';
  writeFileSync(module, `${head}\n${formats.tfjs.use!('r7')}};\n`);
  const { use } = z
    .object({ use: z.custom<Use>((value) => typeof value === 'function') })
    .parse(await import(pathToFileURL(module).href));
  // Red, green, blue and opacity of four points.
  const data = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? 255 : i * 15));
  const picture = { width: 2, height: 2, data };
  await use(page, (file: string) => fetch(beside(file)), picture, {
    log: (value: unknown) => said.push(value),
  });
  const pixels = Uint8Array.from({ length: 12 }, (_, i) => data[(i % 4) * 4 + Math.floor(i / 4)]!);
  const { probabilities } = await (await predictorOf(networkOf(spec))).predict(pixels);
  expect(said).toEqual([`class ${probabilities.indexOf(Math.max(...probabilities))}`]);
});

describe('an ONNX file', () => {
  test('is opset 17, takes pixels of any number of images, and says what it is', async () => {
    const { files } = await exported(tiny, temporaryFolder());
    const session = await ort.InferenceSession.create(files[0]!);
    expect(session.inputMetadata).toEqual([
      { name: 'pixels', isTensor: true, type: 'uint8', shape: ['batch', 1, 3, 3] },
    ]);
    const row = { isTensor: true, type: 'float32', shape: ['batch', 3] };
    expect(session.outputMetadata).toEqual([
      { name: 'probabilities', ...row },
      { name: 'logits', ...row },
    ]);
    const { opsetImport, metadataProps } = ModelProto.toObject(
      ModelProto.decode(readFileSync(files[0]!)),
      { longs: Number },
    );
    expect(opsetImport).toEqual([{ version: 17 }]);
    const metadata = Object.fromEntries(
      metadataProps.map(({ key, value }: { key: string; value: string }) => [key, value]),
    );
    expect(metadata).toEqual({
      'inkling.classes': '["class 0","class 1","class 2"]',
      names: '["class 0","class 1","class 2"]',
      'inkling.spec': JSON.stringify(tiny),
      'inkling.snapshotHash': 'a'.repeat(64),
      'inkling.parametersHash': 'b'.repeat(64),
      'inkling.version': '1.2.3',
    });
  });

  test('gives the same logits as the network', async () => {
    const { files } = await exported(tiny, temporaryFolder());
    const session = await ort.InferenceSession.create(files[0]!);
    const pixels = noiseImages(tiny, 5);
    const { logits } = await session.run({ pixels: new ort.Tensor('uint8', pixels, [5, 1, 3, 3]) });
    const { logits: expected } = await (await predictorOf(networkOf(tiny))).predict(pixels);
    const values = [...(await logits!.getData())].map(Number);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  });

  test('is the same bytes twice', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    await exported(tiny, one);
    await exported(tiny, two);
    expect(readFileSync(join(one, 'r7.onnx')).equals(readFileSync(join(two, 'r7.onnx')))).toBe(
      true,
    );
  });
});

test('golden pairs beside it are images with the answers of the network', async () => {
  const { files } = await exported(tiny, temporaryFolder());
  const golden = JSON.parse(readFileSync(files[1]!, 'utf8'));
  expect(files[1]).toMatch(/r7\.golden\.json$/);
  expect(golden.samples).toHaveLength(10);
  const predictor = await predictorOf(networkOf(tiny));
  for (const { pixels, logits, probabilities } of golden.samples) {
    const answer = await predictor.predict(new Uint8Array(Buffer.from(pixels, 'base64')));
    answer.logits.forEach((value, k) => expect(logits[k]).toBeCloseTo(value, 5));
    answer.probabilities.forEach((value, k) => expect(probabilities[k]).toBeCloseTo(value, 6));
  }
});

test('a file that is there is kept, unless it may be overwritten', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'r7.onnx'), 'mine');
  await expect(exported(tiny, folder)).rejects.toMatchObject({ code: 'file-exists' });
  expect(readdirSync(folder)).toEqual(['r7.onnx']);
  expect(readFileSync(join(folder, 'r7.onnx'), 'utf8')).toBe('mine');
  await exported(tiny, folder, { overwrite: true });
  expect(readFileSync(join(folder, 'r7.onnx')).length).toBeGreaterThan(100);
});

test('a file that answers otherwise is not kept', async () => {
  const folder = temporaryFolder();
  const network = networkOf(tiny);
  const bias = network.params['output/bias']!;
  const changed = Float32Array.from(bias.data, (value, k) => value + (k === 0 ? 1e-3 : 0));
  const other = {
    ...network,
    params: { ...network.params, 'output/bias': { ...bias, data: changed } },
  };
  const attempt = exported(tiny, folder, { predictor: await predictorOf(other) });
  await expect(attempt).rejects.toMatchObject({ code: 'export-disagrees' });
  expect(readdirSync(folder)).toEqual([]);
});

test('probabilities that are no numbers are a disagreement', async () => {
  const nowhere = new Float32Array(64 * 3).fill(NaN);
  const predictor = {
    predict: async (pixels: Uint8Array) => {
      const size = (pixels.length / 9) * 3;
      return { logits: nowhere.slice(0, size), probabilities: nowhere.slice(0, size) };
    },
  };
  const attempt = exported(tiny, temporaryFolder(), { predictor });
  await expect(attempt).rejects.toMatchObject({ code: 'export-disagrees' });
});

test('a folder that cannot be made is a failure with its name', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  const attempt = exported(tiny, join(file, 'below'));
  await expect(attempt).rejects.toMatchObject({ code: 'folder-unwritable' });
});

test('at most 1000 images are compared', async () => {
  const pixels = noiseImages(tiny, 1003);
  const { verified } = await exported(tiny, temporaryFolder(), { pixels });
  expect(verified).toMatchObject({ samples: 1000, agree: 1000 });
});

test('an unknown format is a failure that lists the known ones', () => {
  expect(parseFormatName('onnx')).toBe('onnx');
  expect(() => parseFormatName('pdf')).toThrow('There is no export format pdf.');
});
