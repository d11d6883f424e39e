/** @file The built page and, for the desktop, the built program around it: made when missing or older than their source. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { failure } from '../src-core/errors.ts';

const root = join(import.meta.dirname, '..');
export const pageFolder = join(root, 'out/renderer');

type Build = {
  readonly config: string;
  /** Written last, or at least newly, by each build. */
  readonly output: string;
  readonly sources: readonly string[];
};

const page: Build = {
  config: 'vite.config.ts',
  output: 'out/renderer/index.html',
  sources: ['src-renderer', 'src-core', 'vite.config.ts'],
};
const main: Build = {
  config: 'vite.main.config.ts',
  output: 'out/main/electron.js',
  sources: ['src-main', 'src-core', 'vite.main.config.ts'],
};
const preload: Build = {
  config: 'vite.preload.config.ts',
  output: 'out/preload/index.cjs',
  sources: ['src-preload', 'vite.preload.config.ts'],
};

/** @param say told in a sentence when something has to be built. @throws InklingError `build-failed` */
export const ensurePage = (say: (text: string) => void): Promise<void> => ensure([page], say);

/** @throws InklingError `build-failed` */
export const ensureDesktop = (say: (text: string) => void): Promise<void> =>
  ensure([page, main, preload], say);

async function ensure(builds: readonly Build[], say: (text: string) => void): Promise<void> {
  const stale = builds.filter(isStale);
  if (stale.length > 0) say('Building the app, which takes a few seconds the first time.');
  for (const one of stale) await run(one);
}

/** An installed program has no sources beside it, and its page is always right. */
function isStale({ output, sources }: Build): boolean {
  const present = sources.map((name) => join(root, name)).filter(existsSync);
  const built = join(root, output);
  if (!existsSync(built)) return true;
  const builtAt = statSync(built).mtimeMs;
  return present.some((path) => newest(path) > builtAt);
}

/** When the file, or the newest file below the folder, was changed. */
function newest(path: string): number {
  const own = statSync(path);
  if (!own.isDirectory()) return own.mtimeMs;
  const times = readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  // Removing a file changes only its folder.
  return Math.max(own.mtimeMs, ...times);
}

function run({ config }: Build): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const problem = output.trim().split('\n')[0] || `vite ended with ${code}`;
      reject(failure('build-failed', { problem: problem.replace(/\.$/, '') }));
    });
  });
}
