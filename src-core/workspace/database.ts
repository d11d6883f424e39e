/**
 * @file Opens the database of a workspace folder: who may write, which schema it has, and how SQLite's own
 * errors are told to a user.
 *
 * There is one writer at a time. It holds an exclusive transaction on an empty second database, `writer.lock`,
 * for as long as it lives; the operating system lets go of it however the process ends, so there is no stale
 * lock and no process id to guess about. Everyone else opens the database read-only.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { failure } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { applicationId, migrations } from './migrations.ts';
import type { Store } from './records.ts';

const fileName = 'inkling.db';
/** How long a statement waits for another process's short lock (a reader's recovery, a backup) before it fails. */
const busyTimeoutMs = 5000;
/** 64 MiB: the index of a hundred thousand hashes stays in memory during an import. Negative: KiB, not pages. */
const cacheSizePragma = 'cache_size = -65536';
/**
 * 8 MiB of log between checkpoints, in pages of 4 KiB. A checkpoint holds up everything else: during an import, one of
 * 8 MiB about 20 ms, one of 32 MiB 50 ms, and with smaller ones an import writes the same pages more often.
 */
const checkpointPragma = 'wal_autocheckpoint = 2048';

export type OpenDatabase = Store & { readonly writable: boolean; readonly close: () => void };

/**
 * @param folder created with its parents when it is not there.
 * @param onlyReads  leaves it to others to write, even where nobody does.
 * @throws InklingError `workspace-newer`, `workspace-damaged`, `workspace-in-use`, `workspace-unusable`
 */
export function openDatabase(folder: string, clock: () => number, onlyReads = false): OpenDatabase {
  return explain(folder, () => {
    ensureFolder(folder);
    const version = schemaVersion(folder);
    const lock = onlyReads ? null : takeWriterLock(folder);
    try {
      if (!lock && version < migrations.length) throw failure('workspace-in-use', { folder });
      return storeOf(folder, clock, openFile(folder, lock !== null), lock);
    } catch (error) {
      lock?.close();
      throw error;
    }
  });
}

/** Whether `openDatabase` would find one there, rather than make it. */
export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, fileName));
}

function storeOf(
  folder: string,
  clock: () => number,
  database: Database.Database,
  lock: Database.Database | null,
): OpenDatabase {
  const write = <T>(work: () => T): T => {
    if (!lock) throw failure('workspace-in-use', { folder });
    return explain(folder, () => database.transaction(work).immediate());
  };
  const writeAhead = (work: () => void): void => {
    if (!lock) throw failure('workspace-in-use', { folder });
    database.pragma('synchronous = NORMAL');
    try {
      write(work);
    } finally {
      database.pragma('synchronous = FULL');
    }
  };
  const close = (): void => {
    database.close();
    lock?.close();
  };
  return { folder, database, clock, write, writeAhead, writable: lock !== null, close };
}

/**
 * Reads the schema's version without changing a byte, so that a newer database is left as it is; 0 where there is
 * nothing yet.
 */
function schemaVersion(folder: string): number {
  const file = join(folder, fileName);
  if (!existsSync(file) || statSync(file).size === 0) return 0;
  const database = new Database(file, { readonly: true, timeout: busyTimeoutMs });
  try {
    const version = Number(database.pragma('user_version', { simple: true }));
    const application = Number(database.pragma('application_id', { simple: true }));
    const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
    if (tables !== 0 && application !== applicationId)
      throw failure('workspace-damaged', {
        folder,
        problem: 'inkling.db belongs to another program',
      });
    if (version > migrations.length)
      throw failure('workspace-newer', { folder, found: version, known: migrations.length });
    return version;
  } finally {
    database.close();
  }
}

/** The lock's holder, to be kept open; null when another process has it. */
function takeWriterLock(folder: string): Database.Database | null {
  const lock = new Database(join(folder, 'writer.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    const isHeld = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
    if (isHeld) return null;
    throw error;
  }
}

function openFile(folder: string, writable: boolean): Database.Database {
  const file = join(folder, fileName);
  const database = new Database(file, { readonly: !writable, timeout: busyTimeoutMs });
  try {
    database.pragma('foreign_keys = ON');
    database.pragma(cacheSizePragma);
    if (!writable) return database;
    database.pragma('journal_mode = WAL');
    // A committed label must survive a power cut, which WAL with NORMAL does not promise.
    database.pragma('synchronous = FULL');
    database.pragma(checkpointPragma);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database.Database): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  for (let step = version; step < migrations.length; step++) {
    database
      .transaction(() => {
        database.exec(migrations[step]!);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${step + 1}`);
      })
      .immediate();
  }
}

/** Runs `work`, telling SQLite's failures as catalogue errors. */
function explain<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Database.SqliteError ? explained(folder, error) : error;
  }
}

function explained(folder: string, error: InstanceType<typeof Database.SqliteError>): Error {
  const { code, message } = error;
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code))
    return failure('workspace-damaged', { folder, problem: message });
  if (code.startsWith('SQLITE_BUSY')) return failure('workspace-in-use', { folder });
  if (code === 'SQLITE_FULL') return failure('disk-full', { folder });
  if (/^SQLITE_(CANTOPEN|READONLY|IOERR|PERM)/.test(code))
    return failure('workspace-unusable', { folder, problem: message });
  return error;
}

function ensureFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw failure('workspace-unusable', { folder, problem });
  }
}
