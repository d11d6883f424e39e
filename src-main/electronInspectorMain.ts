/** @file Entry of the inspector process where it is a utility process of Electron. It ends with its parent. */
import { runInspector } from './inspectorEntry.ts';

/** Electron's end of the channel to the parent, on `process` (https://www.electronjs.org/docs/latest/api/process). */
type ParentPort = {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
  postMessage(message: unknown): void;
};
// Node's types do not know what Electron adds.
const { parentPort } = process as unknown as { readonly parentPort: ParentPort };

runInspector({
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
  send: (message) => parentPort.postMessage(message),
  onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
});
