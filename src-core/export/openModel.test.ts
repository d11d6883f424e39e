/** @file ONNX files from anywhere: what is an image classifier predicts, everything else is refused in a sentence. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { imageSize } from '../engine/engine.ts';
import { InklingError } from '../errors.ts';
import { ModelProto } from '../graph/onnxSchema.ts';
import { ModelSpec } from '../model/spec.ts';
import { stream } from '../random.ts';
import { networkOf, noiseImages, predictorOf, temporaryFolder } from './fixture.ts';
import { encodeOnnx } from './onnxFormat.ts';
import { openModel } from './openModel.ts';

const spec = ModelSpec.parse({
  input: { channels: 3, height: 4, width: 2 },
  layers: [{ kind: 'conv2d', filters: 2, kernel: 2, activation: { name: 'relu' } }],
  classes: 3,
});

function saved(bytes: Uint8Array): string {
  const path = join(temporaryFolder(), 'model.onnx');
  writeFileSync(path, bytes);
  return path;
}

async function opened(bytes: Uint8Array) {
  return openModel(saved(bytes));
}

async function codeOf(bytes: Uint8Array): Promise<string> {
  try {
    await (await opened(bytes)).dispose();
    return 'opened';
  } catch (error) {
    if (error instanceof InklingError) return error.code;
    throw error;
  }
}

describe('a file of this program', () => {
  test('opens with its shape, its class names and its answers', async () => {
    const network = networkOf(spec);
    const model = await opened(encodeOnnx(network));
    expect(model.input).toEqual(spec.input);
    expect(model.classes).toEqual(['class 0', 'class 1', 'class 2']);
    const pixels = noiseImages(spec, 150);
    const { probabilities } = await (await predictorOf(network)).predict(pixels);
    (await model.predict(pixels)).forEach((value, i) =>
      expect(value).toBeCloseTo(probabilities[i]!, 5),
    );
    await model.dispose();
  });

  test('opens where its dimensions could be read in two ways', async () => {
    const square = ModelSpec.parse({
      input: { channels: 1, height: 5, width: 3 },
      layers: [],
      classes: 2,
    });
    const model = await opened(encodeOnnx(networkOf(square)));
    expect(model.input).toEqual(square.input);
  });
});

/** Numbers of the format for types, and for attributes. */
const elemType = { float32: 1, uint8: 2, int64: 7 };

type Dim = number | string;
const dimOf = (dim: Dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim });
const value = (name: string, type: keyof typeof elemType, dims: readonly Dim[]) => ({
  name,
  type: { tensorType: { elemType: elemType[type], shape: { dim: dims.map(dimOf) } } },
});
const bytesOf = (data: Float32Array | BigInt64Array) => new Uint8Array(data.buffer);
const floats = (name: string, dims: readonly number[], data: readonly number[]) => ({
  name,
  dims,
  dataType: elemType.float32,
  rawData: bytesOf(Float32Array.from(data)),
});
const operator = (opType: string, input: string[], output: string, rest: object = {}) => ({
  ...{ opType, input, output: [output], name: output },
  ...rest,
});

type Model = {
  readonly input: object[];
  readonly output: object[];
  readonly node: object[];
  readonly initializer?: object[];
  readonly opset?: object[];
  readonly metadata?: Record<string, string>;
};

/** A file written by another program. */
function foreign({ opset, metadata = {}, ...graph }: Model): Uint8Array {
  const model = {
    irVersion: 8,
    opsetImport: opset ?? [{ domain: '', version: 17 }],
    graph: { name: 'foreign', ...graph },
    metadataProps: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** Scores = 2·(sum of the red channel), 2·(green), 2·(blue), from float32 [N, H, W, C]. */
function channelSums(last: readonly object[] = [], dims: readonly Dim[] = ['N', 2, 2, 3]): Model {
  const shape = { name: 'axes', dims: [2], dataType: elemType.int64 };
  return {
    input: [value('image', 'float32', dims)],
    output: [value('scores', 'float32', ['N', 3])],
    initializer: [{ ...shape, rawData: bytesOf(BigInt64Array.of(1n, 2n)) }, floats('two', [], [2])],
    node: [
      operator('ReduceSum', ['image', 'axes'], 'sums', {
        attribute: [{ name: 'keepdims', i: 0, type: 2 }],
      }),
      operator('Mul', ['sums', 'two'], last.length ? 'doubled' : 'scores'),
      ...last,
    ],
  };
}

/** One image [3, 2, 2], red 255, green 51 in one pixel, blue black. */
const redder = Uint8Array.of(255, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0);
const softmaxOf = (scores: readonly number[]) => {
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  return scores.map((score) => Math.exp(score) / sum);
};

async function predictionOf(model: Model, pixels = redder): Promise<number[]> {
  const file = await opened(foreign(model));
  const result = await file.predict(pixels);
  await file.dispose();
  return [...result];
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((number, i) => expect(number).toBeCloseTo(expected[i]!, 5));
}

describe('a file of another program', () => {
  test('with channels last, pixels 0 … 1 and plain scores', async () => {
    expectClose(await predictionOf(channelSums()), softmaxOf([2, 0.4, 0]));
  });

  test.each([
    ['Softmax', softmaxOf([2, 0.4, 0])],
    ['LogSoftmax', softmaxOf([2, 0.4, 0])],
    ['Sigmoid', [2, 0.4, 0].map((z) => 1 / (1 + Math.exp(-z)))],
  ])('that ends in %s', async (name, expected) => {
    const last = [operator(name, ['doubled'], 'made'), operator('Identity', ['made'], 'scores')];
    expectClose(await predictionOf(channelSums(last)), expected);
  });

  test('that takes two images at a time, fed three', async () => {
    const black = new Uint8Array(12);
    const pixels = Uint8Array.of(...black, ...redder, ...redder);
    const once = softmaxOf([2, 0.4, 0]);
    const expected = [1 / 3, 1 / 3, 1 / 3, ...once, ...once];
    expectClose(await predictionOf(channelSums([], [2, 2, 2, 3]), pixels), expected);
  });

  test.each([
    [{ names: '["a","b","c"]' }, ['a', 'b', 'c']],
    [{ names: '{"0":"a","2":"c","1":"b"}' }, ['a', 'b', 'c']],
    [{ names: '["a","b"]' }, ['0', '1', '2']],
    [{ names: 'a,b,c' }, ['0', '1', '2']],
    [{}, ['0', '1', '2']],
  ])('with the metadata %o has the classes %o', async (metadata, classes) => {
    const model = await opened(foreign({ ...channelSums(), metadata }));
    expect(model.classes).toEqual(classes);
  });
});

const sums = channelSums();
const pass = operator('Identity', ['image'], 'scores');
const row = value('scores', 'float32', ['N', 3]);

test.each<[string, Model, RegExp]>([
  ['two inputs', { ...sums, input: [...sums.input, value('b', 'float32', [1])] }, /2 inputs/],
  [
    'words',
    {
      ...sums,
      node: [pass],
      input: [value('image', 'int64', ['N', 3])],
      output: [value('scores', 'int64', ['N', 3])],
    },
    /type int64/,
  ],
  [
    'a flat input',
    { ...sums, node: [pass], input: [value('image', 'float32', ['N', 3])] },
    /\[\?, 3\] is not/,
  ],
  ['a free height', channelSums([], ['N', 'H', 'W', 3]), /\[\?, \?, \?, 3\] has no fixed size/],
  ['huge images', channelSums([], ['N', 1_000_000_000, 1_000_000_000, 3]), /no fixed size/],
  ['channels that may be first or last', channelSums([], ['N', 3, 3, 3]), /does not tell/],
  ['a million images at a time', channelSums([], [1_000_000, 2, 2, 3]), /1000000 images at a time/],
  [
    'no scores',
    {
      ...sums,
      output: [value('scores', 'float32', ['N'])],
      node: [
        operator('ReduceSum', ['image', 'axes2'], 'scores', {
          attribute: [{ name: 'keepdims', i: 0, type: 2 }],
        }),
      ],
      initializer: [
        { name: 'axes2', dims: [3], dataType: 7, rawData: bytesOf(BigInt64Array.of(1n, 2n, 3n)) },
      ],
    },
    /none of its outputs/,
  ],
  [
    'two kinds of scores',
    { ...sums, output: [row, value('sums', 'float32', ['N', 3])] },
    /2 of its outputs/,
  ],
])('a file with %s is no image classifier', async (_, model, reason) => {
  const attempt = opened(foreign(model));
  await expect(attempt).rejects.toMatchObject({ code: 'model-unfit' });
  await expect(attempt).rejects.toThrow(reason);
});

test('a file whose scores are fewer than its images fails when it predicts', async () => {
  const first = operator('Gather', ['doubled', 'zero'], 'scores');
  const zero = { name: 'zero', dims: [1], dataType: 7, rawData: bytesOf(BigInt64Array.of(0n)) };
  const model = channelSums([first]);
  const file = await opened(foreign({ ...model, initializer: [...model.initializer!, zero] }));
  const attempt = file.predict(Uint8Array.of(...redder, ...redder));
  await expect(attempt).rejects.toMatchObject({ code: 'model-unfit' });
});

/** A field of bytes of a protocol buffer, for what the schema leaves out. */
function field(number: number, ...contents: (Uint8Array | string)[]): Uint8Array {
  const content = Buffer.concat(contents.map((part) => Buffer.from(part as Uint8Array)));
  const size = [];
  for (let rest = content.length; size.length === 0 || rest > 0; rest >>>= 7)
    size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  const tag = (number << 3) | 2;
  const tagBytes = tag < 0x80 ? [tag] : [(tag & 0x7f) | 0x80, tag >>> 7];
  return Buffer.concat([Buffer.from([...tagBytes, ...size]), content]);
}

/** external_data: location = /etc/passwd */
const outside = field(13, field(1, 'location'), field(2, '/etc/passwd'));
const elsewhere = Uint8Array.of(14 << 3, 1);

describe('hostile: values from other files', () => {
  const base = foreign(sums);
  const graph = (...contents: Uint8Array[]) => Buffer.concat([base, field(7, ...contents)]);
  const attribute = (...contents: Uint8Array[]) => graph(field(1, field(5, ...contents)));
  test.each([
    ['in an initializer', graph(field(5, outside))],
    ['by location only', graph(field(5, elsewhere))],
    ['in a sparse initializer', graph(field(15, field(1, outside)))],
    ['in an attribute', attribute(field(5, outside))],
    ['in a list of tensors', attribute(field(10, outside))],
    ['in a sparse attribute', attribute(field(22, field(2, outside)))],
    ['in a subgraph', attribute(field(6, field(5, outside)))],
    ['in a list of subgraphs', attribute(field(11, field(1, field(5, field(5, elsewhere)))))],
    ['in a graph that a later one hides', Buffer.concat([field(7, field(5, outside)), base])],
    ['in training instructions', Buffer.concat([base, field(20, field(1, field(5, outside)))])],
    ['in a function', Buffer.concat([base, field(25, field(7, field(5, field(5, outside))))])],
  ])('%s', async (_, bytes) => expect(await codeOf(bytes)).toBe('model-refused'));
});

describe('hostile', () => {
  test('operators of one maker', async () => {
    const node = [operator('Gelu', ['image'], 'scores', { domain: 'com.microsoft' })];
    const opset = [{ version: 17 }, { domain: 'com.microsoft', version: 1 }];
    const attempt = opened(foreign({ ...sums, node, opset }));
    await expect(attempt).rejects.toMatchObject({ code: 'model-refused' });
    await expect(attempt).rejects.toThrow('operators outside ONNX: com.microsoft.');
  });

  test('an opset of the future', async () => {
    expect(await codeOf(foreign({ ...sums, opset: [{ version: 9999 }] }))).toBe('model-unreadable');
  });

  test('an operator that does not exist', async () => {
    const node = [operator('Conjure', ['image'], 'scores')];
    expect(await codeOf(foreign({ ...sums, node }))).toBe('model-unreadable');
  });

  test('a tensor that claims a hundred billion values', async () => {
    const two = { ...floats('two', [], [2]), dims: [100_000, 1_000_000] };
    const initializer = [sums.initializer![0]!, two];
    expect(await codeOf(foreign({ ...sums, initializer }))).toBe('model-unreadable');
  });

  test('subgraphs nested a thousand deep', async () => {
    let inner: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 1000; depth++) inner = field(1, field(5, field(6, inner)));
    const attempt = opened(Buffer.concat([foreign(sums), field(7, inner)]));
    await expect(attempt).rejects.toMatchObject({ code: 'model-unreadable' });
    await expect(attempt).rejects.toThrow('nested more than 64 deep');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('This is not a model, but a sentence about one.')],
    ['zeros', Buffer.alloc(1000)],
    ['a picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')],
  ])('%s', async (_, bytes) => expect(await codeOf(bytes)).toBe('model-unreadable'));

  test('a folder, and no file at all', async () => {
    const folder = temporaryFolder();
    await expect(openModel(folder)).rejects.toMatchObject({ code: 'model-refused' });
    await expect(openModel(join(folder, 'x'))).rejects.toMatchObject({ code: 'path-missing' });
  });

  test('a file cut anywhere', async () => {
    const bytes = encodeOnnx(networkOf(spec));
    // What comes last are names; without some of them it is a whole file still.
    const necessary = Buffer.from(bytes).indexOf('inkling.classes') - 8;
    for (let length = 0; length < necessary; length += 13)
      expect(await codeOf(bytes.subarray(0, length)), `${length} bytes`).toBe('model-unreadable');
  });

  test('a file with a bit turned anywhere predicts or fails in a sentence, and never more', async () => {
    const bytes = encodeOnnx(networkOf(spec));
    const random = stream(1, 'bits');
    const outcomes = new Set<string>();
    for (let i = 0; i < 400; i++) {
      // A Buffer's own slice would share its memory, and the damage would add up.
      const changed = Uint8Array.from(bytes);
      changed[random.below(bytes.length)]! ^= 1 << random.below(8);
      const outcome = await predictBlack(changed).catch((error: unknown) => error);
      if (outcome instanceof Float32Array) outcomes.add('predicted');
      else outcomes.add(outcome instanceof InklingError ? outcome.code : String(outcome));
    }
    // None of them a defect, and both ends reached: damage to a value, and damage to the structure.
    const foreseen = ['predicted', 'model-unreadable', 'model-refused', 'model-unfit'];
    expect(foreseen).toEqual(expect.arrayContaining([...outcomes]));
    expect([...outcomes]).toEqual(expect.arrayContaining(foreseen.slice(0, 2)));
  });
});

/** What a file makes of two black images of its own size. */
async function predictBlack(bytes: Uint8Array): Promise<Float32Array> {
  const model = await opened(bytes);
  try {
    return await model.predict(new Uint8Array(2 * imageSize(model.input)));
  } finally {
    await model.dispose();
  }
}
