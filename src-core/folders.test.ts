import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from './folders.ts';

describe('makeFolder', () => {
  const base = mkdtempSync(join(tmpdir(), 'inkling-folders-'));
  afterAll(() => rmSync(base, { recursive: true }));

  it('makes the folders above as well, and may be asked twice', () => {
    const path = join(base, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(existsSync(path)).toBe(true);
  });

  it('fails below a file', () => {
    const file = join(base, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(join(file, 'below'))).toThrow(/ENOTDIR|ENOENT/);
  });

  it.skipIf(process.platform !== 'linux')('fails, and does not hang, below /proc', () => {
    expect(() => makeFolder('/proc/inkling/below')).toThrow('ENOENT');
  });
});
