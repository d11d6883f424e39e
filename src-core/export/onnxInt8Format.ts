/** @file The ONNX export with whole numbers: a quarter of the size, and answers that are close and not the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format } from './format.ts';
import { floatNote } from './floatLayers.ts';
import { encodeOnnx, runOnnx } from './onnxFormat.ts';
import { openModel } from './openModel.ts';
import { quantize } from './quantize.ts';

export const onnxInt8Format: Format = {
  title: 'ONNX int8',
  purpose: 'About a quarter of the size of ONNX, for a little accuracy: how little is measured.',
  extensions: ['.int8.onnx'],
  size: { fixedBytes: 7000, bytesPerParameter: 1, bytesPerFloat: 4 },
  note: floatNote,
  // Rounding to 127 steps moves probabilities: what counts is the class, on nearly all images.
  closeness: {
    ...{ samplesMax: 1000, chunkSamples: 64 },
    ...{ maxAbsDiff: Infinity, undecided: 0.02, agreeShare: 0.95 },
  },
  use: (name, unsureBelow = null) => runOnnx(`${name}.int8.onnx`, unsureBelow !== null),
  originalBytes: (network) => encodeOnnx(network).length,
  async write(network, folder, calibration) {
    const file = `${network.name}.int8.onnx`;
    const bytes = await quantize(encodeOnnx(network), network.spec, calibration);
    await writeFile(join(folder, file), bytes, { flush: true });
    return [file];
  },
  open: openModel,
};
