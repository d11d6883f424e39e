/** @file The browser host with a real browser, as benchmarks of the window use it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Browser, type Page } from 'playwright';
import { browserArgs, findBrowser } from '../e2e/browser.ts';

const root = join(import.meta.dirname, '..');
const patienceMs = 120_000;

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArgs, '--enable-precise-memory-info'],
  });
}

/** With the probe in it. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  await page.addInitScript({ path: join(import.meta.dirname, 'windowProbe.js') });
  return page;
}

/** The page over a workspace with a dataset `digits`, which is gone afterwards. */
export async function inWindow<T>(workspace: string, use: (page: Page) => Promise<T>): Promise<T> {
  const browser = await startBrowser();
  const server = await startServer(workspace);
  try {
    const page = await newPage(browser);
    await page.goto(server.url);
    await page.getByRole('link', { name: 'digits' }).waitFor();
    return await use(page);
  } finally {
    await browser.close();
    await server.stop();
    await rm(workspace, { recursive: true });
  }
}

export type Server = { readonly url: string; stop(): Promise<void> };

/** `npm start` where there is no desktop to open a window on. */
export async function startServer(workspace: string): Promise<Server> {
  const words = [join(root, 'scripts/node24.mjs'), 'src-main/start.ts'];
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...env, INKLING_WORKSPACE: workspace },
  });
  return {
    url: await addressOf(child),
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface(child.stdout!)) {
    const url = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line)?.[0];
    if (url) return url;
  }
  throw new Error('the program ended before it said where it is');
}
