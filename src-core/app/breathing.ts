/** @file Long work in small pieces, so that the main process answers in between. */
import { setImmediate } from 'node:timers/promises';

/** A piece: well below what is felt, and rare enough to cost nothing. */
const pieceMs = 5;

/** Call and await the result often: it lets waiting work have its turn when a piece is over. */
export function breathing(clock: () => number): () => Promise<void> {
  let since = clock();
  return async () => {
    if (clock() - since < pieceMs) return;
    await setImmediate();
    since = clock();
  };
}
