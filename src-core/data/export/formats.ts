/**
 * @file The table of dataset export formats. Each writes files that an import reads back as the same images with the
 * same labels and parts; what a format cannot say, it refuses before anything is written.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { failure, type InklingError } from '../../errors.ts';
import { parts, type Part } from '../../workspace/records.ts';
import { placeFiles } from '../import/layout.ts';
import { classPath, extensions, safePath, safeStep, uniquePaths, type Planned } from './plan.ts';
import type { Content } from './sinks.ts';

/** What a format may ask of the dataset. */
export type ExportSource = {
  readonly name: string;
  readonly images: readonly Planned[];
  /** As a picture file: the bytes as they came, or a PNG of bare pixels. */
  readonly fileOf: (image: Planned) => Promise<Uint8Array>;
  /** uint8 [height, width] of an 8-bit gray picture. */
  readonly pixelsOf: (image: Planned) => Promise<Uint8Array>;
};

export type ExportFile = { readonly path: string; readonly content: Content };

type Format = {
  readonly isArchive: boolean;
  /** In any order. @throws InklingError `dataset-unexportable` before the first file */
  readonly files: (source: ExportSource) => AsyncIterable<ExportFile>;
};

export const exportFormats = {
  folder: { isArchive: false, files: (source) => classFolders(source, false) },
  zip: { isArchive: true, files: (source) => classFolders(source, true) },
  idx: { isArchive: false, files: idxFiles },
  csv: { isArchive: false, files: csvList },
  imagefolder: { isArchive: false, files: imageFolder },
} satisfies Record<string, Format>;

export type DatasetExportFormat = keyof typeof exportFormats;

const refusal = ({ name }: ExportSource, problem: string): InklingError =>
  failure('dataset-unexportable', { name, problem });

/** Between two turns of the event loop: a millisecond or two. */
const pathsAtOnce = 1000;

async function* classFolders(source: ExportSource, wrapped: boolean): AsyncGenerator<ExportFile> {
  const { images, fileOf } = source;
  const unique = uniquePaths();
  const paths: string[] = [];
  for (const image of images) {
    paths.push(unique(classPath(image)));
    if (paths.length % pathsAtOnce === 0) await turn();
  }
  refuseAmbiguity(source, paths, wrapped);
  for (const [i, image] of images.entries())
    yield { path: paths[i]!, content: await fileOf(image) };
}

/** Asks the importer what it would make of these paths: folders cannot say everything. */
function refuseAmbiguity(source: ExportSource, paths: readonly string[], wrapped: boolean): void {
  const { images } = source;
  refuseHalfSplit(source);
  const read = placeFiles(paths, wrapped);
  const lost = images.find((image, i) => {
    const { path, label, part } = read[i]!;
    const isSafe = label === null || safeStep(label) === label;
    return !isSafe || path !== paths[i] || label !== image.label || part !== image.part;
  });
  if (lost)
    throw refusal(
      source,
      `the class ${lost.label ?? 'of unlabeled images'} cannot be a folder of its own`,
    );
}

/** A folder or file without a part among others with one would be taken for something else. */
function refuseHalfSplit(source: ExportSource): void {
  const isPartless = ({ part, label }: Planned) => part === null && label !== null;
  const partless = source.images.filter(isPartless).length;
  if (partless > 0 && source.images.some(({ part }) => part !== null))
    throw refusal(
      source,
      `${partless} labeled images belong to no split, and others do; redraw the splits first`,
    );
}

/** Names of the original MNIST files, which tell the part. */
const idxStems: Readonly<Record<Part | 'none', string>> = {
  train: 'train',
  validation: 'validation',
  test: 't10k',
  none: 'all',
};

async function* idxFiles(source: ExportSource): AsyncGenerator<ExportFile> {
  const { images } = source;
  const { width, height } = commonShape(source);
  refuseHalfSplit(source);
  const isLabeled = haveIdxLabels(source);
  for (const part of [...parts, null]) {
    const chosen = images.filter((image) => image.part === part);
    if (chosen.length === 0) continue;
    const stem = idxStems[part ?? 'none'];
    yield {
      path: `${stem}-images-idx3-ubyte`,
      content: idxImages(source, chosen, [chosen.length, height, width]),
    };
    if (!isLabeled) continue;
    const labels = Uint8Array.from(chosen, ({ label }) => Number(label));
    const content = Buffer.concat([idxHeader([chosen.length]), labels]);
    yield { path: `${stem}-labels-idx1-ubyte`, content };
  }
}

/** 0, 0, 8 (uint8), number of dimensions, each as uint32, all big-endian. */
function idxHeader(dimensions: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header[2] = 8;
  header[3] = dimensions.length;
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return header;
}

async function* idxImages(
  { pixelsOf }: ExportSource,
  images: readonly Planned[],
  dimensions: readonly number[],
): AsyncGenerator<Uint8Array> {
  yield idxHeader(dimensions);
  for (const image of images) yield await pixelsOf(image);
}

function commonShape(source: ExportSource): { width: number; height: number } {
  const [first] = source.images;
  for (const { name, width, height, channels, depth } of source.images) {
    if (channels !== 1 || depth !== 8)
      throw refusal(source, `${name} is not 8-bit gray, and IDX holds nothing else`);
    if (width !== first!.width || height !== first!.height)
      throw refusal(
        source,
        `${name} has ${width} × ${height} pixels, others ${first!.width} × ${first!.height}`,
      );
  }
  return first!;
}

/** Whether all images have a label IDX can hold; false where none has any. */
function haveIdxLabels(source: ExportSource): boolean {
  const { images } = source;
  const unlabeled = images.filter(({ label }) => label === null).length;
  if (unlabeled === images.length) return false;
  if (unlabeled > 0)
    throw refusal(source, `${unlabeled} images have no label, and IDX cannot say so`);
  const other = images.find(({ label }) => !/^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/.test(label!));
  if (other)
    throw refusal(source, `IDX labels are numbers from 0 to 255, and one class is ${other.label}`);
  return true;
}

async function* csvList(source: ExportSource): AsyncGenerator<ExportFile> {
  const { images, fileOf } = source;
  const unique = uniquePaths();
  const lines = ['path,label,split,name'];
  for (const image of images) {
    const path = unique(`images/${safePath(image.name, image.encoding)}`);
    lines.push([path, image.label ?? '', image.part ?? '', image.name].map(csvCell).join(','));
    yield { path, content: await fileOf(image) };
  }
  yield { path: 'labels.csv', content: textLines(lines) };
}

/** RFC 4180; what a reader would trim is quoted too. */
const csvCell = (text: string): string =>
  /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/**
 * As the Hugging Face `imagefolder` loader reads it. Files are numbered, because it takes words such as "train" in a
 * path for a split.
 */
async function* imageFolder(source: ExportSource): AsyncGenerator<ExportFile> {
  const { images, fileOf } = source;
  const digits = String(images.length).length;
  const lines: string[] = [];
  for (const [i, image] of images.entries()) {
    const { name, label, part } = image;
    const path = `images/${String(i + 1).padStart(digits, '0')}.${extensions[image.encoding]}`;
    lines.push(JSON.stringify({ file_name: path, label, split: part, name }));
    yield { path, content: await fileOf(image) };
  }
  yield { path: 'metadata.jsonl', content: textLines(lines) };
}

/** Lines handed over at a time. */
const linesAtOnce = 1000;

async function* textLines(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < lines.length; start += linesAtOnce)
    yield Buffer.from(`${lines.slice(start, start + linesAtOnce).join('\n')}\n`);
}
