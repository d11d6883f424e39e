/**
 * @file The desktop host: one window on the same page, over one private protocol. The page gets no Node, leaves its
 * address for no other, opens no windows, and may ask for nothing of the system but what is answered here.
 *
 * Electron comes as an argument, so that all of this is tested without its runtime.
 */
import { RPCHandler } from '@orpc/server/message-port';
import { z } from 'zod';
import type { App } from '../src-core/app.ts';
import { desktopChoices, type DesktopChoice } from '../src-core/contract.ts';
import type { FileFrom } from '../src-core/contract/inspecting.ts';
import { failure, InklingError } from '../src-core/errors.ts';
import { createRouter, type FilePlace, type HostPorts } from '../src-core/router.ts';
import { createEnding, type Ending } from './electronEnd.ts';
import { desktopMenu } from './electronMenu.ts';
import { noticeEnds } from './electronNotices.ts';
import type {
  BrowserWindow,
  Electron,
  OpenDialogOptions,
  PortEvent,
  SenderEvent,
  WebContents,
} from './electronTypes.ts';
import { rememberWindow, windowOptions } from './electronWindow.ts';
import { guardHeaders, pageFile, pictureReply, problemReply, type Reply } from './respond.ts';

export type DesktopOptions = {
  readonly electron: Electron;
  /** @throws InklingError of `openWorkspace` */
  readonly openApp: () => App;
  readonly pageFolder: string;
  readonly preload: string;
  readonly platform: NodeJS.Platform;
  readonly reportDefect: (error: unknown) => void;
};

const scheme = 'inkling';
const origin = `${scheme}://app`;
/** The channels of the preload. */
export const portChannel = 'inkling-port';
export const chooseChannel = 'inkling-choose';

/** Resolves when the window is there, or the program is on its way out. */
export async function startDesktop(options: DesktopOptions): Promise<void> {
  const { electron } = options;
  const { app } = electron;
  if (!app.requestSingleInstanceLock()) return app.quit();
  app.enableSandbox();
  electron.protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.on('web-contents-created', (_event, contents) => confine(contents));
  await app.whenReady();
  const core = openOrExplain(options);
  if (core === null) return app.exit(1);
  denyPermissions(electron);
  electron.protocol.handle(scheme, (request) => answer(options, core, request));
  connectPages(options, core);
  const ending = createEnding(electron, core, options.platform);
  const open = (): BrowserWindow => openWindow(options, core, ending);
  electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(desktopMenu(options.platform)));
  liveAndEnd(options, core, { open, ending });
  open();
}

function openOrExplain({ electron, openApp, reportDefect }: DesktopOptions): App | null {
  try {
    return openApp();
  } catch (error) {
    if (!(error instanceof InklingError)) reportDefect(error);
    const text = error instanceof InklingError ? `${error.message}\n${error.hint}` : String(error);
    electron.dialog.showErrorBox('Inkling cannot start', text);
    return null;
  }
}

/** Whatever shows a page: it stays where it is. */
function confine(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const)
    contents.on(event, (navigation) => navigation.preventDefault());
  contents.on('will-attach-webview', (attach) => attach.preventDefault());
  // A page that crashed has lost nothing: all it shows is stored.
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit') contents.reload();
  });
}

/** All a page may ask for: to copy text, and to see through the camera, never to hear. */
const copying = 'clipboard-sanitized-write';
const capture = 'media';

function denyPermissions({ session }: Electron): void {
  const isOurs = (url: string | undefined) =>
    url === origin || (url?.startsWith(`${origin}/`) ?? false);
  session.defaultSession.setPermissionRequestHandler((_contents, permission, callback, details) => {
    const kinds = details.mediaTypes ?? [];
    const isVideo = kinds.length > 0 && kinds.every((kind) => kind === 'video');
    const isGranted = permission === copying || (permission === capture && isVideo);
    callback(isGranted && isOurs(details.requestingUrl));
  });
  session.defaultSession.setPermissionCheckHandler((_contents, permission, asking, details) => {
    const isVideo = details?.mediaType === 'video';
    return (permission === copying || (permission === capture && isVideo)) && isOurs(asking);
  });
  session.defaultSession.setDevicePermissionHandler(() => false);
}

/** The page's files and pictures. Nothing else lives under the protocol. */
async function answer(options: DesktopOptions, core: App, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const missing = problemReply(failure('page-missing', { path: url.pathname }));
  if (url.host !== 'app' || request.method !== 'GET') return toResponse(missing);
  try {
    const reply =
      (await pictureReply(core, url)) ?? (await pageFile(options.pageFolder, url.pathname));
    return toResponse(reply ?? missing);
  } catch (error) {
    options.reportDefect(error);
    return toResponse(problemReply(error));
  }
}

function toResponse({ status, type, body, headers }: Reply): Response {
  // The bytes are a Buffer of Node's, whose memory is never shared.
  return new Response(body as Uint8Array<ArrayBuffer> | string, {
    status,
    headers: { ...guardHeaders([]), 'Content-Type': type, ...headers },
  });
}

function connectPages({ electron, platform, reportDefect }: DesktopOptions, core: App): void {
  const router = createRouter(core, desktopPorts(platform, reportDefect));
  const handler = new RPCHandler(router);
  electron.ipcMain.on(portChannel, (event: PortEvent) => {
    const [port] = event.ports;
    if (!isOwnPage(event) || port === undefined) return;
    handler.upgrade(port);
    port.start();
  });
  electron.ipcMain.handle(chooseChannel, (event, choice) =>
    isOwnPage(event) ? choose(electron, event, z.enum(desktopChoices).parse(choice)) : null,
  );
}

/** Only the page itself speaks to the program: no frame within it, and no other address. */
function isOwnPage({ senderFrame }: SenderEvent): boolean {
  return (
    senderFrame !== null && senderFrame.parent === null && senderFrame.url.startsWith(`${origin}/`)
  );
}

function desktopPorts(platform: string, reportDefect: (error: unknown) => void): HostPorts {
  return {
    host: 'desktop',
    platform,
    reportDefect,
    async importPlace(from) {
      return from.kind === 'paths' ? { path: from.paths, shown: 'the files' } : fileAt(from);
    },
    filePlace: async (from) => fileAt(from),
    async exportPlace(folder) {
      if (folder !== null) return { folder, kept: true, packed: false };
      throw failure('call-invalid', { problem: 'a desktop window exports into a folder' });
    },
  };
}

/** @throws InklingError `call-invalid` */
function fileAt(from: FileFrom): FilePlace {
  if (from.kind === 'path') return { path: from.path, shown: from.path };
  throw failure('call-invalid', { problem: 'a desktop window imports by path' });
}

const dialogs: Readonly<Record<DesktopChoice, OpenDialogOptions>> = {
  importFile: {
    title: 'Import a file',
    properties: ['openFile'],
    filters: [
      { name: 'Datasets', extensions: ['zip', 'csv', 'tsv', 'jsonl', 'ndjson', 'gz'] },
      { name: 'All files', extensions: ['*'] }, // IDX files have no ending of their own
    ],
  },
  modelFile: {
    title: 'Open a model',
    properties: ['openFile'],
    filters: [
      { name: 'ONNX models', extensions: ['onnx'] },
      { name: 'All files', extensions: ['*'] },
    ],
  },
  importFolder: { title: 'Import a folder', properties: ['openDirectory'] },
  capsule: {
    title: 'Open a capsule',
    properties: ['openFile'],
    filters: [{ name: 'Capsules', extensions: ['inkling'] }],
  },
  exportFolder: { title: 'Export into', properties: ['openDirectory', 'createDirectory'] },
};

async function choose(
  { BrowserWindow: windows, dialog }: Electron,
  { sender }: SenderEvent,
  choice: DesktopChoice,
): Promise<string | null> {
  const window = windows.getAllWindows().find(({ webContents }) => webContents === sender);
  if (!window) return null;
  const { canceled, filePaths } = await dialog.showOpenDialog(window, dialogs[choice]);
  return canceled ? null : (filePaths[0] ?? null);
}

function openWindow(
  { electron, preload }: DesktopOptions,
  core: App,
  ending: Ending,
): BrowserWindow {
  const { bounds, isMaximized, ...options } = windowOptions(electron, core, preload);
  const window = new electron.BrowserWindow({ ...options, ...bounds });
  window.once('ready-to-show', () => {
    if (isMaximized) window.maximize();
    window.show();
  });
  window.on('close', (event) => {
    rememberWindow(core, window);
    if (ending.holds(window)) event.preventDefault();
  });
  void window.loadURL(`${origin}/`);
  return window;
}

/** One instance; on macOS it stays without a window; what is stored is closed before the end. */
function liveAndEnd(
  { electron, platform, reportDefect }: DesktopOptions,
  core: App,
  { open, ending }: { readonly open: () => BrowserWindow; readonly ending: Ending },
): void {
  const { app, BrowserWindow: windows } = electron;
  const show = (): void => {
    const window = windows.getAllWindows()[0] ?? open();
    if (window.isMinimized()) window.restore();
    if (!window.isVisible()) window.show();
    window.focus();
  };
  noticeEnds(electron, core, show, reportDefect);
  app.on('second-instance', show);
  app.on('activate', show);
  app.on('window-all-closed', () => {
    if (platform !== 'darwin') app.quit();
  });
  let isClosing = false;
  app.on('before-quit', (event) => {
    event.preventDefault();
    if (isClosing || ending.holdsAll()) return;
    isClosing = true;
    const windowsLeft = windows.getAllWindows();
    for (const window of windowsLeft) rememberWindow(core, window);
    core.close().then(
      () => app.exit(0),
      (error: unknown) => {
        reportDefect(error);
        app.exit(1);
      },
    );
  });
}
