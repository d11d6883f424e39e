/**
 * @file Writes a graph as an ONNX model: one node per value, constants as initializers. The writer knows nothing
 * of layers or training; what it can write is what the op table says.
 */
import { dtypeNumber, row, type Written } from './ops.ts';
import { attributeTypes, IR_VERSION, ModelProto, OPSET } from './onnxSchema.ts';
import { BATCH, topological, type DType, type OpValue, type Value } from './value.ts';

export type OnnxOptions = {
  /** Strings kept in the file beside the graph. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly producerVersion?: string;
};

type Tensor = { name: string; dims: readonly number[]; dataType: number; rawData: Uint8Array };
type Node = {
  name: string;
  opType: string;
  input: string[];
  output: string[];
  attribute: object[];
};

/**
 * The model whose outputs are the given values, under the given names. Inputs are those the graph depends on.
 *
 * @throws Error when an op has no ONNX form: `lower` it first.
 */
export function writeOnnx(
  outputs: Readonly<Record<string, Value>>,
  options: OnnxOptions = {},
): Uint8Array {
  const roots = Object.values(outputs);
  const names = new Map<Value, string>();
  const nodes = new Map<string, Node>();
  const initializers = new Map<string, Tensor>();
  const inputs: object[] = [];
  for (const value of topological(roots)) {
    if (value.kind === 'input') {
      names.set(value, value.name);
      inputs.push(valueInfo(value.name, value));
    } else if (value.kind === 'constant') {
      names.set(value, `constant_${initializers.size}`);
      initializers.set(names.get(value)!, tensor(names.get(value)!, value));
    } else {
      names.set(value, writeNode(value, names, nodes, initializers));
    }
  }
  // An output may be an input or shared with another output: Identity gives it its own name.
  const named = Object.entries(outputs).map(([name, value]) => {
    nodes.set(`output ${name}`, node('Identity', [names.get(value)!], [name], `output ${name}`));
    return valueInfo(name, value);
  });
  const model = {
    irVersion: IR_VERSION,
    producerName: 'inkling',
    producerVersion: options.producerVersion ?? '',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: 'inkling',
      node: [...nodes.values()],
      initializer: [...initializers.values()],
      input: inputs,
      output: named,
    },
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** Adds the node of a value, or another output to the node that is there already; returns the value's name. */
function writeNode(
  value: OpValue,
  names: ReadonlyMap<Value, string>,
  nodes: Map<string, Node>,
  initializers: Map<string, Tensor>,
): string {
  const { onnx } = row(value.op);
  if (!onnx) throw new Error(`${value.op} has no ONNX form`);
  const written = onnx(value.attrs, ...value.inputs.map((x) => x.shape));
  const inputs = [
    ...value.inputs.map((x) => names.get(x)!),
    ...extraInputs(written).map((extra) => {
      initializers.set(extra.name, extra);
      return extra.name;
    }),
  ];
  const key = `${written.type} ${inputs.join()} ${JSON.stringify([written.ints, written.floats])}`;
  const place = written.output ?? 0;
  const known = nodes.get(key);
  const name = `${value.label || 'graph'}/${value.op}_${nodes.size}`;
  const made = known ?? node(written.type, inputs, [], name, written);
  for (let i = made.output.length; i <= place; i++) made.output.push(`${made.name}:${i}`);
  nodes.set(key, made);
  return made.output[place]!;
}

function node(
  opType: string,
  input: string[],
  output: string[],
  name: string,
  written?: Written,
): Node {
  const ints = Object.entries(written?.ints ?? {}).map(([key, value]) =>
    typeof value === 'number'
      ? { name: key, i: value, type: attributeTypes.int }
      : { name: key, ints: value, type: attributeTypes.ints },
  );
  const floats = Object.entries(written?.floats ?? {}).map(([key, value]) => ({
    name: key,
    f: value,
    type: attributeTypes.float,
  }));
  return { name, opType, input, output, attribute: [...ints, ...floats] };
}

/** Inputs that are part of the op: equal ones are one initializer, named by its content. */
function extraInputs(written: Written): Tensor[] {
  const ints = (written.intInputs ?? []).map((values) => ({
    name: `int64[${values.join()}]`,
    dims: [values.length],
    dataType: dtypeNumber('int64'),
    rawData: bytes(BigInt64Array.from(values, BigInt)),
  }));
  if (written.floatInput === undefined) return ints;
  const rawData = bytes(Float32Array.of(written.floatInput));
  const name = `float32 ${written.floatInput}`;
  return [...ints, { name, dims: [], dataType: dtypeNumber('float32'), rawData }];
}

function tensor(name: string, value: Extract<Value, { kind: 'constant' }>): Tensor {
  return {
    name,
    dims: value.shape,
    dataType: dtypeNumber(value.dtype),
    rawData: bytes(value.data),
  };
}

/** Little-endian, as the format wants it and as every machine this runs on has it. */
function bytes(data: Float32Array | Int32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function valueInfo(name: string, value: { shape: readonly number[]; dtype: DType }): object {
  const dim = value.shape.map((size) =>
    size === BATCH ? { dimParam: 'batch' } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType: dtypeNumber(value.dtype), shape: { dim } } } };
}
