/**
 * @file What the desktop host uses of Electron, and no more: the shapes of its own type declarations
 * (https://www.electronjs.org/docs/latest/api/app). The host is written against these, so that it type-checks and
 * is tested where Electron's runtime is not.
 */

export type Electron = {
  readonly app: ElectronApp;
  readonly BrowserWindow: {
    new (options: WindowOptions): BrowserWindow;
    getAllWindows(): BrowserWindow[];
  };
  readonly protocol: {
    registerSchemesAsPrivileged(schemes: { scheme: string; privileges: object }[]): void;
    handle(scheme: string, handler: (request: Request) => Promise<Response>): void;
  };
  readonly session: { readonly defaultSession: Session };
  readonly ipcMain: {
    on(channel: string, listener: (event: PortEvent) => void): void;
    handle(channel: string, listener: (event: SenderEvent, ...args: unknown[]) => unknown): void;
  };
  readonly dialog: {
    showOpenDialog(
      window: BrowserWindow,
      options: OpenDialogOptions,
    ): Promise<{ canceled: boolean; filePaths: string[] }>;
    showMessageBox(options: MessageOptions): Promise<{ response: number }>;
    showMessageBox(window: BrowserWindow, options: MessageOptions): Promise<{ response: number }>;
    showErrorBox(title: string, content: string): void;
  };
  readonly Notification: {
    new (options: { title: string; body: string }): Notification;
    isSupported(): boolean;
  };
  readonly Menu: {
    buildFromTemplate(template: MenuItem[]): object;
    setApplicationMenu(menu: object | null): void;
  };
  readonly screen: { getAllDisplays(): { readonly workArea: Bounds }[] };
  readonly utilityProcess: {
    fork(
      file: string,
      args: string[],
      options: { stdio: string[]; serviceName: string },
    ): UtilityProcess;
  };
};

export type ElectronApp = {
  requestSingleInstanceLock(): boolean;
  enableSandbox(): void;
  whenReady(): Promise<void>;
  quit(): void;
  exit(code: number): void;
  getPath(name: 'userData'): string;
  on(event: AppEventName, listener: (event: Preventable) => void): void;
  on(event: 'web-contents-created', listener: (event: object, contents: WebContents) => void): void;
};
type AppEventName = 'second-instance' | 'window-all-closed' | 'activate' | 'before-quit';

export type Preventable = { preventDefault(): void };
export type Bounds = { x: number; y: number; width: number; height: number };

export type WindowOptions = Partial<Bounds> & {
  minWidth: number;
  minHeight: number;
  show: boolean;
  title: string;
  backgroundColor: string;
  webPreferences: {
    preload: string;
    contextIsolation: boolean;
    sandbox: boolean;
    nodeIntegration: boolean;
    nodeIntegrationInSubFrames: boolean;
    webSecurity: boolean;
    webviewTag: boolean;
    navigateOnDragDrop: boolean;
    spellcheck: boolean;
  };
};

export type BrowserWindow = {
  readonly webContents: WebContents;
  loadURL(url: string): Promise<void>;
  show(): void;
  hide(): void;
  focus(): void;
  isVisible(): boolean;
  isFocused(): boolean;
  restore(): void;
  maximize(): void;
  isMinimized(): boolean;
  isMaximized(): boolean;
  getNormalBounds(): Bounds;
  once(event: 'ready-to-show', listener: () => void): void;
  on(event: 'close', listener: (event: Preventable) => void): void;
};

export type WebContents = {
  readonly mainFrame: object | null;
  on(event: ContentsEvent, listener: (event: Preventable) => void): void;
  on(
    event: 'render-process-gone',
    listener: (event: object, details: { reason: string }) => void,
  ): void;
  setWindowOpenHandler(handler: () => { action: 'deny' }): void;
  reload(): void;
};
type ContentsEvent =
  'will-navigate' | 'will-frame-navigate' | 'will-redirect' | 'will-attach-webview';

/** One end of a channel to a page. */
export type MessagePortMain = {
  postMessage(message: unknown): void;
  start(): void;
  on<Name extends string>(event: Name, listener: (event?: { data: unknown }) => void): void;
};

export type Frame = { readonly url: string; readonly parent: object | null };
export type SenderEvent = { readonly senderFrame: Frame | null; readonly sender: WebContents };
export type PortEvent = SenderEvent & { readonly ports: readonly MessagePortMain[] };

export type Session = {
  setPermissionRequestHandler(
    handler: (
      contents: WebContents | null,
      permission: string,
      callback: (granted: boolean) => void,
      details: { requestingUrl?: string; mediaTypes?: readonly string[] },
    ) => void,
  ): void;
  setPermissionCheckHandler(
    handler: (
      contents: WebContents | null,
      permission: string,
      origin: string,
      details?: { mediaType?: string },
    ) => boolean,
  ): void;
  setDevicePermissionHandler(handler: () => boolean): void;
};

export type OpenDialogOptions = {
  title: string;
  properties: ('openFile' | 'openDirectory' | 'createDirectory')[];
  filters?: { name: string; extensions: string[] }[];
};

export type MessageOptions = {
  type: 'question';
  message: string;
  detail: string;
  buttons: string[];
  defaultId: number;
  cancelId: number;
  noLink: boolean;
};

export type Notification = {
  show(): void;
  on(event: 'click', listener: () => void): void;
};

export type MenuItem = {
  role?: string;
  label?: string;
  type?: 'separator';
  accelerator?: string;
  click?: () => void;
  submenu?: MenuItem[];
};

export type UtilityProcess = {
  readonly pid: number | undefined;
  readonly stderr: { on(event: 'data', listener: (text: Buffer) => void): void } | null;
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  kill(): boolean;
};
