/**
 * @file The ONNX export: the forward graph with its parameters in one file, opset 17. Input `pixels` is uint8
 * [batch, C, H, W], values 0 … 255 as they come from a picture; outputs `logits` and `probabilities` are float32
 * [batch, classes]; `batch` is free.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lower } from '../graph/lower.ts';
import { inference } from '../graph/network.ts';
import { writeOnnx } from '../graph/onnx.ts';
import { resolveNetwork } from '../model/layers.ts';
import type { Format, TrainedNetwork } from './format.ts';
import { metadataKeys } from './metadataKeys.ts';
import { openModel } from './openModel.ts';

export const onnxFormat: Format = {
  title: 'ONNX',
  purpose: 'One file that onnxruntime, OpenCV and most other software can run.',
  extensions: ['.onnx'],
  use: (name) => runOnnx(`${name}.onnx`),
  async write(network, folder) {
    const file = `${network.name}.onnx`;
    // Nothing has this name before it is whole: the folder is a temporary one until all files are.
    await writeFile(join(folder, file), encodeOnnx(network), { flush: true });
    return [file];
  },
  open: openModel,
};

/** With onnxruntime's package for Node; in Python and other languages the names are the same. */
export function runOnnx(file: string): string {
  return `import * as ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create(${JSON.stringify(file)});
// Pixels from 0 to 255, [images, channels, height, width]; here a black picture.
const [, ...size] = session.inputMetadata[0].shape;
const pixels = new Uint8Array(size.reduce((product, n) => product * n));
const { probabilities } = await session.run({ pixels: new ort.Tensor('uint8', pixels, [1, ...size]) });
console.log(probabilities.data);
`;
}

/** The bytes of the file: the same network gives the same bytes. */
export function encodeOnnx({ spec, params, classes, origin }: TrainedNetwork): Uint8Array {
  if (classes.length !== spec.classes)
    throw new RangeError(`${classes.length} names for ${spec.classes} classes`);
  const { probabilities, logits } = inference(resolveNetwork(spec), params);
  const lowered = lower([probabilities, logits], 'portable');
  const names = JSON.stringify(classes);
  return writeOnnx(
    { probabilities: lowered[0]!, logits: lowered[1]! },
    {
      producerVersion: origin.programVersion,
      metadata: {
        [metadataKeys.classes]: names,
        [metadataKeys.plainClasses]: names,
        [metadataKeys.spec]: JSON.stringify(spec),
        [metadataKeys.snapshotHash]: origin.snapshotHash,
        [metadataKeys.parametersHash]: origin.parametersHash,
        [metadataKeys.programVersion]: origin.programVersion,
      },
    },
  );
}
