/**
 * @file How images go into an ONNX model and probabilities come out of it, found from what the file says of its
 * input and outputs. What cannot be told apart is an error, not a guess.
 */
import * as ort from 'onnxruntime-node';
import { ImageShape } from '../model/spec.ts';
import { channelsLast } from './channels.ts';

type ValueMetadata = ort.InferenceSession.ValueMetadata;

export type ImageInput = {
  readonly name: string;
  readonly shape: ImageShape;
  /** The only one the file takes, or null where it takes any. */
  readonly batchSize: number | null;
  /** uint8 [rows, C, H, W] → what the model is fed. */
  tensor(pixels: Uint8Array, rows: number): ort.Tensor;
};

/** The failure that says why the file cannot be used. */
type Unfit = (reason: string) => Error;

/** Images at a time where the file sets it: more would be no classifier of pictures. */
const batchSizeMax = 1024;

/**
 * The one input: uint8 as in the picture, or float32 from 0 to 1; [N, C, H, W] or [N, H, W, C].
 *
 * @param isOurs a file of this program, whose order is N, C, H, W even where the numbers leave it open.
 */
export function imageInput(
  inputs: readonly ValueMetadata[],
  isOurs: boolean,
  unfit: Unfit,
): ImageInput {
  const [first] = inputs;
  if (inputs.length !== 1 || !first) throw unfit(`it has ${inputs.length} inputs instead of one`);
  if (!first.isTensor) throw unfit('its input is no tensor');
  const { name, type, shape: dims } = first;
  if (type !== 'uint8' && type !== 'float32')
    throw unfit(`its input is of type ${type}; images are uint8 or float32`);
  const { shape, channelsLast: isChannelsLast } = layout(dims, isOurs, unfit);
  return {
    name,
    shape,
    batchSize: batchSizeOf(dims[0]!, unfit),
    tensor(pixels, rows) {
      const { channels, height, width } = shape;
      const ordered = isChannelsLast ? channelsLast(pixels, shape) : pixels;
      const rowDims = isChannelsLast ? [height, width, channels] : [channels, height, width];
      const size = [rows, ...rowDims];
      if (type === 'uint8') return new ort.Tensor('uint8', ordered, size);
      return new ort.Tensor(
        'float32',
        Float32Array.from(ordered, (level) => level / 255),
        size,
      );
    },
  };
}

type Layout = { readonly shape: ImageShape; readonly channelsLast: boolean };

function layout(dims: readonly (number | string)[], isOurs: boolean, unfit: Unfit): Layout {
  const shown = `[${dims.map((dim) => (isFree(dim) ? '?' : dim)).join(', ')}]`;
  if (dims.length !== 4) throw unfit(`its input ${shown} is not [images, channels, height, width]`);
  const [, second, third, fourth] = dims;
  const first = ImageShape.safeParse({ channels: second, height: third, width: fourth });
  const last = ImageShape.safeParse({ channels: fourth, height: second, width: third });
  if (first.success && (!last.success || isOurs)) return { shape: first.data, channelsLast: false };
  if (first.success)
    throw unfit(`its input ${shown} does not tell which dimension is the channels`);
  if (!last.success)
    throw unfit(
      `its input ${shown} has no fixed size of 1 or 3 channels and up to 512 × 512 pixels`,
    );
  return { shape: last.data, channelsLast: true };
}

function batchSizeOf(dim: number | string, unfit: Unfit): number | null {
  if (isFree(dim)) return null;
  const size = Number(dim);
  if (size < 1 || size > batchSizeMax) throw unfit(`it takes ${size} images at a time`);
  return size;
}

/** Named or unnamed, a dimension that is not set. */
function isFree(dim: number | string): boolean {
  return typeof dim === 'string' || dim < 0;
}

export type ScoreOutput = {
  readonly name: string;
  readonly classes: number;
  /** Makes probabilities of what the model answers, [N, classes], in place. */
  toProbabilities(scores: Float32Array): void;
};

type Node = {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
};

/** As many as a network of this program can have. */
const classesMax = 4096;

/** The output named `probabilities`, or the only one that is a row of scores for each image. */
export function scoreOutput(
  outputs: readonly ValueMetadata[],
  nodes: readonly Node[],
  unfit: Unfit,
): ScoreOutput {
  const rows = outputs.flatMap((output) => {
    if (!output.isTensor || output.type !== 'float32' || output.shape.length !== 2) return [];
    const classes = Number(output.shape[1]);
    return classes >= 2 && classes <= classesMax ? [{ name: output.name, classes }] : [];
  });
  const named = rows.find(({ name }) => name === 'probabilities');
  const chosen = named ?? (rows.length === 1 ? rows[0] : undefined);
  if (!chosen)
    throw unfit(
      rows.length === 0
        ? `none of its outputs is float32 [images, classes] with 2 to ${classesMax} classes`
        : `${rows.length} of its outputs could be the scores, and none is named probabilities`,
    );
  const { name, classes } = chosen;
  return {
    name,
    classes,
    toProbabilities: named ? () => undefined : finish(makerOf(name, nodes), classes),
  };
}

/** The operator whose result an output is, past those that only pass it on. */
function makerOf(output: string, nodes: readonly Node[]): string {
  const makers = new Map(nodes.flatMap((node) => node.output.map((name) => [name, node])));
  let maker = makers.get(output);
  // Each node is passed once at most: a damaged file can go round in a circle.
  for (let i = 0; i < nodes.length && maker && passing.has(maker.opType); i++)
    maker = makers.get(maker.input[0] ?? '');
  return maker?.opType ?? '';
}

const passing: ReadonlySet<string> = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze']);

/** What is still to do: nothing, exp, or softmax. */
function finish(operator: string, classes: number): (scores: Float32Array) => void {
  switch (operator) {
    case 'Softmax':
    case 'Sigmoid':
      return () => undefined;
    case 'LogSoftmax':
      return (scores) => scores.forEach((score, i) => (scores[i] = Math.exp(score)));
    default:
      return (scores) => softmaxRows(scores, classes);
  }
}

/** exp(z − max z) / Σ exp(z − max z) of each row. */
function softmaxRows(scores: Float32Array, classes: number): void {
  for (let start = 0; start < scores.length; start += classes) {
    const row = scores.subarray(start, start + classes);
    const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += row[k] = Math.exp(row[k]! - max);
    for (let k = 0; k < classes; k++) row[k]! /= sum;
  }
}
