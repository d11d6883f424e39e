/** @file A trainer process as the supervisor sees it, whatever host started it, and what its end means. */
import { failure, InklingError } from '../errors.ts';
import type { RunError, RunState } from '../workspace/runs.ts';
import type { ToTrainer } from './messages.ts';

export type TrainerProcess = {
  /** The operating system's number for it. */
  readonly process: number;
  readonly send: (message: ToTrainer) => void;
  readonly onMessage: (listener: (message: unknown) => void) => void;
  /** Called once, after the last message. */
  readonly onExit: (listener: (exit: TrainerExit) => void) => void;
  /** At once, without a word. */
  readonly kill: () => void;
};

/** `errorOutput` is the end of what it wrote to stderr. */
export type TrainerExit = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly errorOutput: string;
};

/** How a run came to rest: its state, and why if that needs a reason. */
export type End = { readonly state: RunState; readonly error: RunError | null };

/** Signals by which people and systems end a process; any other is a crash. */
const fromOutside: readonly (string | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** For a process that ended without having said how the run ended. */
export function unexpectedEnd({ code, signal, errorOutput }: TrainerExit): End {
  const how = signal ? signals(signal) : `exit code ${code ?? 'unknown'}`;
  if (isOutOfMemory(errorOutput))
    return failedEnd(failure('trainer-out-of-memory', { reason: how }));
  const cause = errorOutput.split('\n').find((line) => /error/i.test(line));
  const crash = failure('trainer-crashed', { reason: cause ? `${how}; ${cause.trim()}` : how });
  const error = told(crash);
  if (fromOutside.includes(signal)) return { state: { status: 'interrupted', error }, error };
  return failedEnd(crash);
}

function signals(signal: string): string {
  return signal === 'SIGKILL'
    ? 'signal SIGKILL, which systems send when memory runs out'
    : `signal ${signal}`;
}

/** For whatever was thrown; what is not in the catalogue is a defect, told as one. */
export function failedEnd(thrown: unknown): End {
  const problem = thrown instanceof Error ? thrown.message : String(thrown);
  const error = told(
    thrown instanceof InklingError ? thrown : failure('trainer-failed', { problem }),
  );
  return { state: { status: 'failed', error }, error };
}

function told({ code, message, hint }: InklingError): RunError {
  return { code, message, hint };
}

/** As JavaScript and onnxruntime word it; neither gives a code. */
export function isOutOfMemory(text: string): boolean {
  return /allocation failed|bad_alloc|failed to allocate memory|out of memory/i.test(text);
}
