/**
 * @file Opens an ONNX file, this program's or any other, to predict with. Such a file is data that nobody vouched
 * for: it is checked before onnxruntime sees it, and must be what an image classifier is, with one image in and one
 * row of scores out.
 */
import { readFile, stat } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import { z } from 'zod';
import { imageSize } from '../engine/engine.ts';
import { briefSpin } from '../engine/spinning.ts';
import { failure } from '../errors.ts';
import { ModelProto } from '../graph/onnxSchema.ts';
import { ModelSpec } from '../model/spec.ts';
import type { OpenedModel } from './format.ts';
import { imageInput, scoreOutput, type ImageInput, type ScoreOutput } from './imageModel.ts';
import { metadataKeys } from './metadataKeys.ts';
import { MalformedOnnx, walkOnnx, type OnnxPart } from './onnxWalk.ts';

/** The largest network of this program is below it; parsing takes some times this in memory. */
const modelBytesMax = 512 * 1024 * 1024;

/** Images per call where the file leaves it open. */
const chunkSamples = 64;

/**
 * @throws InklingError `path-missing`, `path-unreadable`; `model-unreadable` when it is no whole ONNX file,
 * `model-refused` when it is one that is not opened, `model-unfit` when it is no image classifier.
 */
export async function openModel(path: string): Promise<OpenedModel> {
  const bytes = await readLimited(path);
  refuseDangers(path, bytes);
  const file = decode(path, bytes);
  const session = await startSession(path, bytes);
  try {
    const metadata = new Map(file.metadataProps.map(({ key, value }) => [key, value]));
    const unfit = (reason: string) => failure('model-unfit', { path, reason });
    const input = imageInput(session.inputMetadata, isOurs(metadata), unfit);
    const output = scoreOutput(session.outputMetadata, file.graph?.node ?? [], unfit);
    return {
      input: input.shape,
      classes: classNames(metadata, output.classes),
      predict: (pixels) => predict(path, session, input, output, pixels),
      dispose: () => session.release(),
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function readLimited(path: string): Promise<Buffer> {
  const refused = (reason: string) => failure('model-refused', { path, reason });
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw failure('path-missing', { path });
    throw failure('path-unreadable', { path, reason: firstLine(error) });
  });
  if (!info.isFile()) throw refused('it is not a file');
  if (info.size > modelBytesMax) throw refused(`it is larger than ${modelBytesMax / 2 ** 20} MiB`);
  return readFile(path).catch((error: unknown) => {
    throw failure('path-unreadable', { path, reason: firstLine(error) });
  });
}

/** The operators of ONNX itself. Others run code of one maker's, and `ai.onnx.ml` answers with tables, not scores. */
const domainsAllowed: ReadonlySet<string> = new Set(['', 'ai.onnx']);

function refuseDangers(path: string, bytes: Uint8Array): void {
  const foreign = new Set<string>();
  const meet = (part: OnnxPart): void => {
    if (part.kind === 'domain') {
      if (!domainsAllowed.has(part.domain)) foreign.add(part.domain);
      return;
    }
    throw failure('model-refused', { path, reason: refusals[part.kind] });
  };
  try {
    walkOnnx(bytes, meet);
  } catch (error) {
    if (error instanceof MalformedOnnx)
      throw failure('model-unreadable', { path, reason: error.message });
    throw error;
  }
  if (foreign.size > 0) {
    const reason = `it uses operators outside ONNX: ${printable([...foreign].join(', '))}`;
    throw failure('model-refused', { path, reason });
  }
}

const refusals = {
  externalTensor: 'it takes values from other files',
  function: 'it defines operators of its own',
  training: 'it holds instructions for training',
} as const satisfies Record<Exclude<OnnxPart['kind'], 'domain'>, string>;

/** What is read of a file, as protobufjs decodes it: lists that are not there are empty. */
const File = z.object({
  graph: z
    .object({
      node: z.array(
        z.object({
          opType: z.string(),
          input: z.array(z.string()),
          output: z.array(z.string()),
        }),
      ),
    })
    .nullish(),
  metadataProps: z.array(z.object({ key: z.string(), value: z.string() })),
});

function decode(path: string, bytes: Uint8Array): z.infer<typeof File> {
  const unreadable = (reason: string) => failure('model-unreadable', { path, reason });
  let decoded: unknown;
  try {
    decoded = ModelProto.decode(bytes);
  } catch (error) {
    throw unreadable(printable(firstLine(error)));
  }
  const file = File.safeParse(decoded);
  if (!file.success || !file.data.graph) throw unreadable('it holds no graph');
  return file.data;
}

async function startSession(path: string, bytes: Uint8Array): Promise<ort.InferenceSession> {
  try {
    // From bytes, not from the path: onnxruntime then has no folder to look for other files in.
    return await ort.InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      logSeverityLevel: 4,
      extra: { session: briefSpin },
    });
  } catch (error) {
    throw failure('model-unreadable', { path, reason: printable(firstLine(error)) });
  }
}

function isOurs(metadata: ReadonlyMap<string, string>): boolean {
  return ModelSpec.safeParse(jsonOf(metadata.get(metadataKeys.spec))).success;
}

/** Names as a list, or by class number. */
const Names = z.union([z.array(z.string()), z.record(z.string(), z.string())]);

/** The file's own names where there is one for each class, else the numbers. */
function classNames(metadata: ReadonlyMap<string, string>, count: number): readonly string[] {
  const numbers = Array.from({ length: count }, (_, k) => String(k));
  for (const key of [metadataKeys.classes, metadataKeys.plainClasses]) {
    const found = Names.safeParse(jsonOf(metadata.get(key)));
    if (!found.success) continue;
    const byNumber = new Map(Object.entries(found.data));
    if (byNumber.size === count && numbers.every((k) => byNumber.has(k)))
      return numbers.map((k) => byNumber.get(k)!);
  }
  return numbers;
}

/** Undefined where there is no JSON: names in other forms are no failure. */
function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** uint8 [N, C, H, W] → probabilities [N, classes]. */
async function predict(
  path: string,
  session: ort.InferenceSession,
  input: ImageInput,
  output: ScoreOutput,
  pixels: Uint8Array,
): Promise<Float32Array> {
  const sampleBytes = imageSize(input.shape);
  const count = pixels.length / sampleBytes;
  if (!Number.isInteger(count)) throw new RangeError(`not images of ${sampleBytes} bytes`);
  const result = new Float32Array(count * output.classes);
  for (let start = 0; start < count;) {
    const size = Math.min(input.batchSize ?? chunkSamples, count - start);
    // A batch size that is part of the file is filled up with black.
    const rows = input.batchSize ?? size;
    const batch = new Uint8Array(rows * sampleBytes);
    batch.set(pixels.subarray(start * sampleBytes, (start + size) * sampleBytes));
    const scores = await runBatch(path, session, output.name, {
      [input.name]: input.tensor(batch, rows),
    });
    if (scores.length !== rows * output.classes)
      throw failure('model-unfit', { path, reason: 'its scores are not one row for each image' });
    output.toProbabilities(scores);
    result.set(scores.subarray(0, size * output.classes), start * output.classes);
    start += size;
  }
  return result;
}

async function runBatch(
  path: string,
  session: ort.InferenceSession,
  output: string,
  feeds: Record<string, ort.Tensor>,
): Promise<Float32Array> {
  try {
    const results = await session.run(feeds, [output]);
    const { data } = results[output]!;
    if (data instanceof Float32Array) return data;
  } catch (error) {
    const reason = `onnxruntime cannot run it (${printable(firstLine(error))})`;
    throw failure('model-unfit', { path, reason });
  }
  throw failure('model-unfit', { path, reason: 'its scores are not of type float32' });
}

/** Text from a file or about one, as it may stand in a sentence on a terminal. */
function printable(text: string): string {
  const plain = text.replace(/[\p{C}\s]+/gu, ' ').trim();
  const short = plain.length > textMax ? `${plain.slice(0, textMax)} …` : plain;
  return short.replace(/\.$/, '');
}

/** Messages of onnxruntime can be a screenful. */
const textMax = 300;

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0]!;
}
