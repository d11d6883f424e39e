/**
 * @file The ONNX export: the forward graph with its parameters in one file, opset 17. Input `pixels` is uint8
 * [batch, C, H, W], values 0 … 255 as they come from a picture; outputs `logits` and `probabilities` are float32
 * [batch, classes]; `batch` is free. With a threshold there is `unsure` besides, bool [batch].
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { greaterOrEqual, not, reduceMax } from '../graph/build.ts';
import { lower } from '../graph/lower.ts';
import { inference } from '../graph/network.ts';
import { writeOnnx } from '../graph/onnx.ts';
import { scalar, type Value } from '../graph/value.ts';
import { resolveNetwork } from '../model/layers.ts';
import type { Format, TrainedNetwork } from './format.ts';
import { metadataKeys } from './metadataKeys.ts';
import { openModel } from './openModel.ts';

export const onnxFormat: Format = {
  title: 'ONNX',
  purpose: 'One file that onnxruntime, OpenCV and most other software can run.',
  extensions: ['.onnx'],
  size: { fixedBytes: 2000, bytesPerParameter: 4 },
  use: (name, unsureBelow = null) => runOnnx(`${name}.onnx`, unsureBelow !== null),
  async write(network, folder) {
    const file = `${network.name}.onnx`;
    // Nothing has this name before it is whole: the folder is a temporary one until all files are.
    await writeFile(join(folder, file), encodeOnnx(network), { flush: true });
    return [file];
  },
  open: openModel,
};

/** With onnxruntime's package for Node; in Python and other languages the names are the same. */
export function runOnnx(file: string, tellsUnsure: boolean): string {
  return `import * as ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create(${JSON.stringify(file)});
// Pixels from 0 to 255, [images, channels, height, width]; here a black picture.
const [, ...size] = session.inputMetadata[0].shape;
const pixels = new Uint8Array(size.reduce((product, n) => product * n));
const { probabilities${tellsUnsure ? ', unsure' : ''} } = await session.run({ pixels: new ort.Tensor('uint8', pixels, [1, ...size]) });
console.log(probabilities.data${tellsUnsure ? ", unsure.data[0] ? 'unsure' : 'sure'" : ''});
`;
}

/** The bytes of the file: the same network gives the same bytes. */
export function encodeOnnx({
  spec,
  params,
  classes,
  origin,
  confidence,
  sparsity,
}: TrainedNetwork): Uint8Array {
  if (classes.length !== spec.classes)
    throw new RangeError(`${classes.length} names for ${spec.classes} classes`);
  const { probabilities, logits } = inference(resolveNetwork(spec), params);
  const { temperature, unsureBelow } = confidence;
  const outputs: Record<string, Value> = {
    probabilities,
    logits,
    ...(unsureBelow !== null && { unsure: isUnsure(probabilities, unsureBelow) }),
  };
  const lowered = lower(Object.values(outputs), 'portable');
  const names = JSON.stringify(classes);
  return writeOnnx(Object.fromEntries(Object.keys(outputs).map((name, i) => [name, lowered[i]!])), {
    producerVersion: origin.programVersion,
    metadata: {
      [metadataKeys.classes]: names,
      [metadataKeys.plainClasses]: names,
      [metadataKeys.spec]: JSON.stringify(spec),
      [metadataKeys.snapshotHash]: origin.snapshotHash,
      [metadataKeys.parametersHash]: origin.parametersHash,
      [metadataKeys.programVersion]: origin.programVersion,
      ...(temperature !== null && { [metadataKeys.temperature]: String(temperature) }),
      ...(unsureBelow !== null && { [metadataKeys.unsureBelow]: String(unsureBelow) }),
      ...(sparsity !== undefined && { [metadataKeys.sparsity]: String(sparsity) }),
    },
  });
}

/** bool [N]. Said of what is not known to reach the threshold: an answer that is no number is unsure. */
function isUnsure(probabilities: Value, unsureBelow: number): Value {
  return not(greaterOrEqual(reduceMax(probabilities, [1], false), scalar(unsureBelow)));
}
