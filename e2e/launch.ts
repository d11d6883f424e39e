/**
 * @file Starts the program as a person would, on a workspace of its own: the browser host with a real browser, or the
 * desktop window where `INKLING_E2E_HOST=electron` asks for it. The stories know no difference.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { _electron, chromium, type ElectronApplication, type Page } from 'playwright';
import { browserArgs, findBrowser } from './browser.ts';

export type Session = {
  readonly page: Page;
  /** Folder of the database. */
  readonly workspace: string;
  /** For files of the story; removed at the end. */
  readonly scratch: string;
  /** What the page complained about. */
  readonly complaints: readonly string[];
  /** Answers the file dialog that `press` opens. */
  chooseFiles(press: () => Promise<void>, paths: readonly string[]): Promise<void>;
  /** Lets `press` write an export. @returns the file or folder it wrote */
  exported(press: () => Promise<void>): Promise<string>;
  /** Lets `press` save a file that the page made itself. @returns its path */
  saved(press: () => Promise<void>): Promise<string>;
  /** Ends the program and starts it again on the same workspace. */
  restart(): Promise<void>;
  close(): Promise<void>;
};

type Running = Pick<Session, 'page' | 'chooseFiles' | 'exported' | 'saved'> & {
  stop(): Promise<void>;
};
type Place = { readonly workspace: string; readonly scratch: string };

const root = join(import.meta.dirname, '..');
export const windowSize = { width: 1280, height: 800 };
/** Waiting for one thing on screen; machines that run tests can be slow. */
const patienceMs = 20_000;

/** After this, a server that was told to stop hangs. */
const stopLimitMs = 15_000;

export async function launch(): Promise<Session> {
  const scratch = await mkdtemp(join(tmpdir(), 'inkling-story-'));
  const place = { scratch, workspace: join(scratch, 'my workspace') };
  const start = process.env['INKLING_E2E_HOST'] === 'electron' ? inElectron : inBrowser;
  const complaints: string[] = [];
  const begin = async (): Promise<Running> => {
    const running = await start(place);
    listen(running.page, complaints);
    return running;
  };
  let running = await begin();
  return {
    ...place,
    complaints,
    get page() {
      return running.page;
    },
    chooseFiles: (press, paths) => running.chooseFiles(press, paths),
    exported: (press) => running.exported(press),
    saved: (press) => running.saved(press),
    async restart() {
      await running.stop();
      running = await begin();
    },
    async close() {
      await running.stop();
      await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function listen(page: Page, complaints: string[]): void {
  page.setDefaultTimeout(patienceMs);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} ${message.location().url}`);
  });
}

async function inBrowser({ workspace, scratch }: Place): Promise<Running> {
  const server = await startServer(workspace);
  const browser = await chromium.launch({
    executablePath: await findBrowser(),
    args: [...browserArgs],
  });
  const context = await browser.newContext({ viewport: windowSize, colorScheme: 'light' });
  const page = await context.newPage();
  await page.goto(server.url);
  const saved = async (press: () => Promise<void>): Promise<string> => {
    const [download] = await Promise.all([page.waitForEvent('download'), press()]);
    const path = join(scratch, basename(download.suggestedFilename()));
    await download.saveAs(path);
    return path;
  };
  return {
    page,
    saved,
    async chooseFiles(press, paths) {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press()]);
      await chooser.setFiles([...paths]);
    },
    async exported(press) {
      await press();
      return saved(() => page.getByRole('dialog').getByRole('link', { name: 'Download' }).click());
    },
    async stop() {
      await browser.close();
      await server.stop();
    },
  };
}

type Server = { readonly url: string; stop(): Promise<void> };

/** `inkling serve` on a free port; ready when it says where. */
async function startServer(workspace: string): Promise<Server> {
  const script = join(root, 'scripts/node24.mjs');
  const words = ['src-main/cli.ts', 'serve', '--port', '0', '--workspace', workspace];
  const child = spawn(process.execPath, [script, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const url = await addressOf(child, said);
  return {
    url,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const limit = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      const [code, signal] = await ended;
      clearTimeout(limit);
      if (signal === 'SIGKILL') throw new Error(`The server did not stop:\n${said.join('\n')}`);
      if (code !== 0) throw new Error(`The server ended with ${code}:\n${said.join('\n')}`);
    },
  };
}

/** The address with its token, from what the server prints. */
async function addressOf(child: ChildProcess, said: string[]): Promise<string> {
  const found = Promise.withResolvers<string>();
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface(stream).on('line', (line) => {
      said.push(line);
      const url = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(line)?.[0];
      if (url) found.resolve(url);
    });
  }
  child.once('exit', (code) => {
    found.reject(
      new Error(`The server ended with ${code} before it said where it is:\n${said.join('\n')}`),
    );
  });
  return found.promise;
}

async function inElectron({ workspace, scratch }: Place): Promise<Running> {
  const env = { ...process.env, INKLING_WORKSPACE: workspace };
  const app = await _electron.launch({ args: [root], env });
  const page = await app.firstWindow();
  await page.setViewportSize(windowSize);
  return {
    page,
    async chooseFiles(press, paths) {
      await answerDialogs(app, paths.slice(0, 1));
      await press();
    },
    async exported(press) {
      await answerDialogs(app, [scratch]);
      await press();
      const said = await page
        .getByRole('dialog')
        .getByText(/ written to /)
        .textContent();
      return / written to (.*)\.\s*$/.exec(said ?? '')?.[1] ?? scratch;
    },
    async saved(press) {
      const done = downloaded(app, scratch);
      await press();
      return done;
    },
    stop: () => app.close(),
  };
}

/** The system's own dialogs are not on the page: they are answered before they open. */
async function answerDialogs(
  app: ElectronApplication,
  filePaths: readonly string[],
): Promise<void> {
  await app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [...chosen] });
  }, filePaths);
}

/** Without a place given beforehand, the window would ask the person for one. @returns the path of the next download */
function downloaded(app: ElectronApplication, folder: string): Promise<string> {
  return app.evaluate(
    ({ session }, into) =>
      new Promise<string>((resolve, reject) => {
        session.defaultSession.once('will-download', (_event, item) => {
          const path = `${into}/${item.getFilename()}`;
          item.setSavePath(path);
          item.once('done', (_done, state) =>
            state === 'completed' ? resolve(path) : reject(new Error(`the download is ${state}`)),
          );
        });
      }),
    folder,
  );
}
