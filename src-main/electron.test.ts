/**
 * @file The desktop host against a stand-in for Electron: which locks are set, what is answered and what is denied.
 * The core behind it is the real one, and the bridge runs over a real message channel.
 */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import sharp from 'sharp';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApp, type App } from '../src-core/app.ts';
import { desktopPortMessage, type Contract } from '../src-core/contract.ts';
import { failure } from '../src-core/errors.ts';
import { temporaryFolder } from '../src-core/workspace/fixture.ts';
import { chooseChannel, portChannel, startDesktop } from './electron.ts';
import { desktopMenu } from './electronMenu.ts';
import type { Bounds, Electron, Frame, PortEvent, WindowOptions } from './electronTypes.ts';
import { nodePorts } from './nodeHost.ts';

type PagePort = ConstructorParameters<typeof RPCLink>[0]['port'];
type Listener = (...args: never[]) => unknown;

/** Remembers what it was told to do, and lets a test say what happens. */
class Events {
  readonly #listeners = new Map<string, Listener[]>();
  on = (name: string, listener: Listener): void => {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
  };
  once = this.on;
  emit(name: string, ...args: unknown[]): unknown {
    const listeners = this.#listeners.get(name) ?? [];
    return listeners.map((listener) => listener(...(args as never[]))).at(-1);
  }
  has = (name: string): boolean => this.#listeners.has(name);
}

class StandInContents extends Events {
  readonly mainFrame = {};
  openHandler = (): { action: string } => ({ action: 'allow' });
  reloads = 0;
  setWindowOpenHandler = (handler: () => { action: string }): void =>
    void (this.openHandler = handler);
  reload = (): void => void this.reloads++;
}

class StandInWindow extends Events {
  static all: StandInWindow[] = [];
  static getAllWindows = (): StandInWindow[] => StandInWindow.all;
  readonly webContents = new StandInContents();
  readonly done: string[] = [];
  readonly options: WindowOptions;
  url = '';
  bounds: Bounds;
  constructor(options: WindowOptions) {
    super();
    this.options = options;
    this.bounds = { x: 0, y: 0, width: options.width ?? 0, height: options.height ?? 0 };
    StandInWindow.all.push(this);
  }
  loadURL = async (url: string): Promise<void> => void (this.url = url);
  show = (): void => void this.done.push('show');
  isHidden = false;
  isLookedAt = false;
  hide = (): void => {
    this.isHidden = true;
    this.done.push('hide');
  };
  isVisible = (): boolean => !this.isHidden;
  isFocused = (): boolean => this.isLookedAt;
  focus = (): void => void this.done.push('focus');
  restore = (): void => void this.done.push('restore');
  maximize = (): void => void this.done.push('maximize');
  isMinimized = (): boolean => true;
  isMaximized = (): boolean => true;
  getNormalBounds = (): Bounds => this.bounds;
}

function standIn({ isFirst = true } = {}) {
  StandInWindow.all = [];
  const app = new Events();
  const ipc = new Events();
  const said: string[] = [];
  /** The buttons that are pressed, in order. */
  const answers: number[] = [];
  const permissions: Record<string, Listener> = {};
  const schemes: unknown[] = [];
  let protocol: (request: Request) => Promise<Response> = async () => new Response();
  const electron = {
    app: Object.assign(app, {
      requestSingleInstanceLock: () => isFirst,
      enableSandbox: () => said.push('sandbox'),
      whenReady: async () => void said.push('ready'),
      quit: () => said.push('quit'),
      exit: (code: number) => said.push(`exit ${code}`),
    }),
    BrowserWindow: StandInWindow,
    protocol: {
      registerSchemesAsPrivileged: (list: unknown[]) => void schemes.push(...list),
      handle: (_: string, handler: typeof protocol) => void (protocol = handler),
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: (handler: Listener) => (permissions['request'] = handler),
        setPermissionCheckHandler: (handler: Listener) => (permissions['check'] = handler),
        setDevicePermissionHandler: (handler: Listener) => (permissions['device'] = handler),
      },
    },
    ipcMain: { on: ipc.on, handle: ipc.on },
    dialog: {
      showOpenDialog: async (_: unknown, { title }: { title: string }) => ({
        canceled: title === 'Export into',
        filePaths: ['/data/digits.zip'],
      }),
      showMessageBox: async (_: unknown, { message }: { message: string }) => {
        said.push(message);
        return { response: answers.shift() ?? 2 };
      },
      showErrorBox: (title: string, text: string) => void said.push(`${title}: ${text}`),
    },
    Notification: class extends Events {
      static isSupported = (): boolean => true;
      readonly #text: string;
      constructor({ title, body }: { title: string; body: string }) {
        super();
        this.#text = `${title} · ${body}`;
      }
      show = (): void => void said.push(this.#text);
    },
    Menu: {
      buildFromTemplate: (template: object) => template,
      setApplicationMenu: () => said.push('menu'),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
  };
  // It has what the host uses of Electron, and more of its own for the tests.
  const typed = electron as unknown as Electron;
  const fetchPage = (url: string, init?: RequestInit) => protocol(new Request(url, init));
  return { electron: typed, app, ipc, said, answers, permissions, schemes, fetchPage };
}

async function started(stand = standIn(), workspace = join(temporaryFolder(), 'workspace')) {
  const pageFolder = temporaryFolder();
  await mkdir(join(pageFolder, 'assets'));
  await writeFile(join(pageFolder, 'index.html'), '<!doctype html><title>Inkling</title>');
  let core: App | null = null;
  const defects: unknown[] = [];
  await startDesktop({
    electron: stand.electron,
    openApp: () => (core = createApp(workspace, nodePorts())),
    pageFolder,
    preload: '/program/preload.cjs',
    platform: 'linux',
    reportDefect: (error) => defects.push(error),
  });
  onTestFinished(async () => {
    if (!stand.said.includes('exit 0')) await core?.close();
    expect(defects).toEqual([]);
  });
  const [window] = StandInWindow.all;
  return { ...stand, core: core!, window: window!, workspace };
}

const page: Frame = { url: 'inkling://app/', parent: null };

test('the window is locked down and shown when it is painted', async () => {
  const { window, said, schemes } = await started();
  expect(said.slice(0, 2)).toEqual(['sandbox', 'ready']);
  expect(schemes).toMatchObject([
    { scheme: 'inkling', privileges: { standard: true, secure: true } },
  ]);
  expect(window.url).toBe('inkling://app/');
  expect(window.options).toMatchObject({ show: false, width: 1280, height: 800 });
  expect(window.options.webPreferences).toEqual({
    preload: '/program/preload.cjs',
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
  });
  expect(window.done).toEqual([]);
  window.emit('ready-to-show');
  expect(window.done).toEqual(['show']);
});

test.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])(
  '%s is stopped',
  async (event) => {
    const { app } = await started();
    const contents = new StandInContents();
    app.emit('web-contents-created', {}, contents);
    let isStopped = false;
    contents.emit(event, { preventDefault: () => (isStopped = true) });
    expect(isStopped).toBe(true);
  },
);

test('no window is opened, and a page that crashed comes back', async () => {
  const { app } = await started();
  const contents = new StandInContents();
  app.emit('web-contents-created', {}, contents);
  expect(contents.openHandler()).toEqual({ action: 'deny' });
  contents.emit('render-process-gone', {}, { reason: 'crashed' });
  contents.emit('render-process-gone', {}, { reason: 'clean-exit' });
  expect(contents.reloads).toBe(1);
});

test('nothing is permitted but copying text and seeing through the camera, to the page alone', async () => {
  const { permissions } = await started();
  const asks = (permission: string, requestingUrl: string, mediaTypes?: string[]): boolean => {
    let answer = true;
    permissions['request']!(
      ...([
        null,
        permission,
        (granted: boolean) => (answer = granted),
        { requestingUrl, mediaTypes },
      ] as never[]),
    );
    const checked = { mediaType: mediaTypes?.at(-1) };
    const isChecked = permissions['check']!(
      ...([null, permission, requestingUrl, checked] as never[]),
    );
    expect(isChecked).toBe(answer);
    return answer;
  };
  for (const permission of [
    'media',
    'geolocation',
    'notifications',
    'openExternal',
    'clipboard-read',
  ])
    expect(asks(permission, 'inkling://app/')).toBe(false);
  expect(asks('clipboard-sanitized-write', 'inkling://app/')).toBe(true);
  expect(asks('clipboard-sanitized-write', 'https://evil.example/')).toBe(false);
  expect(asks('clipboard-sanitized-write', 'inkling://app.evil/')).toBe(false);
  expect(asks('media', 'inkling://app/', ['video'])).toBe(true);
  expect(asks('media', 'inkling://app/', ['audio'])).toBe(false);
  expect(asks('media', 'inkling://app/', ['video', 'audio'])).toBe(false);
  expect(asks('media', 'https://evil.example/', ['video'])).toBe(false);
  expect(permissions['device']!()).toBe(false);
});

test('the protocol gives the page and its pictures, with the policy, and nothing else', async () => {
  const { fetchPage, core } = await started();
  const root = await fetchPage('inkling://app/');
  expect(await root.text()).toContain('<title>Inkling</title>');
  expect(root.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
  await core.sampleDigits({ dataset: 'digits', count: 1, seed: 1 });
  const picture = await fetchPage('inkling://app/image?id=1');
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect((await fetchPage('inkling://app/image?id=2')).status).toBe(404);
  for (const url of [
    'inkling://other/',
    'inkling://app/..%2fsecret.js',
    'inkling://app/%2e%2e%5csecret.js',
    'inkling://app/upload',
  ])
    expect((await fetchPage(url)).status).toBe(404);
  expect((await fetchPage('inkling://app/', { method: 'POST' })).status).toBe(404);
});

function portTo(stand: Awaited<ReturnType<typeof started>>, senderFrame: Frame | null) {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  // Electron's port hands over an event with the data; Node's hands over the data.
  const main = {
    postMessage: (message: unknown) => port2.postMessage(message),
    start: () => port2.start(),
    on: (name: string, listener: (event?: { data: unknown }) => void) =>
      void port2.on(name, (data: unknown) => listener({ data })),
  };
  const event = { senderFrame, sender: stand.window.webContents, ports: [main] };
  stand.ipc.emit(portChannel, event as unknown as PortEvent);
  // Node's port has a browser port's face.
  const port = port1 as unknown as PagePort;
  const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port }));
  return { client, listening: port2.listenerCount('message') };
}

test('the page speaks to the app through its port', async () => {
  const stand = await started();
  const { client } = portTo(stand, page);
  expect(await client.app.info()).toMatchObject({ host: 'desktop', platform: 'linux' });
  await expect(
    client.imports.preview({ from: { kind: 'upload', upload: 'a'.repeat(20) } }),
  ).rejects.toMatchObject({ data: { code: 'call-invalid' } });
  await expect(
    client.imports.preview({ from: { kind: 'path', path: '/nowhere/at/all' } }),
  ).rejects.toMatchObject({ data: { code: 'path-missing' } });
});

test('files that were dropped together are imported from where they lie', async () => {
  const stand = await started();
  const { client } = portTo(stand, page);
  const folder = temporaryFolder();
  const paths = await Promise.all(
    ['a', 'b', 'c'].map(async (name, i) => {
      const path = join(folder, `${name}.png`);
      const background = { r: 80 * i, g: 0, b: 0 };
      await sharp({ create: { width: 4, height: 4, channels: 3, background } }).toFile(path);
      return path;
    }),
  );
  const from = { kind: 'paths', paths } as const;
  expect(await client.imports.preview({ from })).toMatchObject({ format: 'folder', items: 3 });
  const { job } = await client.imports.start({ from, dataset: 'dropped' });
  await vi.waitFor(async () => {
    const state = (await client.jobs.list()).find(({ id }) => id === job)?.state;
    expect(state).toMatchObject({ kind: 'done', report: { images: 3, skippedCount: 0 } });
  });
});

test.each<[string, Frame | null]>([
  ['another address', { url: 'https://evil.example/', parent: null }],
  ['an address that begins alike', { url: 'inkling://app.evil/', parent: null }],
  ['a frame within the page', { url: 'inkling://app/', parent: {} }],
  ['a frame that is gone', null],
])('%s is not heard', async (_, frame) => {
  const stand = await started();
  expect(portTo(stand, frame).listening).toBe(0);
  const event = { senderFrame: frame, sender: stand.window.webContents };
  expect(await stand.ipc.emit(chooseChannel, event, 'importFile')).toBeNull();
});

test('dialogs give the page the path that was chosen', async () => {
  const { ipc, window } = await started();
  const event = { senderFrame: page, sender: window.webContents };
  expect(await ipc.emit(chooseChannel, event, 'importFile')).toBe('/data/digits.zip');
  expect(await ipc.emit(chooseChannel, event, 'exportFolder')).toBeNull();
  expect(() => ipc.emit(chooseChannel, event, 'anything')).toThrow(/Invalid option/);
});

test('a second start shows the window of the first', async () => {
  const second = standIn({ isFirst: false });
  await startDesktop({
    electron: second.electron,
    openApp: () => {
      throw new Error('it must not open the workspace');
    },
    pageFolder: '',
    preload: '',
    platform: 'linux',
    reportDefect: () => {},
  });
  expect(second.said).toEqual(['quit']);
  const { app, window } = await started();
  app.emit('second-instance', {});
  expect(window.done).toEqual(['restore', 'focus']);
});

test('a workspace that cannot be opened is said in words', async () => {
  const stand = standIn();
  await startDesktop({
    electron: stand.electron,
    openApp: () => {
      throw failure('workspace-newer', { folder: '/data', found: 9, known: 2 });
    },
    pageFolder: '',
    preload: '',
    platform: 'linux',
    reportDefect: () => {},
  });
  expect(stand.said.at(-2)).toMatch(
    /^Inkling cannot start: The workspace \/data was made by a newer/,
  );
  expect(stand.said.at(-1)).toBe('exit 1');
});

test('the window comes back where it was, unless that screen is gone', async () => {
  const first = await started();
  first.window.bounds = { x: 100, y: 50, width: 900, height: 700 };
  first.window.emit('close');
  let isHeld = false;
  first.app.emit('before-quit', { preventDefault: () => (isHeld = true) });
  expect(isHeld).toBe(true);
  await expect.poll(() => first.said).toContain('exit 0');
  const second = await started(standIn(), first.workspace);
  expect(second.window.options).toMatchObject({ x: 100, y: 50, width: 900, height: 700 });
  second.window.emit('ready-to-show');
  expect(second.window.done).toEqual(['maximize', 'show']);
  second.window.bounds = { x: 5000, y: 50, width: 900, height: 700 };
  second.window.emit('close');
  second.app.emit('before-quit', { preventDefault: () => {} });
  await expect.poll(() => second.said).toContain('exit 0');
  const third = await started(standIn(), first.workspace);
  expect(third.window.options).toMatchObject({ width: 1280, height: 800 });
  expect(third.window.options.x).toBeUndefined();
});

test('closing the last window ends the program, on macOS not', async () => {
  const { app, said } = await started();
  app.emit('window-all-closed', {});
  expect(said).toContain('quit');
});

/** Closes as Electron does: the window stays where the listener prevents it. */
function closes(emitter: Events, name: string): boolean {
  let isHeld = false;
  emitter.emit(name, { preventDefault: () => (isHeld = true) });
  return !isHeld;
}

const long = { dataset: 'digits', preset: 'mlp-16-16', batchSize: 16, epochs: 100_000, threads: 1 };

test('closing the window while a run trains asks; training may go on without it', async () => {
  const { app, window, core, said, answers, fetchPage } = await started();
  await core.sampleDigits({ dataset: 'digits', count: 100, seed: 1 });
  const { id } = core.start(long);
  expect(closes(window, 'close')).toBe(false);
  await expect.poll(() => said).toContain('A run is still training.');
  expect(window.done).toEqual([]);
  answers.push(0);
  expect(closes(window, 'close')).toBe(false);
  await expect.poll(() => window.done).toEqual(['hide']);
  expect(said).not.toContain('quit');
  // Nobody looks at the window: the end is a notice, and the end of the program.
  const other = core.start({ ...long, epochs: 1 });
  core.supervisor.stop(id);
  await core.supervisor.ended(other.id);
  const series = await fetchPage(`inkling://app/series?runs=${other.id}&series=loss`);
  expect(Buffer.from(await series.arrayBuffer()).readUInt32LE(4)).toBe(2);
  expect((await fetchPage('inkling://app/series?runs=r9&series=loss')).status).toBe(404);
  expect((await fetchPage('inkling://app/series?runs=r1,x&series=loss')).status).toBe(400);
  await expect.poll(() => said).toContain('quit');
  await expect
    .poll(() => said.find((text) => text.startsWith('ReLU · seed 1: finished')))
    .toMatch(/Two hidden layers of 16 · test accuracy \d/);
  expect(closes(window, 'close')).toBe(true);
  expect(closes(app, 'before-quit')).toBe(false);
  await expect.poll(() => said).toContain('exit 0');
}, 20_000);

test('quitting while a run trains stops it with a checkpoint, if that is the answer', async () => {
  const { app, window, core, said, answers, workspace } = await started();
  await core.sampleDigits({ dataset: 'digits', count: 100, seed: 1 });
  const { id } = core.start(long);
  const trains = Promise.withResolvers<void>();
  core.listen(({ kind }) => kind === 'steps' && trains.resolve());
  await trains.promise;
  answers.push(2, 1);
  closes(app, 'before-quit');
  await expect.poll(() => said).toContain('A run is still training.');
  expect(said).not.toContain('quit');
  closes(app, 'before-quit');
  await expect.poll(() => said).toContain('quit');
  expect(closes(window, 'close')).toBe(true);
  closes(app, 'before-quit');
  await expect.poll(() => said).toContain('exit 0');
  const again = createApp(workspace, nodePorts());
  onTestFinished(() => again.close());
  expect(again.run(id).state.status).toBe('interrupted');
  expect(again.workspace.checkpoints.get(id, 'last')!.step).toBeGreaterThan(0);
}, 20_000);

test('the menu follows the platform', () => {
  expect(desktopMenu('darwin')[0]).toEqual({ role: 'appMenu' });
  expect(desktopMenu('linux')[0]).toMatchObject({ submenu: [{ role: 'quit' }] });
});

test('the preload uses the words of the contract and the host', () => {
  const text = readFileSync(join(import.meta.dirname, '../src-preload/index.ts'), 'utf8');
  const words = Object.fromEntries(
    [...text.matchAll(/^const (\w+) = '([^']+)';$/gm)].map(([, name, value]) => [name, value]),
  );
  expect(words).toEqual({ portMessage: desktopPortMessage, portChannel, chooseChannel });
});
