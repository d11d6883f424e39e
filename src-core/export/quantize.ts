/**
 * @file Static quantization of an ONNX model: the kernels of Conv and Gemm become int8 with one scale per output
 * channel, what they read becomes uint8 with ranges seen on calibration images, their biases int32. Written with
 * QuantizeLinear and DequantizeLinear around them (opset 13 and later), of which onnxruntime makes integer arithmetic.
 * Layers that `floatLayers` names stay as they are.
 */
import * as ort from 'onnxruntime-node';
import { z } from 'zod';
import { imageSize } from '../engine/engine.ts';
import { briefSpin } from '../engine/spinning.ts';
import { attributeTypes, ModelProto } from '../graph/onnxSchema.ts';
import type { ImageShape, ModelSpec } from '../model/spec.ts';
import { floatLayers } from './floatLayers.ts';
import { metadataKeys } from './metadataKeys.ts';

/**
 * Kernels use 7 of the 8 bits. Processors with AVX2 and no VNNI add two products uint8 · int8 in 16 bits, which
 * overflow beyond 64: with all 8 bits the same file would answer otherwise on an older computer.
 */
const kernelMax = 63;
/** Images per call. */
const chunkSamples = 64;

/** Numbers of TensorProto.dataType. */
const dataTypes = { float32: 1, uint8: 2, int8: 3, int32: 6 } as const;

const Tensor = z.object({
  name: z.string(),
  dims: z.array(z.int()),
  dataType: z.int(),
  // Of whatever memory: zod's own type asks for one kind.
  rawData: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});
type Tensor = z.infer<typeof Tensor>;
/** Other fields stay as they are. */
const Node = z.looseObject({
  name: z.string(),
  opType: z.string(),
  input: z.array(z.string()),
  output: z.array(z.string()),
});
type Node = z.infer<typeof Node>;
const Model = z.looseObject({
  metadataProps: z.array(z.object({ key: z.string(), value: z.string() })),
  graph: z.looseObject({
    node: z.array(Node),
    initializer: z.array(Tensor),
    output: z.array(z.unknown()),
  }),
});
type Model = z.infer<typeof Model>;

type Range = { min: number; max: number };

/** Whether a node's numbers may be rounded. */
type Rounds = (node: Node) => boolean;

/**
 * @param bytes  a model of this program for a network of this spec, with input `pixels`.
 * @param calibration  uint8 [N, C, H, W], N ≥ 1, images like those it will see.
 */
export async function quantize(
  bytes: Uint8Array,
  spec: ModelSpec,
  calibration: Uint8Array,
): Promise<Uint8Array> {
  if (calibration.length === 0) throw new RangeError('no images to choose ranges by');
  const decoded = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true });
  const model = Model.parse(decoded);
  const float = floatLayers(spec);
  const rounds: Rounds = (node) => !float.has(layerOf(node));
  const points = await pointsOf(model, rounds, spec.input, calibration);
  return encode(withNote(quantized(model, rounds, points), rounds));
}

/** Nodes are named `layer/op_number`. */
function layerOf({ name }: Node): string {
  return name.slice(0, name.lastIndexOf('/'));
}

/** The file says of itself which layers kept their weights, where there are any. */
function withNote(model: Model, rounds: Rounds): Model {
  const float = model.graph.node.filter((node) => isQuantized(node) && !rounds(node));
  if (float.length === 0) return model;
  const note = { key: metadataKeys.floatLayers, value: JSON.stringify(float.map(layerOf)) };
  return { ...model, metadataProps: [...model.metadataProps, note] };
}

function encode(model: Model): Uint8Array {
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

function isQuantized({ opType }: Node): boolean {
  return opType === 'Conv' || opType === 'Gemm';
}

/**
 * The values that become uint8, with their ranges: what each Conv and Gemm reads, and what a Conv makes of it where a
 * ReLU follows. onnxruntime computes a Conv in whole numbers only between two conversions.
 */
async function pointsOf(
  model: Model,
  rounds: Rounds,
  shape: ImageShape,
  calibration: Uint8Array,
): Promise<ReadonlyMap<string, Range>> {
  const node = model.graph.node.filter(rounds);
  const read = node.filter(isQuantized).map(({ input }) => input[0]!);
  const made = node.filter(({ opType }) => opType === 'Conv').map(({ output }) => output[0]!);
  const rectified = made.filter((name) => isRectified(model, name));
  const names = [...new Set([...read, ...rectified])];
  const ranges = await rangesOf(model, names, shape, calibration);
  // A range that begins at zero clips what is below, as the ReLU does later on.
  for (const name of rectified) ranges.set(name, { min: 0, max: ranges.get(name)!.max });
  return ranges;
}

/** Whether a value goes into a ReLU and nowhere else, directly or through max pooling, which changes nothing then. */
function isRectified({ graph }: Model, name: string): boolean {
  const readerOf = (value: string): Node | undefined => {
    const readers = graph.node.filter(({ input }) => input.includes(value));
    return readers.length === 1 ? readers[0] : undefined;
  };
  const reader = readerOf(name);
  const last = reader?.opType === 'MaxPool' ? readerOf(reader.output[0]!) : reader;
  return last?.opType === 'Relu';
}

/** The smallest and largest of each value over all images, zero included. */
async function rangesOf(
  model: Model,
  names: readonly string[],
  shape: ImageShape,
  calibration: Uint8Array,
): Promise<Map<string, Range>> {
  const output = names.map((name) => ({
    name,
    type: { tensorType: { elemType: dataTypes.float32 } },
  }));
  const watched = encode({ ...model, graph: { ...model.graph, output } });
  const session = await ort.InferenceSession.create(watched, {
    ...{ executionProviders: ['cpu'], logSeverityLevel: 4, graphOptimizationLevel: 'disabled' },
    extra: { session: briefSpin },
  });
  const ranges = new Map(names.map((name): [string, Range] => [name, { min: 0, max: 0 }]));
  try {
    const bytes = imageSize(shape);
    for (let start = 0; start < calibration.length; start += chunkSamples * bytes) {
      const pixels = calibration.slice(start, start + chunkSamples * bytes);
      const dims = [pixels.length / bytes, shape.channels, shape.height, shape.width];
      const values = await session.run({ pixels: new ort.Tensor('uint8', pixels, dims) });
      for (const [name, range] of ranges) widen(range, values[name]!.data);
    }
  } finally {
    await session.release();
  }
  return ranges;
}

function widen(range: Range, values: ort.Tensor['data']): void {
  if (!(values instanceof Float32Array)) throw new Error('a value of a network is float32');
  for (const value of values) {
    // NaN and infinity have no place in a range of 256 steps.
    if (!Number.isFinite(value)) throw new RangeError(`a value of the network is ${value}`);
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
}

/** The same graph with conversions at every point; constants that nothing reads any more are dropped. */
function quantized(model: Model, rounds: Rounds, points: ReadonlyMap<string, Range>): Model {
  const tensors = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const added: Tensor[] = [];
  const node = model.graph.node.flatMap((each) => {
    const isWhole = isQuantized(each) && rounds(each);
    const before = isWhole ? layerParts(each, points, tensors) : [];
    const after = each.output.flatMap((name) => pointParts(name, points.get(name)));
    added.push(...[...before, ...after].flatMap(({ constants }) => constants));
    const rounded = (name: string) => (points.has(name) && rounds(each) ? `${name}/dq` : name);
    const read = each.input.map(rounded);
    const input = isWhole ? [read[0]!, ...before.map((part) => part.node.name)] : read;
    return [
      ...before.map((part) => part.node),
      { ...each, input },
      ...after.map((part) => part.node),
    ];
  });
  const read = new Set(node.flatMap(({ input }) => input));
  const initializer = [...model.graph.initializer.filter(({ name }) => read.has(name)), ...added];
  return { ...model, graph: { ...model.graph, node, initializer } };
}

/** A conversion, with the constants it reads. */
type Part = { readonly node: Node; readonly constants: readonly Tensor[] };

/** One of 256 steps; any where there is one value alone. */
function stepOf({ min, max }: Range): number {
  return Math.fround((max - min) / 255) || 1;
}

function pointParts(name: string, range: Range | undefined): readonly Part[] {
  if (!range) return [];
  const scale = stepOf(range);
  const zero = Math.round(-range.min / scale);
  const constants = [
    tensor(`${name}/scale`, [], Float32Array.of(scale)),
    tensor(`${name}/zero`, [], Uint8Array.of(zero)),
  ];
  const inputs = constants.map((each) => each.name);
  return [
    { node: nodeOf('QuantizeLinear', [name, ...inputs], `${name}/q`), constants },
    { node: nodeOf('DequantizeLinear', [`${name}/q`, ...inputs], `${name}/dq`), constants: [] },
  ];
}

/** Kernel and bias, in this order. */
function layerParts(
  { name, opType, input }: Node,
  points: ReadonlyMap<string, Range>,
  tensors: ReadonlyMap<string, Tensor>,
): readonly Part[] {
  const [kernel, bias] = input.slice(1).map((each) => tensors.get(each));
  if (!kernel || !bias) throw new Error(`${name} has no constant kernel and bias`);
  // Output channels: the first axis of a Conv's kernel, the last of a Gemm's.
  const axis = opType === 'Conv' ? 0 : 1;
  const scale = stepOf(points.get(input[0]!)!);
  const { steps, values } = perChannel(floats(kernel), kernel.dims, axis);
  const biasSteps = Float32Array.from(steps, (step) => step * scale);
  const whole = Float64Array.from(floats(bias), (value, i) => Math.round(value / biasSteps[i]!));
  return [
    dequantized(`${name}/kernel`, axis, kernel.dims, values, steps),
    dequantized(`${name}/bias`, 0, bias.dims, int32Of(whole), biasSteps),
  ];
}

/** Zero points are zero and could be left out; onnxruntime's integer Gemm wants to see them. */
function dequantized(
  name: string,
  axis: number,
  dims: readonly number[],
  values: Int8Array | Int32Array,
  steps: Float32Array,
): Part {
  const zeros =
    values instanceof Int8Array ? new Int8Array(steps.length) : new Int32Array(steps.length);
  const constants = [
    tensor(`${name}/q`, dims, values),
    tensor(`${name}/scale`, [steps.length], steps),
    tensor(`${name}/zero`, [steps.length], zeros),
  ];
  const inputs = constants.map((each) => each.name);
  const attribute = [{ name: 'axis', i: axis, type: attributeTypes.int }];
  return { node: { ...nodeOf('DequantizeLinear', inputs, `${name}/dq`), attribute }, constants };
}

/** Rounded to whole steps, of which the largest value of a channel is `kernelMax`. */
function perChannel(data: Float32Array, dims: readonly number[], axis: number) {
  const channels = dims[axis]!;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % channels;
  const largest = new Float32Array(channels);
  data.forEach((value, i) => {
    const c = channelOf(i);
    largest[c] = Math.max(largest[c]!, Math.abs(value));
  });
  // The smallest step keeps biases of channels that are almost zero within 32 bits.
  const top = largest.reduce((a, b) => Math.max(a, b), 0);
  const steps = largest.map((value) => Math.max(value, top * 1e-3) / kernelMax || 1);
  const values = Int8Array.from(data, (value, i) => Math.round(value / steps[channelOf(i)]!));
  return { steps, values };
}

function int32Of(values: Float64Array): Int32Array {
  const limit = 2 ** 31 - 1;
  return Int32Array.from(values, (value) => Math.min(limit, Math.max(-limit, value)));
}

function nodeOf(opType: string, input: string[], output: string): Node {
  return { name: output, opType, input, output: [output] };
}

function tensor(
  name: string,
  dims: readonly number[],
  data: Float32Array | Uint8Array | Int8Array | Int32Array,
): Tensor {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: [...dims], dataType: typeNumber(data), rawData };
}

function typeNumber(data: Float32Array | Uint8Array | Int8Array | Int32Array): number {
  if (data instanceof Float32Array) return dataTypes.float32;
  if (data instanceof Uint8Array) return dataTypes.uint8;
  return data instanceof Int8Array ? dataTypes.int8 : dataTypes.int32;
}

/** A copy: raw bytes need not lie where float32 can be read. */
function floats({ name, dataType, rawData }: Tensor): Float32Array {
  if (dataType !== dataTypes.float32) throw new Error(`${name} is not float32`);
  return new Float32Array(Uint8Array.from(rawData).buffer);
}
