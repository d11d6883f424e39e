/**
 * @file The columns of the datasets that are looked at, in step with the store. Every change of labels, parts and
 * images leaves a trace that costs microseconds to read (the newest batch, a revision, the version another process
 * leaves); where it is not the one expected, the columns are built again.
 */
import { setImmediate } from 'node:timers/promises';
import { ImageColumns } from '../data/columns.ts';
import type { DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';

/** Datasets in memory at once, at 24 bytes an image: a person looks at one or two. */
export const columnsKeptMax = 4;
/** Rows read between two looks at what else there is to do: about 10 ms. */
const rowsAtOnce = 10_000;

type Entry = {
  readonly building: Promise<ImageColumns>;
  columns: ImageColumns | null;
  trace: string;
};

/** What is found out when first asked for, and good until images go. */
type Derived = {
  ranks?: Int32Array;
  /** The last text looked for, and which rows have it. */
  text?: { readonly text: string; readonly has: Uint8Array };
};

export class ColumnStore {
  readonly #workspace: Workspace;
  /** The one used longest ago first. */
  readonly #entries = new Map<DatasetId, Entry>();
  readonly #derived = new WeakMap<ImageColumns, Derived>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** The columns as the store is now, built where they are not. */
  async get(dataset: DatasetId): Promise<ImageColumns> {
    for (;;) {
      await this.#entry(dataset).building;
      // What was built while something changed is not good any more.
      const columns = this.peek(dataset);
      if (columns) return columns;
    }
  }

  /** The columns where they are built and right. */
  peek(dataset: DatasetId): ImageColumns | null {
    return this.#fresh(dataset)?.columns ?? null;
  }

  /** Changes the store, and the columns likewise where they are built. Waits for those being built. */
  async change<T>(
    dataset: DatasetId,
    write: () => T,
    apply: (columns: ImageColumns, result: T) => void,
  ): Promise<T> {
    if (this.#fresh(dataset)) await this.get(dataset);
    const entry = this.#fresh(dataset);
    const result = write();
    if (entry?.columns) {
      const { count } = entry.columns;
      apply(entry.columns, result);
      if (entry.columns.count !== count) this.#derived.delete(entry.columns);
      entry.trace = this.#trace(dataset);
    }
    return result;
  }

  drop(dataset: DatasetId): void {
    this.#entries.delete(dataset);
  }

  /** @returns int32 [count]: the place of each row in the order of names. */
  nameRanks(dataset: DatasetId, columns: ImageColumns): Int32Array {
    const derived = this.#derivedOf(columns);
    return (derived.ranks ??= ranksOf(columns, this.#workspace.images.idsByName(dataset)));
  }

  /** @returns uint8 [count]: 1 where the name contains the text. */
  withText(dataset: DatasetId, columns: ImageColumns, text: string): Uint8Array {
    const derived = this.#derivedOf(columns);
    if (derived.text?.text === text) return derived.text.has;
    const has = new Uint8Array(columns.count);
    for (const id of this.#workspace.images.idsWithText(dataset, text)) has[columns.rowOf(id)] = 1;
    derived.text = { text, has };
    return has;
  }

  #derivedOf(columns: ImageColumns): Derived {
    const derived = this.#derived.get(columns) ?? {};
    this.#derived.set(columns, derived);
    return derived;
  }

  #entry(dataset: DatasetId): Entry {
    const known = this.#fresh(dataset);
    if (known) return known;
    const trace = this.#trace(dataset);
    const building = this.#build(dataset);
    const entry: Entry = { building, columns: null, trace };
    this.#entries.set(dataset, entry);
    building.then(
      (columns) => (entry.columns = columns),
      () => this.#entries.delete(dataset), // whoever waits is told; the next one tries again
    );
    for (const oldest of this.#entries.keys())
      if (this.#entries.size > columnsKeptMax) this.#entries.delete(oldest);
    return entry;
  }

  #fresh(dataset: DatasetId): Entry | undefined {
    const entry = this.#entries.get(dataset);
    if (!entry) return undefined;
    this.#entries.delete(dataset);
    if (entry.trace !== this.#trace(dataset)) return undefined;
    this.#entries.set(dataset, entry);
    return entry;
  }

  async #build(dataset: DatasetId): Promise<ImageColumns> {
    const columns = new ImageColumns();
    for (let after = 0; ;) {
      const rows = this.#workspace.images.rows(dataset, after, rowsAtOnce);
      columns.add(rows);
      if (rows.length < rowsAtOnce) break;
      after = rows.at(-1)![0];
      await setImmediate();
    }
    columns.finish();
    return columns;
  }

  #trace(dataset: DatasetId): string {
    const { images, labels, splits } = this.#workspace;
    return `${images.foreignVersion()} ${labels.newest(dataset)} ${splits.revision(dataset)} ${images.revision(dataset)}`;
  }
}

function ranksOf(columns: ImageColumns, idsByName: readonly number[]): Int32Array {
  const ranks = new Int32Array(columns.count);
  idsByName.forEach((id, rank) => (ranks[columns.rowOf(id)] = rank));
  return ranks;
}
