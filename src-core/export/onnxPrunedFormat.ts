/** @file The ONNX export of a pruned network: the same file, in which most weights are zero. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Format } from './format.ts';
import { encodeOnnx, onnxFormat, runOnnx } from './onnxFormat.ts';

export const onnxPrunedFormat: Format = {
  ...onnxFormat,
  title: 'ONNX pruned',
  purpose:
    'ONNX with the smallest weights set to zero. The file stays as large; zipped it becomes smaller.',
  extensions: ['.pruned.onnx'],
  isPruned: true,
  use: (name, unsureBelow = null) => runOnnx(`${name}.pruned.onnx`, unsureBelow !== null),
  async write(network, folder) {
    const file = `${network.name}.pruned.onnx`;
    await writeFile(join(folder, file), encodeOnnx(network), { flush: true });
    return [file];
  },
};
