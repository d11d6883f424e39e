/**
 * @file Lists that name pictures with their labels: CSV with a first line `path,label[,split]`, or JSONL with one
 * object of the same names per line. Paths count from the folder of the list and may not leave it.
 */
import { createReadStream } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import { failure } from '../../errors.ts';
import { filesMax } from './folder.ts';
import { partNamed, toLabel } from './layout.ts';
import { batchItems, onDisk, readFiles, type FileJob, type Place, type Source } from './source.ts';

/** One line of a list. `line` counts from 1. */
type Row = {
  readonly line: number;
  readonly path: string;
  /** Empty or null: unlabeled. */
  readonly label: string | null;
  readonly split: string | null;
};

/** A path and a label are a few hundred bytes; a longer line is another kind of file. */
const lineBytesMax = 64 * 1024;

export const openCsv = (place: Place): Promise<Source> => openList(place, csvRows(place));
export const openJsonl = (place: Place): Promise<Source> => openList(place, jsonlRows(place));

/** @throws InklingError with one of the codes `list-…`, `path-unreadable`, `too-many-files` */
async function openList(place: Place, rows: AsyncIterable<Row>): Promise<Source> {
  const folder = dirname(place.path);
  const jobs = new Map<string, FileJob & { readonly line: number }>();
  for await (const row of rows) {
    const job = toJob(row, folder, place.shown);
    const before = jobs.get(job.item.path);
    if (before && before.item.label !== job.item.label)
      throw malformed(place, row.line, `${row.path} had another label on line ${before.line}`);
    if (!before) jobs.set(job.item.path, job);
    if (jobs.size > filesMax)
      throw failure('too-many-files', { path: place.shown, limit: filesMax });
  }
  const confined = await confine([...jobs.values()], folder, place.shown);
  return { items: confined.map(({ item }) => item), batches: () => readFiles(confined) };
}

const malformed = (place: Place, line: number, problem: string) =>
  failure('list-malformed', { path: place.shown, line, problem });

function toJob({ line, path, label, split }: Row, folder: string, list: string) {
  // Lists written on Windows separate folders with backslashes.
  const file = resolve(folder, path.replaceAll('\\', '/'));
  if (/^[a-z]:/i.test(path) || !isInside(folder, file))
    throw failure('list-escape', { path: list, line, entry: path });
  const part = split ? partNamed(split) : null;
  if (split && part === null)
    throw failure('list-malformed', {
      path: list,
      line,
      problem: `its split is ${split}, and train, validation and test are known`,
    });
  const inner = relative(folder, file).split(sep).join('/');
  return { line, file, item: { path: inner, label: toLabel(label ?? ''), part } };
}

const isInside = (folder: string, file: string): boolean => {
  const way = relative(folder, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/** Follows links before anything is read, so that a list that leaves its folder imports nothing. */
async function confine(
  jobs: readonly (FileJob & { readonly line: number })[],
  folder: string,
  list: string,
): Promise<FileJob[]> {
  const confined: FileJob[] = [];
  for (let start = 0; start < jobs.length; start += batchItems) {
    const chunk = jobs.slice(start, start + batchItems);
    const files = await Promise.all(chunk.map(({ file }) => realpath(file).catch(missing(file))));
    chunk.forEach(({ item, line }, i) => {
      const file = files[i]!;
      if (!isInside(folder, file))
        throw failure('list-escape', { path: list, line, entry: item.path });
      confined.push({ item, file });
    });
  }
  return confined;
}

/** A file that is not there, or not to be reached, is skipped later, when it is read. */
const missing =
  (file: string) =>
  (error: unknown): string => {
    if (error instanceof Error && 'syscall' in error) return file;
    throw error;
  };

async function* csvRows(place: Place): AsyncGenerator<Row> {
  const delimiter = await delimiterOf(place);
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: lineBytesMax,
    skip_empty_lines: true,
    trim: true,
  });
  // Errors of the file reach whoever reads the parser.
  pipeline(createReadStream(place.path), parser, () => {});
  let columns: Columns | null = null;
  try {
    for await (const one of parser) {
      const { info, record } = CsvRecord.parse(one);
      if (columns) yield toRow(record, columns, info.lines);
      else columns = readColumns(record, place);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed(place, Number(error.lines ?? 1), error.message.replace(/\.$/, ''));
  }
  if (!columns) throw failure('list-column', { path: place.shown, line: 1, column: 'path' });
}

const CsvRecord = z.object({
  record: z.array(z.string()),
  info: z.object({ lines: z.number() }),
});

/** Where each column stands; −1: there is none. */
type Columns = { readonly path: number; readonly label: number; readonly split: number };

function readColumns(record: readonly string[], place: Place): Columns {
  const names = record.map((name) => name.toLowerCase());
  const [path, label, split] = ['path', 'label', 'split'].map((name) => names.indexOf(name));
  const lacking = path! < 0 ? 'path' : label! < 0 ? 'label' : null;
  if (lacking) throw failure('list-column', { path: place.shown, line: 1, column: lacking });
  return { path: path!, label: label!, split: split! };
}

const toRow = (record: readonly string[], columns: Columns, line: number): Row => ({
  line,
  path: record[columns.path]!,
  label: record[columns.label]!,
  split: record[columns.split] ?? null,
});

/** Spreadsheets write semicolons or tabs in some countries: whichever the first line has. */
async function delimiterOf(place: Place): Promise<string> {
  const firstLine = place.head.toString('utf8').split('\n')[0]!;
  return [',', ';', '\t'].find((one) => firstLine.includes(one)) ?? ',';
}

const JsonlRow = z.object({
  path: z.string().min(1),
  label: z.union([z.string(), z.number()]).nullable(),
  split: z.string().nullable().default(null),
});

async function* jsonlRows(place: Place): AsyncGenerator<Row> {
  await using file = await onDisk(place.path, () => open(place.path));
  let line = 0;
  for await (const text of file.readLines()) {
    line++;
    const bare = text.replace(/^\ufeff/, '').trim();
    if (bare !== '') yield jsonlRow(bare, line, place);
  }
}

function jsonlRow(text: string, line: number, place: Place): Row {
  if (text.length > lineBytesMax) throw malformed(place, line, 'it is too long');
  const value = parseJson(text, line, place);
  const lacking = ['path', 'label'].find(
    (name) => typeof value === 'object' && value !== null && !(name in value),
  );
  if (lacking) throw failure('list-column', { path: place.shown, line, column: lacking });
  const parsed = JsonlRow.safeParse(value);
  if (!parsed.success) {
    const [name] = parsed.error.issues[0]!.path;
    throw malformed(
      place,
      line,
      name ? `its ${String(name)} is not usable` : 'it is not an object',
    );
  }
  const { path, label, split } = parsed.data;
  return { line, path, label: label === null ? null : String(label), split };
}

function parseJson(text: string, line: number, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(place, line, 'it is not JSON');
    throw error;
  }
}
