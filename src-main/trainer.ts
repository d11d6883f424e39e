/**
 * @file Entry of the trainer process where it is a child of Node's `fork`. It ends with its parent, and leaves
 * Ctrl-C to it: the terminal sends the signal to both.
 */
import type { FromTrainer } from '../src-core/training/messages.ts';
import { runTrainer } from './trainerEntry.ts';

process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);

await runTrainer({ send, onMessage: (listener) => void process.on('message', listener) });
process.exit(0);

function send(message: FromTrainer): Promise<void> {
  return new Promise((resolve) => {
    // Without a channel the parent is gone, and `disconnect` ends this process at once.
    if (process.send) process.send(message, undefined, undefined, () => resolve());
  });
}
