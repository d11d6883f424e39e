/** @file What Node gives the core: clocks, child processes, versions, and where a user's data belongs. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { AppPorts } from '../src-core/app.ts';
import { startInspector, startTrainer, startTrial } from './trainerProcess.ts';

/** More threads than this do not make networks of this size faster, and results depend on their number. */
const THREADS_MAX = 8;

export function nodePorts(): AppPorts {
  return {
    startTrainer,
    startTrial,
    startInspector,
    now: () => Date.now(),
    clock: () => performance.now(),
    every(ms, work) {
      const timer = setInterval(work, ms);
      return () => clearInterval(timer);
    },
    versions: versions(),
    threads: Math.min(availableParallelism(), THREADS_MAX),
    reportDefect,
  };
}

/** To the log: a defect keeps its stack. */
export function reportDefect(error: unknown): void {
  process.stderr.write(`defect: ${error instanceof Error ? error.stack : String(error)}\n`);
}

function versions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const versionOf = (file: string): string => {
    const { version }: { version: string } = require(file);
    return version;
  };
  const isThere = (file: string): boolean => existsSync(new URL(file, import.meta.url));
  return {
    // Beside the sources, or one folder further up from the built program.
    inkling: versionOf(['../package.json', '../../package.json'].find(isThere)!),
    onnxruntime: versionOf('onnxruntime-node/package.json'),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The workspace of a user who names none, where this system keeps the data of programs. */
export function defaultWorkspace(env: NodeJS.ProcessEnv): string {
  switch (process.platform) {
    case 'win32':
      return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Inkling');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'Inkling');
    default:
      return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'inkling');
  }
}
