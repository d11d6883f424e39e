/**
 * @file The command line as a user meets it, on workspaces in temporary folders: every verb as the real program in a
 * process of its own, and in this process where many cases of one verb are tried. What it left behind is read
 * through the core.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, vi } from 'vitest';
import { DIGIT_SIDE, generateDigits } from '../../src-core/data/digits.ts';
import { openWorkspace, type Workspace } from '../../src-core/workspace/workspace.ts';
import { main } from '../../src-main/commandLine.ts';

export type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

const program = join(import.meta.dirname, '..', '..', 'src-main', 'cli.ts');

/** A folder that goes away after the last test of the file. */
export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `inkling` with these words to its end. */
export async function inkling(workspace: string, ...words: readonly string[]): Promise<Outcome> {
  return outcome(start(workspace, words));
}

/** What `inkling` does with these words, without a process of its own: the program's start takes longer than most. */
export async function said(workspace: string, ...words: readonly string[]): Promise<Outcome> {
  const read = { out: '', err: '' };
  const taken = (into: keyof typeof read) => (text: string | Uint8Array) => {
    read[into] += String(text);
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(taken('out'));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(taken('err'));
  try {
    const code = await main([...words, '--workspace', workspace]);
    return { code, ...read };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

export function start(workspace: string, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [program, ...words, '--workspace', workspace], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export function outcome(child: ChildProcess): Promise<Outcome> {
  const read = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (read.out += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (read.err += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...read }));
  });
}

/** Runs with `--json` and returns the result, which must be all there is on stdout. */
export async function result(workspace: string, ...words: readonly string[]): Promise<unknown> {
  return resultOf(await inkling(workspace, ...words, '--json'));
}

/** The same without a process of its own. */
export async function resultSaid(workspace: string, ...words: readonly string[]): Promise<unknown> {
  return resultOf(await said(workspace, ...words, '--json'));
}

function resultOf({ code, out, err }: Outcome): unknown {
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^[^\n]+\n$/);
  const value: unknown = JSON.parse(out);
  return value;
}

/** Looks into a workspace, also while a command is writing it. */
export function inside<T>(folder: string, look: (workspace: Workspace) => T): T {
  const workspace = openWorkspace(folder, { clock: () => 0 });
  try {
    return look(workspace);
  } finally {
    workspace.close();
  }
}

/** How many rows each table has that an import writes. */
export function importedRows(folder: string): Record<string, number> {
  const { counts } = inside(folder, (workspace) => workspace.check());
  const tables = ['dataset', 'class', 'image', 'blob', 'label_batch', 'label_event', 'split'];
  return Object.fromEntries(
    [...tables, 'pending_import'].map((table) => [table, counts[table] ?? Number.NaN]),
  );
}

/** A generated digit as a PNG file. */
export async function digitPng(index: number): Promise<{ label: number; bytes: Buffer }> {
  const [digit] = generateDigits({ count: 1, seed: 5, first: index });
  const { pixels, label } = digit!;
  const raw = { width: DIGIT_SIDE, height: DIGIT_SIDE, channels: 1 } as const;
  return { label, bytes: await sharp(pixels, { raw }).toColorspace('b-w').png().toBuffer() };
}

/** Writes files below `folder` and returns it. */
export function write(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}
