import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../engine/engine.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

const tensors = new Map<string, Tensor>([
  ['params/b', { shape: [2, 3], data: Float32Array.of(1, -0, NaN, Infinity, 1e-45, 3) }],
  ['params/a', { shape: [], data: Float32Array.of(7) }],
  ['empty', { shape: [0, 4], data: new Float32Array() }],
]);
const file = encodeSafetensors({ tensors, metadata: { run: 'r1', text: 'ü "quoted"' } });

/** The file with another header; the values stay. */
function withHeader(header: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([
    length,
    Buffer.from(header),
    file.subarray(8 + Number(file.readBigUInt64LE())),
  ]);
}

const entry = (dtype: string, shape: number[], from: number, to: number) =>
  JSON.stringify({ a: { dtype, shape, data_offsets: [from, to] } });

describe('a safetensors file', () => {
  it('gives back names in order, shapes, bits and metadata', () => {
    const read = decodeSafetensors(file, 'f');
    expect([...read.tensors]).toEqual([...tensors]);
    expect(Object.is(read.tensors.get('params/b')!.data[1], -0)).toBe(true);
    expect(read.metadata).toEqual({ run: 'r1', text: 'ü "quoted"' });
  });

  it('is laid out as the format says: length, JSON, values at a multiple of eight', () => {
    const length = Number(file.readBigUInt64LE());
    const header: unknown = JSON.parse(file.toString('utf8', 8, 8 + length));
    expect(header).toMatchObject({
      'params/b': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      'params/a': { dtype: 'F32', shape: [], data_offsets: [24, 28] },
    });
    expect((8 + length) % 8).toBe(0);
    expect(file.readFloatLE(8 + length)).toBe(1);
  });

  it.each([
    ['nothing', Buffer.alloc(0), /empty/],
    ['a header that ends early', file.subarray(0, 20), /ends early/],
    ['values that end early', file.subarray(0, -1), /ends early/],
    ['more than it says', Buffer.concat([file, Buffer.alloc(1)]), /after its end/],
    ['an endless header', Buffer.alloc(16, 255), /header is too large/],
    ['no JSON', withHeader('{"a":'), /cannot be read/],
    ['another type of JSON', withHeader('[]'), /cannot be read/],
    ['half precision', withHeader(entry('F16', [14], 0, 28)), /cannot be read/],
    ['a shape that does not fit', withHeader(entry('F32', [6], 0, 28)), /wrong about a/],
    ['a hole', withHeader(entry('F32', [6], 4, 28)), /wrong about a/],
    ['values beyond the end', withHeader(entry('F32', [8], 0, 32)), /ends early/],
    ['a negative size', withHeader(entry('F32', [-7], 0, 28)), /cannot be read/],
  ])('is refused when it holds %s', (_what, bytes, problem) => {
    expect(() => decodeSafetensors(bytes, 'r1/last-3')).toThrowError(problem);
    expect(() => decodeSafetensors(bytes, 'r1/last-3')).toThrowError(/r1\/last-3/);
  });

  it('never brings down the reader, whatever bytes have changed', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(file);
        changed[at] = byte;
        try {
          decodeSafetensors(changed, 'f');
        } catch (error) {
          expect(error).toMatchObject({ code: 'checkpoint-damaged' });
        }
      }),
    );
  });
});
