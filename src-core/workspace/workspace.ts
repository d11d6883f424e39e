/**
 * @file A workspace: a folder with the database `inkling.db`, trained parameters in `checkpoints/` and the
 * tensor cache in `cache/`. Everything that is stored goes through the object made here.
 *
 * One process writes at a time. Whoever opens a workspace that is being written gets it with `writable: false`:
 * all reads work, every write throws `workspace-in-use`.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { blobQueries } from './blobs.ts';
import { hasDatabase, openDatabase, type OpenDatabase } from './database.ts';
import { classQueries } from './classes.ts';
import { datasetQueries } from './datasets.ts';
import { imageQueries } from './images.ts';
import {
  beginImport,
  sweepCrashedImport,
  type ImportOptions,
  type ImportSession,
} from './imports.ts';
import { labelQueries } from './labels.ts';
import { metricQueries } from './metrics.ts';
import { checkpointQueries, exportQueries, predictionQueries } from './outcomes.ts';
import { buildingPrefix } from './records.ts';
import { runQueries } from './runs.ts';
import { settingQueries } from './settings.ts';
import { snapshotQueries } from './snapshots.ts';
import { splitQueries } from './splits.ts';

export type Workspace = ReturnType<typeof openWorkspace>;

/** What `check` found. `problems` is empty for a sound database. */
export type WorkspaceCheck = {
  readonly schema: number;
  readonly problems: readonly string[];
  /** Rows by table. */
  readonly counts: Readonly<Record<string, number>>;
};

export type WorkspacePorts = {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** For a process that works for another one: it must not clear up what that one keeps, even where nobody writes. */
  readonly onlyReads?: boolean;
};

/**
 * Opens the workspace in `folder`, making what is not there, and clears up after a writer that crashed.
 *
 * @throws InklingError `workspace-newer`, `workspace-damaged`, `workspace-in-use` (only where there is nothing
 *   to read yet), `workspace-unusable`
 */
export function openWorkspace(folder: string, { clock, onlyReads = false }: WorkspacePorts) {
  const store = openDatabase(folder, clock, onlyReads);
  const { writable } = store;
  const checkpointFolder = join(folder, 'checkpoints');
  const cacheFolder = join(folder, 'cache');
  // Taken away whole, from a folder that may have been the user's before: none of theirs is called so.
  const uploadFolder = join(folder, 'inkling-uploads');
  const downloadFolder = join(folder, 'inkling-downloads');
  const runs = runQueries(store);
  if (writable) {
    makeFolder(checkpointFolder);
    makeFolder(cacheFolder);
    sweepCrashedImport(store);
    sweepCrashedBuilds(cacheFolder);
    // Nobody can name any more what a program that ended kept for its pages.
    for (const left of [uploadFolder, downloadFolder])
      rmSync(left, { recursive: true, force: true });
    runs.markInterrupted();
    sweepRemovedRuns(checkpointFolder, new Set(runs.ids()));
  }
  return {
    folder,
    checkpointFolder,
    cacheFolder,
    /** Of a host, for what pages send and fetch while it is on. */
    uploadFolder,
    downloadFolder,
    writable,
    datasets: datasetQueries(store),
    classes: classQueries(store),
    images: imageQueries(store),
    blobs: blobQueries(store),
    labels: labelQueries(store),
    splits: splitQueries(store),
    snapshots: snapshotQueries(store),
    runs,
    metrics: metricQueries(store),
    checkpoints: checkpointQueries(store),
    predictions: predictionQueries(store),
    exports: exportQueries(store),
    settings: settingQueries(store),

    /** @throws InklingError `import-running`, `workspace-in-use` */
    beginImport: (dataset: string, options: ImportOptions = {}): ImportSession =>
      beginImport(store, dataset, options),

    /** Several writes as one: all of them or none. */
    transaction: store.write,

    /**
     * Copies the database as it is now to a new file, while the workspace stays in use.
     * @throws InklingError `path-missing`, `file-exists`
     */
    backup: (file: string): Promise<void> => backup(store, file),

    /** Reads the whole database; takes seconds for a large one. */
    check: (): WorkspaceCheck => check(store),

    /** Lets the next writer in. The workspace must not be used afterwards. */
    close: store.close,
  };
}

/**
 * For work that needs what is already stored: a mistyped path must not become a workspace.
 * @throws InklingError `workspace-missing`
 */
export function requireWorkspace(folder: string): void {
  if (!hasDatabase(folder)) throw failure('workspace-missing', { folder });
}

function sweepCrashedBuilds(cacheFolder: string): void {
  for (const name of readdirSync(cacheFolder))
    if (name.startsWith(buildingPrefix)) rmSync(join(cacheFolder, name), { recursive: true });
}

/** Checkpoints of runs that a crash kept from being removed wholly. */
function sweepRemovedRuns(checkpointFolder: string, runs: ReadonlySet<string>): void {
  for (const name of readdirSync(checkpointFolder))
    if (/^r\d+$/.test(name) && !runs.has(name))
      rmSync(join(checkpointFolder, name), { recursive: true });
}

async function backup({ database }: OpenDatabase, file: string): Promise<void> {
  if (!existsSync(dirname(file))) throw failure('path-missing', { path: dirname(file) });
  if (existsSync(file)) throw failure('file-exists', { path: file });
  // A copy cut short must not look like a backup.
  const partial = `${file}.partial`;
  rmSync(partial, { force: true });
  await database.backup(partial);
  renameSync(partial, file);
}

function check({ database }: OpenDatabase): WorkspaceCheck {
  const found = database.prepare<[], string>('PRAGMA integrity_check').pluck().all();
  const orphans = database.prepare<[], { table: string }>('PRAGMA foreign_key_check').all();
  const tables = database
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
    )
    .pluck()
    .all();
  const count = (table: string) =>
    database.prepare<[], number>(`SELECT count(*) FROM "${table}"`).pluck().get()!;
  return {
    schema: Number(database.pragma('user_version', { simple: true })),
    problems: [
      ...found.filter((line) => line !== 'ok'),
      ...orphans.map(({ table }) => `a row of ${table} refers to a row that is not there`),
    ],
    counts: Object.fromEntries(tables.map((table) => [table, count(table)])),
  };
}
