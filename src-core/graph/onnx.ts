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
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();
  const inputs: object[] = [];
  const wanted = new Map(Object.entries(outputs).map(([name, value]) => [value, name]));
  for (const value of topological(roots)) {
    if (value.kind === 'input') {
      names.set(value, value.name);
      inputs.push(valueInfo(value.name, value));
    } else if (value.kind === 'constant') {
      names.set(value, `constant_${initializers.size}`);
      initializers.set(names.get(value)!, tensor(names.get(value)!, value));
    } else {
      const written = writeNode(value, wanted.get(value), names, initializers, nodes.length);
      names.set(value, written.output[0]!);
      nodes.push(written);
    }
  }
  const named = Object.entries(outputs).map(([name, value]) => {
    // An output may be an input, or the same value as another output: Identity gives it its own name.
    if (names.get(value) !== name) nodes.push(node('Identity', [names.get(value)!], name, name));
    return valueInfo(name, value);
  });
  const model = {
    irVersion: IR_VERSION,
    producerName: 'inkling',
    producerVersion: options.producerVersion ?? '',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: 'inkling',
      node: nodes,
      initializer: [...initializers.values()],
      input: inputs,
      output: named,
    },
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** The node that computes a value, its output under the name that is asked for. */
function writeNode(
  value: OpValue,
  outputName: string | undefined,
  names: ReadonlyMap<Value, string>,
  initializers: Map<string, Tensor>,
  index: number,
): Node {
  const { onnx } = row(value.op);
  if (!onnx) throw new Error(`${value.op} has no ONNX form`);
  const written = onnx(value.attrs, ...value.inputs.map((x) => x.shape));
  const extras = extraInputs(written);
  for (const extra of extras) initializers.set(extra.name, extra);
  const inputs = [...value.inputs.map((x) => names.get(x)!), ...extras.map(({ name }) => name)];
  const name = `${value.label || 'graph'}/${value.op}_${index}`;
  return node(written.type, inputs, outputName ?? `${name}:0`, name, written);
}

function node(
  opType: string,
  input: string[],
  output: string,
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
  return { name, opType, input, output: [output], attribute: [...ints, ...floats] };
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
