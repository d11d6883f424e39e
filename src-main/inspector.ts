/**
 * @file Entry of the inspector process where it is a child of Node's `fork`. It ends with its parent, and leaves
 * Ctrl-C to it: the terminal sends the signal to both.
 */
import { runInspector } from './inspectorEntry.ts';

process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);

runInspector({
  // Without a channel the parent is gone, and `disconnect` ends this process at once.
  send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
  onMessage: (listener) => void process.on('message', listener),
});
