/**
 * @file A walk over every part of an ONNX file, to know what nothing in it may say. It reads the bytes themselves:
 * a decoder keeps the last of two fields where onnxruntime merges them, and leaves out what its schema does
 * not name, and either would hide a part from the check.
 */

/** What the walk meets, in the order of the file. */
export type OnnxPart =
  | { readonly kind: 'externalTensor' }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'function' }
  | { readonly kind: 'training' };

/** Why the bytes are no ONNX file; the caller knows its name. */
export class MalformedOnnx extends Error {}

type Message = keyof typeof nested;

/** Messages inside messages, by field number (onnx.proto): all that can hold a tensor or an operator. */
const nested = {
  Model: { 7: 'Graph', 8: 'OperatorSet', 20: 'Training', 25: 'Function' },
  Training: { 1: 'Graph', 2: 'Graph' },
  Function: { 7: 'Node', 9: 'OperatorSet', 11: 'Attribute' },
  Graph: { 1: 'Node', 5: 'Tensor', 15: 'SparseTensor' },
  Node: { 5: 'Attribute' },
  Attribute: {
    5: 'Tensor',
    6: 'Graph',
    10: 'Tensor',
    11: 'Graph',
    22: 'SparseTensor',
    23: 'SparseTensor',
  },
  SparseTensor: { 1: 'Tensor', 2: 'Tensor' },
  Tensor: {},
  OperatorSet: {},
} as const satisfies Record<string, Readonly<Record<number, string>>>;

/** Fields that are a domain: of a node, of an operator set. */
const domainField: Partial<Record<Message, number>> = { Node: 7, OperatorSet: 1 };
/** TensorProto.external_data, and data_location with its value EXTERNAL. */
const externalData = 13;
const dataLocation = 14;
const locationExternal = 1;

/** A branch in a loop in a branch is 6; more than this was made to exhaust the stack. */
const depthMax = 64;

/** @throws MalformedOnnx when the bytes are cut, or no protocol buffer. */
export function walkOnnx(bytes: Uint8Array, meet: (part: OnnxPart) => void): void {
  walk('Model', bytes, 0, meet);
}

function walk(
  message: Message,
  bytes: Uint8Array,
  depth: number,
  meet: (part: OnnxPart) => void,
): void {
  if (depth > depthMax) throw new MalformedOnnx(`parts are nested more than ${depthMax} deep`);
  if (message === 'Function') meet({ kind: 'function' });
  if (message === 'Training') meet({ kind: 'training' });
  const inner: Readonly<Record<number, Message>> = nested[message];
  for (const { field, wire, value, content } of fieldsOf(bytes)) {
    const part = inner[field];
    if (part !== undefined && wire === wires.bytes) walk(part, content, depth + 1, meet);
    if (field === domainField[message] && wire === wires.bytes)
      meet({ kind: 'domain', domain: new TextDecoder().decode(content) });
    if (message === 'Tensor' && isExternal(field, value)) meet({ kind: 'externalTensor' });
  }
}

function isExternal(field: number, value: number): boolean {
  return field === externalData || (field === dataLocation && value === locationExternal);
}

/** How the value of a field is encoded. */
const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

type Field = {
  readonly field: number;
  readonly wire: number;
  /** Of a varint modulo 2³², else 0. */
  readonly value: number;
  /** Of a field of bytes, else empty. */
  readonly content: Uint8Array;
};

const nothing = new Uint8Array(0);

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  /** The lower 32 bits of a varint, which has at most 10 bytes of 7 bits. */
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.length) throw new MalformedOnnx('it ends early');
      const byte = bytes[at++]!;
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedOnnx('a number in it is too long');
  };
  const skip = (length: number): void => {
    at += length;
    if (at > bytes.length) throw new MalformedOnnx('it ends early');
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [tag >>> 3, tag & 7];
    if (field === 0) throw new MalformedOnnx('it is not an ONNX file');
    switch (wire) {
      case wires.varint:
        yield { field, wire, value: varint(), content: nothing };
        break;
      case wires.bytes: {
        const length = varint();
        const start = at;
        skip(length);
        yield { field, wire, value: 0, content: bytes.subarray(start, at) };
        break;
      }
      case wires.fixed64:
      case wires.fixed32:
        skip(wire === wires.fixed64 ? 8 : 4);
        yield { field, wire, value: 0, content: nothing };
        break;
      default:
        throw new MalformedOnnx('it is not an ONNX file');
    }
  }
}
