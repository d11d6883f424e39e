/** @file Starts the trainer and the inspector as utility processes of Electron, which need no second Node. */
import type { InspectorProcess } from '../src-core/inspect/client.ts';
import type { TrainerExit, TrainerProcess } from '../src-core/training/trainerProcess.ts';
import type { Electron } from './electronTypes.ts';

/** The end of what it wrote to stderr: where the reason of a crash is. */
const errorOutputChars = 4000;

/** @param file the built trainer. */
export function electronTrainer(electron: Electron, file: string): TrainerProcess {
  return startChild(electron, file, 'Inkling trainer');
}

/** @param file the built inspector. */
export function electronInspector(electron: Electron, file: string): InspectorProcess {
  return startChild(electron, file, 'Inkling inspector');
}

function startChild({ utilityProcess }: Electron, file: string, serviceName: string) {
  const child = utilityProcess.fork(file, [], { stdio: ['ignore', 'ignore', 'pipe'], serviceName });
  let errorOutput = '';
  child.stderr?.on('data', (text) => {
    errorOutput = (errorOutput + text.toString('utf8')).slice(-errorOutputChars);
  });
  return {
    process: child.pid ?? 0,
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a process, not a window
    send: (message: unknown) => child.postMessage(message),
    onMessage: (listener: (message: unknown) => void) => child.on('message', listener),
    // A utility process tells no signal: one that was killed has the code of that.
    onExit: (listener: (exit: TrainerExit) => void) =>
      child.on('exit', (code) => listener({ code, signal: null, errorOutput })),
    kill: () => void child.kill(),
  };
}
