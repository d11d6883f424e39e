/**
 * @file Lists that name pictures with their labels: CSV with a first line `path,label[,split][,name]`, or JSONL with
 * one object of the same names per line; `file_name` is another word for `path` (Hugging Face). Paths count from the
 * folder of the list and may not leave it; of several that were chosen together, a list reaches those alone. `name` is
 * what the image is called where that is not its path.
 */
import { createReadStream } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, posix, relative, sep } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import { failure } from '../../errors.ts';
import { filesMax } from './folder.ts';
import { partNamed, toLabel } from './layout.ts';
import {
  batchItems,
  fileIn,
  namesIn,
  readFiles,
  rootOf,
  skip,
  systemReason,
  type Batch,
  type FileJob,
  type Folder,
  type Item,
  type Place,
  type Source,
} from './source.ts';

/** One line of a list. `line` counts from 1. */
type Row = {
  readonly line: number;
  readonly path: string;
  /** Empty or null: unlabeled. */
  readonly label: string | null;
  readonly split: string | null;
  readonly name: string | null;
};

/** The text of a list, wherever it lies. */
export type ListText = {
  /** What messages call it; its end tells the format. */
  readonly shown: string;
  readonly open: () => Readable;
};

/** A picture that a list names. */
export type Listed = {
  readonly line: number;
  /** From the folder of the list, forward slashes, not leaving it. */
  readonly path: string;
  readonly item: Item;
};

/** A path and a label are a few hundred bytes; a longer line is another kind of file. */
const lineBytesMax = 64 * 1024;

/** The names a list goes by that stands for its whole folder or archive, the first that is there. */
const listNames = ['metadata.jsonl', 'metadata.csv', 'labels.csv', 'labels.jsonl'];

/** The one of these names that is a list of everything beside it; null: there is none. */
export const listAmong = (names: readonly string[]): string | null =>
  listNames.find((name) => names.includes(name)) ?? null;

export async function listIn(place: Place): Promise<string | null> {
  return listAmong(await namesIn(place));
}

/** CSV and JSONL alike: the file's ending tells which. */
export const openListFile = ({ path, shown }: Place): Promise<Source> =>
  openList({ path: dirname(path), members: null }, basename(path), shown);

export async function openListFolder(place: Place): Promise<Source> {
  const name = (await listIn(place))!;
  return openList(place, name, `${place.shown}/${name}`);
}

/** @throws InklingError with one of the codes `list-…`, `path-unreadable`, `too-many-files` */
async function openList(folder: Folder, name: string, shown: string): Promise<Source> {
  const file = fileIn(folder, name);
  const listed = await readList({ shown, open: () => createReadStream(file) });
  const { there = [], absent = [] } = Object.groupBy(listed, ({ path }) =>
    rootOf(folder, path) === null ? 'absent' : 'there',
  );
  const confined = await confine(there, folder, shown);
  return {
    items: listed.map(({ item }) => item),
    async *batches() {
      if (absent.length > 0) yield allMissing(absent);
      yield* readFiles(confined);
    },
  };
}

const allMissing = (absent: readonly Listed[]): Batch => ({
  found: [],
  skipped: absent.map(({ item: { path } }) => skip(path, failure('image-missing', { path }))),
});

/**
 * Every picture a list names, once, in its order.
 * @throws InklingError with one of the codes `list-…`, `too-many-files`, `path-unreadable`
 */
export async function readList(text: ListText): Promise<Listed[]> {
  const { shown } = text;
  const listed = new Map<string, Listed>();
  for await (const row of rowsOf(text)) {
    const one = toListed(row, shown);
    const before = listed.get(one.path);
    if (before && before.item.label !== one.item.label)
      throw malformed(text, row.line, `${row.path} had another label on line ${before.line}`);
    if (!before) listed.set(one.path, one);
    if (listed.size > filesMax) throw failure('too-many-files', { path: shown, limit: filesMax });
  }
  return [...listed.values()];
}

/** Errors of the file system are told as the catalogue's. */
async function* rowsOf(text: ListText): AsyncGenerator<Row> {
  const rows = /\.(jsonl|ndjson)$/i.test(text.shown) ? jsonlRows(text) : csvRows(text);
  try {
    yield* rows;
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw failure('path-unreadable', { path: text.shown, reason: systemReason(error) });
  }
}

const malformed = ({ shown: path }: ListText, line: number, problem: string) =>
  failure('list-malformed', { path, line, problem });

function toListed({ line, path, label, split, name }: Row, list: string): Listed {
  // Lists written on Windows separate folders with backslashes.
  const inner = posix.normalize(path.replaceAll('\\', '/'));
  if (/^[a-z]:|^\/|^\.\.?(\/|$)/i.test(inner))
    throw failure('list-escape', { path: list, line, entry: path });
  const part = split ? partNamed(split) : null;
  if (split && part === null)
    throw failure('list-malformed', {
      path: list,
      line,
      problem: `its split is ${split}, and train, validation and test are known`,
    });
  return { line, path: inner, item: { path: name || inner, label: toLabel(label ?? ''), part } };
}

/** A picture that was chosen itself is its own root. */
const isInside = (root: string, file: string): boolean => {
  const way = relative(root, file);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/** Follows links before anything is read, so that a list that leaves its folder imports nothing. */
async function confine(
  listed: readonly Listed[],
  folder: Folder,
  list: string,
): Promise<FileJob[]> {
  const confined: FileJob[] = [];
  for (let start = 0; start < listed.length; start += batchItems) {
    const chunk = listed.slice(start, start + batchItems);
    const named = chunk.map(({ path }) => fileIn(folder, path));
    const files = await Promise.all(named.map((file) => realpath(file).catch(missing(file))));
    chunk.forEach(({ item, line, path }, i) => {
      const file = files[i]!;
      if (!isInside(rootOf(folder, path)!, file))
        throw failure('list-escape', { path: list, line, entry: path });
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

async function* csvRows(text: ListText): AsyncGenerator<Row> {
  const delimiter = await delimiterOf(text);
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    max_record_size: lineBytesMax,
    skip_empty_lines: true,
    trim: true,
  });
  // Errors of the file reach whoever reads the parser.
  pipeline(text.open(), parser, () => {});
  let columns: Columns | null = null;
  try {
    for await (const one of parser) {
      const { info, record } = CsvRecord.parse(one);
      if (columns) yield toRow(record, columns, info.lines);
      else columns = readColumns(record, text);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed(text, Number(error.lines ?? 1), error.message.replace(/\.$/, ''));
  }
  if (!columns) throw failure('list-column', { path: text.shown, line: 1, column: 'path' });
}

const CsvRecord = z.object({
  record: z.array(z.string()),
  info: z.object({ lines: z.number() }),
});

/** Where each column stands; −1: there is none. */
type Columns = Readonly<Record<'path' | 'label' | 'split' | 'name', number>>;

function readColumns(record: readonly string[], { shown }: ListText): Columns {
  const names = record.map((name) => name.toLowerCase());
  const at = (name: string): number => names.indexOf(name);
  const path = Math.max(at('path'), at('file_name'));
  const lacking = path < 0 ? 'path' : at('label') < 0 ? 'label' : null;
  if (lacking) throw failure('list-column', { path: shown, line: 1, column: lacking });
  return { path, label: at('label'), split: at('split'), name: at('name') };
}

const toRow = (record: readonly string[], columns: Columns, line: number): Row => ({
  line,
  path: record[columns.path]!,
  label: record[columns.label]!,
  split: record[columns.split] ?? null,
  name: record[columns.name] ?? null,
});

/** Spreadsheets write semicolons or tabs in some countries: whichever the first line has. */
async function delimiterOf(text: ListText): Promise<string> {
  for await (const firstLine of linesOf(text))
    return [',', ';', '\t'].find((one) => firstLine.includes(one)) ?? ',';
  return ',';
}

const JsonlRow = z.object({
  path: z.string().min(1),
  label: z.union([z.string(), z.number()]).nullable(),
  split: z.string().nullable().default(null),
  name: z.string().nullable().default(null),
});

async function* jsonlRows(text: ListText): AsyncGenerator<Row> {
  let line = 0;
  for await (const whole of linesOf(text)) {
    line++;
    const bare = whole.replace(/^\ufeff/, '').trim();
    if (bare !== '') yield jsonlRow(bare, line, text);
  }
}

/** Without their ends. A line that does not end is given in pieces that are too long for any row. */
async function* linesOf({ open }: ListText): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of open().setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    yield* lines;
    if (rest.length <= lineBytesMax) continue;
    yield rest;
    rest = '';
  }
  if (rest !== '') yield rest;
}

function jsonlRow(text: string, line: number, place: ListText): Row {
  if (text.length > lineBytesMax) throw malformed(place, line, 'it is too long');
  const value = withPath(parseJson(text, line, place));
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
  const { path, label, split, name } = parsed.data;
  return { line, path, label: label === null ? null : String(label), split, name };
}

/** `file_name` says what `path` does. */
const withPath = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'file_name' in value && !('path' in value)
    ? { ...value, path: value.file_name }
    : value;

function parseJson(text: string, line: number, place: ListText): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(place, line, 'it is not JSON');
    throw error;
  }
}
