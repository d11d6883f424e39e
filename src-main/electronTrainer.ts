/**
 * @file Starts the trainer, the inspector and trials of devices as utility processes of Electron, which need no second
 * Node.
 */
import type { TrainerExit } from '../src-core/training/trainerProcess.ts';
import type { Electron } from './electronTypes.ts';

/** The end of what it wrote to stderr: where the reason of a crash is. */
const errorOutputChars = 4000;

/** @param file the built program; `args` are for a trial: the provider it tries. */
export function electronProcess({ utilityProcess }: Electron, file: string, args: string[] = []) {
  const child = utilityProcess.fork(file, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    serviceName: 'Inkling engine',
  });
  let errorOutput = '';
  child.stderr?.on('data', (text) => {
    errorOutput = (errorOutput + text.toString('utf8')).slice(-errorOutputChars);
  });
  return {
    process: child.pid ?? 0,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
    send: (message: unknown) => child.postMessage(message),
    onMessage: (listener: (message: unknown) => void) => child.on('message', listener),
    onExit: (listener: (exit: TrainerExit) => void) =>
      child.on('exit', (code) => listener({ code, signal: signalOf(code), errorOutput })),
    kill: () => void child.kill(),
  };
}

/**
 * A utility process tells no signal: one that was killed has its number for a code, as it is or as shells count it.
 * The trainer itself ends with 0 or 1.
 */
function signalOf(code: number): string | null {
  const signals: Readonly<Record<number, string>> = { 9: 'SIGKILL', 15: 'SIGTERM' };
  return signals[code > 128 ? code - 128 : code] ?? null;
}
