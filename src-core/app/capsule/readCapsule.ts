/**
 * @file Reads a capsule that may come from anyone: sizes and counts have limits, entries have their names and no
 * others, all JSON passes a schema, and what has a hash is compared with it. Nothing is stored here.
 */
import { z } from 'zod';
import { openArchive, type Archive } from '../../data/import/archive.ts';
import { inspectImage } from '../../data/decode/decode.ts';
import { snapshotHash } from '../../data/snapshot.ts';
import type { Tensor, Tensors } from '../../engine/engine.ts';
import { failure, InklingError } from '../../errors.ts';
import { resolveNetwork } from '../../model/layers.ts';
import { parametersHash } from '../../training/checkpoints.ts';
import { stepSeries } from '../../training/metrics.ts';
import { decodeSafetensors } from '../../training/safetensors.ts';
import { blobHash, type NewBlob } from '../../workspace/blobs.ts';
import type { NewImage } from '../../workspace/imports.ts';
import { fromJson } from '../../workspace/json.ts';
import type { StepMetrics } from '../../workspace/metrics.ts';
import { parts, type Part } from '../../workspace/records.ts';
import { hashBytes, rangesOf, type Snapshot } from '../../workspace/snapshots.ts';
import {
  capsuleFormat,
  CapsuleHeader,
  CapsuleImages,
  entries,
  headerBytesMax,
  imageBytesMax,
  imagePrefix,
} from './capsuleFormat.ts';

export type Capsule = AsyncDisposable & {
  readonly header: CapsuleHeader;
  readonly snapshot: Snapshot;
  readonly params: Tensors;
  readonly average: Tensors | null;
  /** What it started from; null: the initial values of its seed. */
  readonly start: Tensors | null;
  readonly steps: readonly StepMetrics[];
  /** Of the test part, [N, classes]; null: there are none. */
  readonly predictions: Float32Array | null;
  /** The images of the snapshot in its order, a few at a time; none where it has no images. */
  images(): AsyncGenerator<NewImage[]>;
};

/** How a file falls short: changed or cut, or not what it should be. */
type Complaints = {
  readonly damaged: (problem: string) => InklingError;
  readonly invalid: (problem: string) => InklingError;
};

/** Tensors of one file; an archive entry can be no larger either. */
const tensorBytesMax = 2 ** 30;

/** @throws InklingError `path-missing`, `path-unreadable`, `capsule-newer`, `capsule-invalid`, `capsule-damaged` */
export async function readCapsule(path: string): Promise<Capsule> {
  const complaints: Complaints = {
    damaged: (problem) => failure('capsule-damaged', { path, problem }),
    invalid: (problem) => failure('capsule-invalid', { path, problem }),
  };
  const archive = await asCapsule(complaints, () => openArchive(path));
  try {
    return await asCapsule(complaints, () => capsuleIn(archive, path, complaints));
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

/** What readers of parts say becomes a word about the capsule. */
async function asCapsule<T>({ damaged, invalid }: Complaints, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InklingError)) throw error;
    const problem = error.message.replace(/\.$/, '');
    if (error.code === 'archive-damaged' || error.code === 'checkpoint-damaged')
      throw damaged(problem);
    const isPart = /^(archive|image|layer|spec|too-many)-/.test(error.code);
    throw isPart ? invalid(problem) : error;
  }
}

async function capsuleIn(archive: Archive, path: string, all: Complaints): Promise<Capsule> {
  const header = await readHeader(archive, path, all);
  requireEntries(archive, header, all);
  const snapshot = await readSnapshot(archive, header, all);
  const { params, average, start } = await readParameters(archive, header, all);
  return {
    header,
    snapshot,
    params,
    average,
    start,
    steps: await readSteps(archive, header, all),
    predictions: await readPredictions(archive, header, all),
    images: () => readImages(archive, snapshot, all),
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

async function readHeader(
  archive: Archive,
  path: string,
  { invalid }: Complaints,
): Promise<CapsuleHeader> {
  if (!archive.entries.has(entries.header)) throw invalid(`it has no ${entries.header}`);
  const json = parsed((await archive.read(entries.header, headerBytesMax)).toString('utf8'));
  const format = z.object({ format: z.string().max(100) }).safeParse(json);
  if (!format.success) throw invalid('it does not say what it is');
  if (format.data.format !== capsuleFormat) {
    if (/^inkling-capsule-\d+$/.test(format.data.format))
      throw failure('capsule-newer', { path, found: format.data.format });
    throw invalid('it is something else');
  }
  const header = CapsuleHeader.safeParse(json);
  if (!header.success) throw invalid(issueOf(header.error));
  requireSense(header.data, invalid);
  return header.data;
}

/** Undefined, which no schema takes, for text that is not JSON. */
function parsed(text: string): unknown {
  try {
    return fromJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function issueOf({ issues: [first] }: z.ZodError): string {
  return `${first!.path.join('.')}: ${first!.message}`;
}

/** What fits its schema and still cannot be. */
function requireSense(header: CapsuleHeader, invalid: Complaints['invalid']): void {
  const { spec, snapshot, result, epochs, options } = header;
  const { channels, height, width } = snapshot.shape;
  const isShape = [channels, height, width].join() === shapeWords(spec.input);
  if (!isShape || spec.classes !== snapshot.classes.length)
    throw invalid('its network is not one for its images');
  if (new Set(snapshot.classes).size !== snapshot.classes.length)
    throw invalid('two of its classes have one name');
  if (snapshot.counts[0] === 0) throw invalid('it has no training images');
  const keptStep = (result.keptEpoch * result.steps) / result.epochs;
  const isEpoch = result.keptEpoch >= 1 && result.keptEpoch <= result.epochs;
  if (!isEpoch || !Number.isInteger(keptStep) || result.epochs > options.epochs)
    throw invalid('the epoch it kept is none of its epochs');
  if (result.averaged !== (options.averaging !== null))
    throw invalid('its parameters are averaged where its options say otherwise');
  const isCounted = epochs.every(({ epoch }, i) => epoch === i + 1);
  if (!isCounted || epochs.length !== result.epochs) throw invalid('its epochs are not in order');
}

const shapeWords = ({ channels, height, width }: CapsuleHeader['spec']['input']): string =>
  [channels, height, width].join();

/** No entry but those a capsule has, with the sizes they must have. */
function requireEntries(archive: Archive, header: CapsuleHeader, { invalid }: Complaints): void {
  const known = new Set<string>(Object.values(entries));
  const image = new RegExp(`^${imagePrefix}[0-9a-f]{64}$`);
  const count = header.snapshot.counts.reduce((sum, n) => sum + n, 0);
  const required = [entries.hashes, entries.labels, entries.parameters, entries.steps];
  for (const name of [...required, ...(header.hasImages ? [entries.images] : [])])
    if (!archive.entries.has(name)) throw invalid(`it has no ${name}`);
  for (const name of archive.entries.keys())
    if (!known.has(name) && !(header.hasImages && image.test(name)))
      throw invalid(`it has an entry that no capsule has, ${JSON.stringify(name.slice(0, 80))}`);
  const isSized =
    archive.entries.get(entries.hashes) === count * hashBytes &&
    archive.entries.get(entries.labels) === count * 4;
  if (!isSized) throw invalid(`its lists are not those of ${count} images`);
}

async function readSnapshot(
  archive: Archive,
  { snapshot }: CapsuleHeader,
  { damaged, invalid }: Complaints,
): Promise<Snapshot> {
  const { classes, shape, resize, counts } = snapshot;
  const hashes = Uint8Array.from(await archive.read(entries.hashes, tensorBytesMax));
  const bytes = await archive.read(entries.labels, tensorBytesMax);
  const labels = Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4));
  if (labels.some((label) => label < 0 || label >= classes.length))
    throw invalid('one of its labels is none of its classes');
  const frozen = { classes, shape, resize, ranges: rangesOf(counts), hashes, labels };
  const hash = snapshotHash(frozen);
  if (hash !== snapshot.hash) throw damaged('its snapshot has another hash');
  return { hash, ...frozen };
}

async function readParameters(
  archive: Archive,
  { spec, result, start: given }: CapsuleHeader,
  { damaged, invalid }: Complaints,
) {
  const tensors = await readTensors(archive, entries.parameters);
  const network = resolveNetwork(spec).params;
  const groups = ['params', ...(result.averaged ? ['average'] : []), ...(given ? ['start'] : [])];
  const wanted = groups.flatMap((group) =>
    network.map(({ name, shape }) => `${group}/${name}[${shape.join()}]`),
  );
  const found = [...tensors].map(([name, { shape }]) => `${name}[${shape.join()}]`);
  if (found.join() !== wanted.join()) throw invalid('its parameters are those of another network');
  const of = (group: string): Tensors =>
    Object.fromEntries(network.map(({ name }) => [name, tensors.get(`${group}/${name}`)!]));
  const params = of('params');
  if (parametersHash(params) !== result.parametersHash)
    throw damaged('its parameters have another hash');
  const start = given && of('start');
  if (start && parametersHash(start) !== given?.parametersHash)
    throw damaged('what it started from does not have its hash');
  return { params, average: result.averaged ? of('average') : null, start };
}

async function readTensors(archive: Archive, name: string): Promise<ReadonlyMap<string, Tensor>> {
  return decodeSafetensors(await archive.read(name, tensorBytesMax), name).tensors;
}

async function readSteps(
  archive: Archive,
  { result }: CapsuleHeader,
  { invalid }: Complaints,
): Promise<StepMetrics[]> {
  const pieces = new Map<number, Record<string, Float32Array>>();
  const names = new Set<string>(stepSeries);
  for (const [path, { data }] of await readTensors(archive, entries.steps)) {
    const [, first, name] = /^([1-9]\d{0,14})\/(\w+)$/.exec(path) ?? [];
    if (first === undefined || !names.has(name!)) throw invalid('its steps cannot be read');
    const piece = pieces.get(Number(first)) ?? {};
    piece[name!] = data;
    pieces.set(Number(first), piece);
  }
  let next = 1;
  for (const [firstStep, series] of pieces) {
    const lengths = new Set(Object.values(series).map(({ length }) => length));
    const [length = 0] = lengths;
    if (lengths.size !== 1 || length === 0 || firstStep < next)
      throw invalid('its steps are not in order');
    next = firstStep + length;
  }
  if (next - 1 > result.steps) throw invalid('it has more steps than it took');
  return [...pieces].map(([firstStep, series]) => ({ firstStep, series }));
}

async function readPredictions(
  archive: Archive,
  { snapshot }: CapsuleHeader,
  { invalid }: Complaints,
): Promise<Float32Array | null> {
  if (!archive.entries.has(entries.predictions)) return null;
  const tensors = await readTensors(archive, entries.predictions);
  const test = tensors.get('test');
  const wanted = [snapshot.counts[2], snapshot.classes.length].join();
  if (tensors.size !== 1 || test?.shape.join() !== wanted)
    throw invalid('its answers are not those to its test images');
  return test.data;
}

/** Images handed over at a time. */
const batchImages = 500;

async function* readImages(
  archive: Archive,
  snapshot: Snapshot,
  all: Complaints,
): AsyncGenerator<NewImage[]> {
  if (!archive.entries.has(entries.images)) return;
  const { hashes, labels, classes } = snapshot;
  const list = await asCapsule(all, () => readImageList(archive, labels.length, all));
  /** The same picture under one name is one image, however often the snapshot has it. */
  const taken = new Set<string>();
  for (let start = 0; start < labels.length; start += batchImages) {
    const batch: NewImage[] = [];
    for (let n = start; n < Math.min(labels.length, start + batchImages); n++) {
      const key = hashes.subarray(n * hashBytes, (n + 1) * hashBytes);
      const blob = await asCapsule(all, () => readBlob(archive, key, list.raw, all));
      const given = list.names[n]!;
      const own = `${given} ${Buffer.from(key).toString('hex')}`;
      const name = taken.has(own) ? `${given} (${n + 1})` : given;
      taken.add(own);
      batch.push({ name, blob, label: classes[labels[n]!]!, part: partOf(snapshot, n) });
    }
    yield batch;
  }
}

function partOf({ ranges }: Snapshot, sample: number): Part {
  return parts.find((part) => sample < ranges[part].end)!;
}

async function readImageList(
  archive: Archive,
  count: number,
  { invalid }: Complaints,
): Promise<CapsuleImages> {
  const bytes = await archive.read(entries.images, headerBytesMax);
  const list = CapsuleImages.safeParse(parsed(bytes.toString('utf8')));
  if (!list.success) throw invalid(`${entries.images}: ${issueOf(list.error)}`);
  if (list.data.names.length !== count) throw invalid('it does not name all its images');
  return list.data;
}

async function readBlob(
  archive: Archive,
  key: Uint8Array,
  raw: CapsuleImages['raw'],
  { damaged, invalid }: Complaints,
): Promise<NewBlob> {
  const hex = Buffer.from(key).toString('hex');
  const bytes = Uint8Array.from(await archive.read(`${imagePrefix}${hex}`, imageBytesMax));
  const shape = Object.hasOwn(raw, hex) ? raw[hex] : undefined;
  if (shape && bytes.length !== shape.channels * shape.height * shape.width)
    throw invalid('an image has another size than it says');
  const blob: NewBlob = shape
    ? { bytes, encoding: 'raw', ...shape, depth: 8 }
    : { bytes, ...(await inspectImage(Buffer.from(bytes))) };
  if (!blobHash(blob).equals(key)) throw damaged('one of its images has another hash');
  return blob;
}
