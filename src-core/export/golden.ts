/**
 * @file Golden pairs: a few real images with the network's answers, written beside every export, so that
 * whoever builds on the files can check their own code against the network as it was trained.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageSize, type Predictor } from '../engine/engine.ts';
import type { TrainedNetwork } from './format.ts';

/** Enough to show every digit once, few enough to read. */
const goldenSamples = 10;

/** Writes `<name>.golden.json` into `folder` and returns its name. */
export async function writeGolden(
  { name, spec, classes, confidence }: TrainedNetwork,
  predictor: Pick<Predictor, 'predict'>,
  pixels: Uint8Array,
  folder: string,
): Promise<string> {
  const file = `${name}.golden.json`;
  const bytes = imageSize(spec.input);
  const count = Math.min(goldenSamples, pixels.length / bytes);
  const { logits, probabilities } = await predictor.predict(pixels.subarray(0, count * bytes));
  const row = (values: Float32Array, n: number) =>
    Array.from(values.subarray(n * spec.classes, (n + 1) * spec.classes));
  const content = {
    input: { type: 'uint8', encoding: 'base64', order: 'channels, height, width', ...spec.input },
    classes,
    ...confidence,
    samples: Array.from({ length: count }, (_, n) => ({
      pixels: Buffer.from(pixels.subarray(n * bytes, (n + 1) * bytes)).toString('base64'),
      logits: row(logits, n),
      probabilities: row(probabilities, n),
    })),
  };
  await writeFile(join(folder, file), `${JSON.stringify(content, null, 1)}\n`, { flush: true });
  return file;
}
