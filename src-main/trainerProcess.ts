/** @file Starts the trainer, the inspector and trials of devices as child processes of Node. */
import { fork, type Serializable } from 'node:child_process';
import type { AppPorts } from '../src-core/app.ts';
import type { InspectorProcess } from '../src-core/inspect/client.ts';
import type { TrainerExit, TrainerProcess } from '../src-core/training/trainerProcess.ts';

/** The end of what it wrote to stderr: where the reason of a crash is. */
const errorOutputChars = 4000;

const trainerProgram = new URL('./trainer.ts', import.meta.url);
const inspectorProgram = new URL('./inspector.ts', import.meta.url);

const trialProgram = new URL('../src-core/engine/deviceTrial.ts', import.meta.url);

export function startTrainer(program = trainerProgram): TrainerProcess {
  return forked(program, []);
}

export function startTrial(provider: string): ReturnType<AppPorts['startTrial']> {
  return forked(trialProgram, [provider]);
}

export function startInspector(): InspectorProcess {
  return forked(inspectorProgram, []);
}

function forked(program: URL, args: readonly string[]) {
  const child = fork(program, args, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // None of the parent's own options, such as a debugger's port.
    execArgv: [],
  });
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-errorOutputChars);
  });
  return {
    process: child.pid ?? 0,
    send(message: Serializable) {
      // A message to a process that has just ended is lost; its end is reported all the same.
      if (child.connected) child.send(message, () => undefined);
    },
    onMessage: (listener: (message: unknown) => void) => void child.on('message', listener),
    onExit(listener: (exit: TrainerExit) => void) {
      // A process that could not be started has an error, and is closed as well.
      let isTold = false;
      const tell = (exit: TrainerExit): void => {
        if (!isTold) listener(exit);
        isTold = true;
      };
      child.on('error', ({ message }) => tell({ code: null, signal: null, errorOutput: message }));
      // The process may be gone before its last messages are read: both must be over.
      const over = (exit: TrainerExit) =>
        child.connected ? child.once('disconnect', () => tell(exit)) : tell(exit);
      child.on('close', (code, signal) => over({ code, signal, errorOutput }));
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
