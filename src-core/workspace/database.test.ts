import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { frozenDigits, newRun, temporaryFolder, temporaryWorkspace, ticking } from './fixture.ts';
import { migrations } from './migrations.ts';
import { openWorkspace } from './workspace.ts';

/** Runs TypeScript in a process of its own, with `openWorkspace` and the workspace's `folder` at hand. */
function program(folder: string, body: string): string[] {
  const module = new URL('./workspace.ts', import.meta.url).href;
  const head = `import { openWorkspace } from ${JSON.stringify(module)};
    const folder = ${JSON.stringify(folder)};`;
  return ['--input-type=module', '-e', head + body];
}

describe('opening a workspace', () => {
  test('makes the folder, the database and its subfolders', () => {
    const workspace = temporaryWorkspace(join(temporaryFolder(), 'deep', 'inside'));
    expect(workspace.writable).toBe(true);
    expect(workspace.check()).toMatchObject({ schema: migrations.length, problems: [] });
  });

  test('writes through to the disk in WAL mode', () => {
    const folder = temporaryFolder();
    temporaryWorkspace(folder);
    const header = readFileSync(join(folder, 'inkling.db')).subarray(18, 20);
    expect([...header]).toEqual([2, 2]); // file format 2: write-ahead log
  });

  test('keeps what was stored when it is opened again', () => {
    const folder = temporaryFolder();
    const first = openWorkspace(folder, ticking());
    first.settings.set('theme', { dark: true, gamma: NaN });
    first.close();
    expect(temporaryWorkspace(folder).settings.get('theme')).toEqual({ dark: true, gamma: NaN });
  });

  test('refuses a newer schema and leaves every byte as it was', () => {
    const folder = temporaryFolder();
    openWorkspace(folder, ticking()).close();
    const file = join(folder, 'inkling.db');
    const database = new Database(file);
    database.pragma(`user_version = ${migrations.length + 1}`);
    database.close();
    const before = readFileSync(file);
    expect(() => openWorkspace(folder, ticking())).toThrow(
      expect.objectContaining({ code: 'workspace-newer' }),
    );
    expect(readFileSync(file)).toEqual(before);
  });

  test.each([
    ['text', Buffer.from('This is a diary and no database at all.\n'.repeat(100))],
    ['a database header and then nothing', Buffer.from('SQLite format 3\0'.padEnd(4096, '\x07'))],
  ])('refuses a file that is %s', (_, bytes) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'inkling.db'), bytes);
    expect(() => openWorkspace(folder, ticking())).toThrow(
      expect.objectContaining({ code: 'workspace-damaged' }),
    );
    expect(readFileSync(join(folder, 'inkling.db'))).toEqual(bytes);
  });

  test('refuses the database of another program', () => {
    const folder = temporaryFolder();
    const other = new Database(join(folder, 'inkling.db'));
    other.exec('CREATE TABLE recipe (name TEXT)');
    other.close();
    expect(() => openWorkspace(folder, ticking())).toThrow(/belongs to another program/);
  });

  test('refuses a folder that is a file', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => openWorkspace(file, ticking())).toThrow(
      expect.objectContaining({ code: 'workspace-unusable' }),
    );
  });
});

test('a workspace that is made in a folder of the user leaves alone what is in there', () => {
  const folder = temporaryFolder();
  const own = ['uploads', 'Downloads', 'downloads', 'cache', 'checkpoints'].map((name) => {
    mkdirSync(join(folder, name), { recursive: true });
    return join(folder, name, 'own.txt');
  });
  for (const file of own) writeFileSync(file, 'mine');
  openWorkspace(folder, ticking()).close();
  temporaryWorkspace(folder);
  for (const file of own) expect(readFileSync(file, 'utf8')).toBe('mine');
});

describe('a second process', () => {
  test('reads, and is told plainly that it cannot write', () => {
    const folder = temporaryFolder();
    const workspace = temporaryWorkspace(folder);
    frozenDigits(workspace);
    const output = execFileSync(
      process.execPath,
      program(
        folder,
        `const other = openWorkspace(folder, { clock: () => 0 });
         const { id } = other.datasets.get('digits');
         const codeOf = (work) => { try { work(); return 'none'; } catch (error) { return error.code; } };
         console.log(JSON.stringify({
           writable: other.writable,
           images: other.datasets.imageCount(id),
           set: codeOf(() => other.settings.set('a', 1)),
           begin: codeOf(() => other.beginImport('more')),
         }));`,
      ),
      { encoding: 'utf8' },
    );
    expect(JSON.parse(output)).toEqual({
      writable: false,
      images: 20,
      set: 'workspace-in-use',
      begin: 'workspace-in-use',
    });
    workspace.settings.set('still', 'mine');
  });

  test('may write once the first has closed', () => {
    const folder = temporaryFolder();
    openWorkspace(folder, ticking()).close();
    expect(temporaryWorkspace(folder).writable).toBe(true);
  });

  test('leaves alone what pages of the first have sent, and clears it up after that has ended', () => {
    const folder = temporaryFolder();
    const first = openWorkspace(folder, ticking());
    const sent = join(first.uploadFolder, 'model.onnx');
    mkdirSync(first.uploadFolder);
    writeFileSync(sent, 'x');
    openWorkspace(folder, ticking()).close();
    expect(existsSync(sent)).toBe(true);
    first.close();
    temporaryWorkspace(folder);
    expect(existsSync(first.uploadFolder)).toBe(false);
  });

  test('that only reads clears nothing up, and keeps nobody from writing', () => {
    const folder = temporaryFolder();
    const { uploadFolder, close } = openWorkspace(folder, ticking());
    close();
    mkdirSync(uploadFolder);
    const reader = openWorkspace(folder, { ...ticking(), onlyReads: true });
    expect(existsSync(uploadFolder)).toBe(true);
    expect(reader.writable).toBe(false);
    expect(temporaryWorkspace(folder).writable).toBe(true);
    reader.close();
  });

  test('clears up after one that was killed: runs are interrupted, a half import is gone', () => {
    const folder = temporaryFolder();
    const first = openWorkspace(folder, ticking());
    const { id } = first.runs.create(newRun(frozenDigits(first)));
    const done = first.runs.create(newRun(first.runs.get(id).snapshot)).id;
    first.runs.setState(done, { status: 'finished', result: null });
    first.close();
    const killed = spawnSync(
      process.execPath,
      program(
        folder,
        `const mine = openWorkspace(folder, { clock: () => 0 });
         mine.runs.setState(${JSON.stringify(id)}, { status: 'running', process: process.pid });
         const session = mine.beginImport('half');
         const blob = { bytes: Buffer.from('bytes'), encoding: 'png', width: 1, height: 1, channels: 1, depth: 8 };
         session.add([{ name: 'a.png', blob, label: 'a', part: null }]);
         if (mine.blobs.count() !== 21) throw new Error('nothing was staged');
         process.kill(process.pid, 'SIGKILL');`,
      ),
    );
    expect(killed.signal).toBe('SIGKILL');
    const workspace = temporaryWorkspace(folder);
    expect(workspace.runs.get(id).state).toEqual({ status: 'interrupted', error: null });
    expect(workspace.runs.get(done).state).toEqual({ status: 'finished', result: null });
    expect(workspace.blobs.count()).toBe(20);
    expect(workspace.datasets.find('half')).toBeUndefined();
    workspace.beginImport('half').abort();
  });
});

describe('a backup', () => {
  test('is a workspace of its own with the same content', async () => {
    const workspace = temporaryWorkspace();
    frozenDigits(workspace);
    const folder = temporaryFolder();
    await workspace.backup(join(folder, 'inkling.db'));
    expect(temporaryWorkspace(folder).check()).toEqual(workspace.check());
  });

  test('never replaces a file', async () => {
    const file = join(temporaryFolder(), 'mine.txt');
    writeFileSync(file, 'keep');
    const backup = temporaryWorkspace().backup(file);
    await expect(backup).rejects.toMatchObject({ code: 'file-exists' });
    expect(readFileSync(file, 'utf8')).toBe('keep');
  });
});
