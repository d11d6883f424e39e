/**
 * @file `npm start`: the app in a window of its own where Electron's runtime and a display are there, else the same
 * app in the browser, said in one sentence.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApp } from '../src-core/app.ts';
import { ensureDesktop, ensurePage } from './builtPage.ts';
import { defaultWorkspace, nodePorts } from './nodeHost.ts';
import { serve } from './serve.ts';
import { errorText } from './terminal.ts';

const root = join(import.meta.dirname, '..');
const say = (text: string): void => void process.stdout.write(`${text}\n`);

try {
  process.exitCode = await start();
} catch (error) {
  process.stderr.write(errorText(error));
  process.exitCode = 1;
}

async function start(): Promise<number> {
  const runtime = desktopRuntime();
  if (runtime.program !== null) return openDesktop(runtime.program);
  await ensurePage(say);
  const app = createApp(
    process.env['INKLING_WORKSPACE'] ?? defaultWorkspace(process.env),
    nodePorts(),
  );
  try {
    await serve(app, 0, (url) => say(`${runtime.reason}, so Inkling is in your browser: ${url}`));
    return 0;
  } finally {
    await app.close();
  }
}

async function openDesktop(program: string): Promise<number> {
  await ensureDesktop(say);
  const child = spawn(program, [root], { stdio: 'inherit' });
  // Ctrl-C reaches both; this process waits for the program to close what it has open.
  process.on('SIGINT', () => undefined);
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : 1;
}

type Runtime =
  | { readonly program: string; readonly reason: null }
  | { readonly program: null; readonly reason: string };

function desktopRuntime(): Runtime {
  const programs: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  const name = programs[process.platform] ?? 'electron';
  const program = join(root, 'node_modules/electron/dist', name);
  if (!existsSync(program)) return { program: null, reason: "Electron's runtime is not installed" };
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY)
    return { program: null, reason: 'There is no display for a window' };
  return { program, reason: null };
}
