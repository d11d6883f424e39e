/** @file Starts the trainer as a utility process of Electron, which needs no second Node. */
import type { TrainerProcess } from '../src-core/training/trainerProcess.ts';
import type { Electron } from './electronTypes.ts';

/** The end of what it wrote to stderr: where the reason of a crash is. */
const errorOutputChars = 4000;

/** @param file the built trainer. */
export function electronTrainer({ utilityProcess }: Electron, file: string): TrainerProcess {
  const child = utilityProcess.fork(file, [], {
    stdio: ['ignore', 'ignore', 'pipe'],
    serviceName: 'Inkling trainer',
  });
  let errorOutput = '';
  child.stderr?.on('data', (text) => {
    errorOutput = (errorOutput + text.toString('utf8')).slice(-errorOutputChars);
  });
  return {
    process: child.pid ?? 0,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
    send: (message) => child.postMessage(message),
    onMessage: (listener) => child.on('message', listener),
    // A utility process tells no signal: one that was killed has the code of that.
    onExit: (listener) => child.on('exit', (code) => listener({ code, signal: null, errorOutput })),
    kill: () => void child.kill(),
  };
}
