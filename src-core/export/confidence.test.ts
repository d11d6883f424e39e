/** @file A temperature and a threshold are part of every file: the same answers, and the same ones unsure. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { ModelSpec } from '../model/spec.ts';
import { runToEnd } from './c/childProgram.ts';
import { findCompiler } from './c/openHeader.ts';
import { exportNetwork } from './exportNetwork.ts';
import { networkOf, noiseImages, obeyingPython, predictorOf, temporaryFolder } from './fixture.ts';
import { isFormatName, formats, type FormatName } from './formats.ts';
import { pythonString } from './python.ts';
import { withTemperature } from './temperature.ts';

const spec = ModelSpec.parse({
  input: { channels: 1, height: 4, width: 4 },
  layers: [{ kind: 'flatten' }, { kind: 'dense', units: 6, activation: { name: 'tanh' } }],
  classes: 3,
});
const pixels = noiseImages(spec, 60);
const trained = networkOf(spec);
const temperature = 0.25;
const params = withTemperature(trained.params, temperature);

/** Somewhere in the middle, so that both kinds of answers are there. */
async function unsureAnswers() {
  const { probabilities, logits } = await (
    await predictorOf({ ...trained, params })
  ).predict(pixels);
  const rows = Array.from({ length: 60 }, (_, n) => [...probabilities.subarray(3 * n, 3 * n + 3)]);
  const largest = rows.map((row) => Math.max(...row));
  const unsureBelow = Number(largest.toSorted((a, b) => a - b)[25]!.toFixed(3));
  const isUnsure = largest.map((p) => p < unsureBelow);
  const best = rows.map((row) => row.indexOf(Math.max(...row)));
  return { unsureBelow, isUnsure, answers: best.map((k, n) => (isUnsure[n] ? -1 : k)), logits };
}

async function exported(format: FormatName, unsureBelow: number) {
  const network = { ...trained, params, confidence: { temperature, unsureBelow } };
  const folder = temporaryFolder();
  const predictor = await predictorOf(network);
  const request = { network, format, folder, overwrite: false, predictor, pixels };
  return { folder, ...(await exportNetwork({ ...request, calibration: pixels })) };
}

test('dividing the last layer divides the logits, and no class becomes another', async () => {
  const before = await (await predictorOf(trained)).predict(pixels);
  const { logits } = await unsureAnswers();
  logits.forEach((z, i) => expect(z).toBeCloseTo(before.logits[i]! / temperature, 3));
});

test('ONNX has an output unsure, and says what it was made with', async () => {
  const { unsureBelow, isUnsure } = await unsureAnswers();
  expect(isUnsure).toContain(true);
  expect(isUnsure).toContain(false);
  const { files, verified } = await exported('onnx', unsureBelow);
  expect(verified).toMatchObject({ kind: 'answers', samples: 60, agree: 60 });
  const session = await ort.InferenceSession.create(files[0]!);
  const { unsure } = await session.run({ pixels: new ort.Tensor('uint8', pixels, [60, 1, 4, 4]) });
  expect(unsure).toMatchObject({ type: 'bool', dims: [60] });
  expect(Array.from(unsure!.data, Boolean)).toEqual(isUnsure);
  const text = readFileSync(files[0]!, 'latin1');
  expect(text).toContain('inkling.temperature');
  expect(text).toContain(String(unsureBelow));
});

test('int8 ONNX tells what is unsure of its own probabilities', async () => {
  const { unsureBelow } = await unsureAnswers();
  const { files } = await exported('onnx-int8', unsureBelow);
  const session = await ort.InferenceSession.create(files[0]!);
  const found = await session.run({ pixels: new ort.Tensor('uint8', pixels, [60, 1, 4, 4]) });
  const scores = found['probabilities']!.data;
  const expected = Array.from({ length: 60 }, (_, n) => {
    const row = [0, 1, 2].map((k) => Number(scores[3 * n + k]));
    return !(Math.max(...row) >= Math.fround(unsureBelow));
  });
  expect(Array.from(found['unsure']!.data, Boolean)).toEqual(expected);
  expect(expected).toContain(true);
});

const compiler = await findCompiler();
test.skipIf(compiler === null)('C returns -1 for what is unsure', async () => {
  const { unsureBelow, answers } = await unsureAnswers();
  const { folder } = await exported('c', unsureBelow);
  const main = `#include "r7.h"
#include <stdio.h>
int main(void) {
  static uint8_t pixels[INKLING_R7_PIXELS];
  float probabilities[INKLING_R7_CLASSES];
  while (fread(pixels, sizeof pixels, 1, stdin) == 1)
    printf("%d ", inkling_r7_predict(pixels, probabilities));
  return 0;
}
`;
  const [source, program] = [join(folder, 'main.c'), join(folder, 'main')];
  writeFileSync(source, main);
  const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'];
  const built = await runToEnd(compiler!, [...strict, source, '-o', program, '-lm']);
  expect(built?.stderr).toBe('');
  const ended = await runToEnd(program, [], pixels);
  expect(ended!.stdout.toString().trim().split(' ').map(Number)).toEqual(answers);
  // As its user would write it.
  writeFileSync(source, formats.c.use!('r7', unsureBelow));
  expect((await runToEnd(compiler!, [...strict, source, '-o', program, '-lm']))?.stderr).toBe('');
  const first = await runToEnd(program, [], pixels.subarray(16 * answers.indexOf(-1)));
  expect(first).toMatchObject({ code: 0 });
  expect(first!.stdout.toString()).toBe('unsure\n');
});

const python = await obeyingPython('import torch');
test.skipIf(python.missing !== null)('PyTorch answers -1 for what is unsure', async () => {
  const { unsureBelow, answers } = await unsureAnswers();
  const { files } = await exported('pytorch', unsureBelow);
  const images = Buffer.from(pixels).toString('base64');
  const found = await python.run(`
module = load(${pythonString(files[0]!)})
images = torch.frombuffer(bytearray(base64.b64decode("${images}")), dtype=torch.uint8)
with torch.no_grad():
    answers = module.load().answers(images.reshape(60, 1, 4, 4)).tolist()
result = [*answers, module.UNSURE_BELOW, module.TEMPERATURE]
`);
  python.stop();
  expect(found.slice(0, 60)).toEqual(answers);
  expect(found[60]).toBeCloseTo(unsureBelow, 6);
  expect(found[61]).toBe(temperature);
});

test('the page and the files of web and Keras programs carry the threshold', async () => {
  const web = await exported('web', 0.8);
  expect(readFileSync(web.files[0]!, 'utf8')).toContain(`"unsureBelow":${Math.fround(0.8)}`);
  const tfjs = await exported('tfjs', 0.8);
  const metadata: unknown = JSON.parse(readFileSync(tfjs.files.at(-2)!, 'utf8'));
  expect(metadata).toMatchObject({ userMetadata: { unsureBelow: 0.8, temperature } });
  const golden: unknown = JSON.parse(readFileSync(tfjs.files.at(-1)!, 'utf8'));
  expect(golden).toMatchObject({ unsureBelow: 0.8, temperature });
});

test.each(Object.keys(formats).filter(isFormatName))('the code to use %s knows unsure', (name) => {
  const use = (formats[name] as { use?: typeof formats.onnx.use }).use;
  // A page needs no code to say it.
  if (name !== 'web') expect(use?.('r7', 0.8)).toContain('unsure');
  expect(use?.('r7')).not.toContain('unsure');
});
