/**
 * @file Finds a Chromium to run the stories in: Playwright's own, else Chrome, Edge or Chromium of this system, else
 * one that is installed now. Where none of it works, one sentence says what to do.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright';

/** A download over a slow line; longer than this, something hangs. */
const installLimitMs = 5 * 60_000;
const run = promisify(execFile);

/** Path of the program. */
export async function findBrowser(): Promise<string> {
  return installedBrowser() ?? (await install());
}

/** Chromium refuses its sandbox to root. */
export const browserArgs: readonly string[] = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** The program of a browser that is there already, or null. */
export function installedBrowser(): string | null {
  return [chromium.executablePath(), ...systemBrowsers()].find((path) => existsSync(path)) ?? null;
}

function systemBrowsers(): string[] {
  const { env, platform } = process;
  if (platform === 'darwin') {
    return ['Google Chrome', 'Microsoft Edge', 'Chromium'].map(
      (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
    );
  }
  if (platform === 'win32') {
    const roots = [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']];
    const programs = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ];
    return roots.flatMap((root) => (root ? programs.map((program) => join(root, program)) : []));
  }
  const names = [
    'google-chrome',
    'google-chrome-stable',
    'microsoft-edge',
    'chromium',
    'chromium-browser',
  ];
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

async function install(): Promise<string> {
  const failures: string[] = [];
  for (const attempt of attempts()) {
    try {
      for (const [program, ...args] of attempt) {
        await run(program!, args, { timeout: installLimitMs });
      }
      const found = installedBrowser();
      if (found) return found;
    } catch (error) {
      failures.push(error instanceof Error ? error.message.split('\n')[0]! : String(error));
    }
  }
  throw new Error(
    `The stories need Chrome, Edge or Chromium, and none could be installed (${failures.join('; ')}): install one, or run npx playwright install chromium.`,
  );
}

/** Ways to install one, each a few commands. */
function attempts(): readonly (readonly (readonly string[])[])[] {
  const cli = join(import.meta.dirname, '../node_modules/playwright/cli.js');
  const own = [[process.execPath, cli, 'install', 'chromium']];
  const isDebianRoot = process.getuid?.() === 0 && existsSync('/etc/debian_version');
  const debian = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', 'chromium'],
  ];
  return isDebianRoot ? [own, debian] : [own];
}
