/**
 * @file The safetensors file format: 8 bytes with the length of the header (uint64, little-endian), the header
 * as JSON, then the values of all tensors one after another. Only float32 is written and accepted. What is
 * read is data and nothing else, with limits on everything.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/engine.ts';
import { failure } from '../errors.ts';

export type TensorFile = {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
};

const lengthBytes = 8;
/** Far beyond any network here (64 layers), far below what would hurt to parse. */
export const headerBytesMax = 16 * 2 ** 20;
const rankMax = 8;

const Entry = z.strictObject({
  dtype: z.literal('F32'),
  shape: z.array(z.int().min(0)).max(rankMax),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
type Entry = z.infer<typeof Entry>;
const Metadata = z.record(z.string(), z.string());
const JsonObject = z.record(z.string(), z.unknown());

/** The values of the tensors as the file holds them. Every platform of the program is little-endian. */
export function tensorBytes({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The whole file, ready to be written. */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = JSON.stringify(header);
  // Readers map the file into memory: spaces after the JSON let the values begin at a multiple of 8.
  const padding = (lengthBytes - (Buffer.byteLength(text) % lengthBytes)) % lengthBytes;
  const json = Buffer.from(text + ' '.repeat(padding));
  const length = Buffer.alloc(lengthBytes);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...[...tensors.values()].map(tensorBytes)]);
}

/**
 * Reads a file, tensors in the order of their values.
 *
 * @param file its name, for messages.
 * @throws InklingError `checkpoint-damaged`
 */
export function decodeSafetensors(bytes: Buffer, file: string): TensorFile {
  const damaged = (problem: string) => failure('checkpoint-damaged', { file, problem });
  if (bytes.length < lengthBytes) throw damaged('it is empty or ends early');
  const headerBytes = bytes.readBigUInt64LE();
  if (headerBytes > headerBytesMax) throw damaged('its header is too large');
  const start = lengthBytes + Number(headerBytes);
  if (bytes.length < start) throw damaged('it ends early');
  const { metadata, entries } = parseHeader(bytes.toString('utf8', lengthBytes, start), damaged);
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, { shape, data_offsets }] of entries) {
    const [from, to] = data_offsets;
    const count = shape.reduce((product, dim) => product * dim, 1);
    if (from !== end || to - from !== count * 4) throw damaged(`its header is wrong about ${name}`);
    if (start + to > bytes.length) throw damaged('it ends early');
    tensors.set(name, { shape, data: floats(bytes, start + from, count) });
    end = to;
  }
  if (start + end !== bytes.length) throw damaged('there are bytes after its end');
  return { tensors, metadata };
}

function parseHeader(text: string, damaged: (problem: string) => Error) {
  try {
    const { __metadata__, ...rest } = JsonObject.parse(JSON.parse(text));
    const entries = Object.entries(rest).map(([name, entry]): [string, Entry] => [
      name,
      Entry.parse(entry),
    ]);
    entries.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
    return { metadata: Metadata.parse(__metadata__ ?? {}), entries };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw damaged('its header cannot be read');
    throw error;
  }
}

/** A copy of its own, aligned as float32 needs it. */
function floats(bytes: Buffer, start: number, count: number): Float32Array {
  const data = new Float32Array(count);
  tensorBytes({ shape: [count], data }).set(bytes.subarray(start, start + count * 4));
  return data;
}
