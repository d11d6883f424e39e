/**
 * @file The bridge of the desktop window: hands one end of the page's channel to the program, and lets the page ask
 * for a file dialog and for the place of a dropped file. Nothing else of Electron or Node reaches the page.
 *
 * Built as one CommonJS file, which a sandboxed preload must be. It takes only types from the contract, so that no
 * schema library is loaded here; the three words below are the contract's and the host's, and a test compares them.
 */
import type { Desktop } from '../src-core/contract.ts';

type PreloadElectron = {
  readonly contextBridge: { exposeInMainWorld(name: string, value: Desktop): void };
  readonly ipcRenderer: {
    postMessage(channel: string, message: null, ports: readonly object[]): void;
    invoke(channel: string, ...args: readonly unknown[]): Promise<string | null>;
  };
  readonly webUtils: { getPathForFile(file: object): string };
};
type PageMessage = {
  readonly data: unknown;
  readonly source: unknown;
  readonly ports: readonly object[];
};

// What a sandboxed preload has around it; this file is compiled without a browser's or Node's types.
declare const require: (name: 'electron') => PreloadElectron;
declare const window: {
  addEventListener(event: 'message', listener: (event: PageMessage) => void): void;
};

const portMessage = 'inkling-port';
const portChannel = 'inkling-port';
const chooseChannel = 'inkling-choose';

const { contextBridge, ipcRenderer, webUtils } = require('electron');

window.addEventListener('message', ({ data, source, ports }) => {
  if (data !== portMessage || source !== window || ports.length !== 1) return;
  ipcRenderer.postMessage(portChannel, null, ports);
});

contextBridge.exposeInMainWorld('inkling', {
  choose: (kind) => ipcRenderer.invoke(chooseChannel, kind),
  pathOf: (file) => webUtils.getPathForFile(file),
});
