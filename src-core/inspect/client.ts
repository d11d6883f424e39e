/**
 * @file The main process's side of inspecting: calls an inspector process, which is started when it is first needed
 * and ended when nobody has asked for a while. A process that dies takes its calls with it, and the next call starts
 * another.
 */
import { InklingError, failure, isErrorCode } from '../errors.ts';
import {
  calls,
  FromInspector,
  type CallInput,
  type CallName,
  type CallOutput,
  type ToInspector,
} from './messages.ts';

export type InspectorProcess = {
  readonly send: (message: ToInspector) => void;
  readonly onMessage: (listener: (message: unknown) => void) => void;
  /** Called once, after the last message. */
  readonly onExit: (
    listener: (exit: {
      readonly code: number | null;
      readonly signal: string | null;
      readonly errorOutput: string;
    }) => void,
  ) => void;
  readonly kill: () => void;
};

export type InspectorPorts = {
  readonly startInspector: () => InspectorProcess;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Calls `work` again and again, until the function it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

export type CallOptions = {
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, total: number) => void;
  /** For work nobody vouches for: after this the process is ended. Checked now and then. */
  readonly limitMs?: number;
};

type Pending = CallOptions & {
  readonly name: CallName;
  readonly settle: PromiseWithResolvers<unknown>;
  readonly askedAt: number;
};

/** Opening a network again takes a fraction of a second; keeping one costs memory. */
const idleMs = 300_000;
const watchIntervalMs = 10_000;
/** Calls that wait at once: far more than pages have. */
const pendingMax = 1000;

export class Inspector {
  readonly #ports: InspectorPorts;
  readonly #pending = new Map<number, Pending>();
  readonly #stopWatching: () => void;
  #process: InspectorProcess | null = null;
  readonly #whenEnded: 'inspector-ended' | 'exporter-ended';
  #next = 1;
  #usedAt = 0;

  /** @param whenEnded what its calls fail with when the process ends. */
  constructor(
    ports: InspectorPorts,
    whenEnded: 'inspector-ended' | 'exporter-ended' = 'inspector-ended',
  ) {
    this.#ports = ports;
    this.#whenEnded = whenEnded;
    this.#stopWatching = ports.every(watchIntervalMs, () => this.#watch());
  }

  /** @throws InklingError `inspector-ended` or `exporter-ended`, `inspector-busy`, and those of the call; the signal's reason when aborted */
  async call<K extends CallName>(
    name: K,
    input: CallInput<K>,
    { signal, ...options }: CallOptions = {},
  ): Promise<CallOutput<K>> {
    signal?.throwIfAborted();
    if (this.#pending.size >= pendingMax) throw failure('inspector-busy', undefined);
    const id = this.#next++;
    const settle = Promise.withResolvers<unknown>();
    this.#pending.set(id, { ...options, name, settle, askedAt: this.#ports.clock() });
    this.#send({ kind: 'call', id, name, input });
    const onAbort = (): void => {
      this.#send({ kind: 'cancel', id });
      this.#pending.delete(id);
      settle.reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      // Parsed by the schema of its row; TypeScript cannot follow that through the index.
      return (await settle.promise) as CallOutput<K>;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process; what still waits fails. */
  close(): void {
    this.#stopWatching();
    this.#end('the program ends');
  }

  #send(message: ToInspector): void {
    this.#usedAt = this.#ports.clock();
    this.#process ??= this.#start();
    this.#process.send(message);
  }

  #start(): InspectorProcess {
    const started = this.#ports.startInspector();
    started.onMessage((raw) => this.#hear(FromInspector.parse(raw)));
    started.onExit(({ code, signal, errorOutput }) => {
      if (this.#process !== started) return;
      this.#process = null;
      this.#failAll(how(code, signal, errorOutput));
    });
    return started;
  }

  #hear(message: FromInspector): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return; // canceled meanwhile
    this.#usedAt = this.#ports.clock();
    if (message.kind === 'progress') return pending.progress?.(message.done, message.total);
    this.#pending.delete(message.id);
    if (message.kind === 'failed') return pending.settle.reject(errorOf(message));
    const output = calls[pending.name].output.safeParse(message.output);
    if (output.success) pending.settle.resolve(output.data);
    else pending.settle.reject(output.error);
  }

  #watch(): void {
    const now = this.#ports.clock();
    if (this.#pending.size === 0 && now - this.#usedAt >= idleMs) this.#end('it was not needed');
    for (const { askedAt, limitMs } of this.#pending.values())
      if (limitMs !== undefined && now - askedAt >= limitMs)
        return this.#end(`it did not answer within ${limitMs / 1000} seconds`);
  }

  #end(reason: string): void {
    const ended = this.#process;
    this.#process = null;
    ended?.kill();
    this.#failAll(reason);
  }

  #failAll(reason: string): void {
    for (const { settle } of this.#pending.values())
      settle.reject(failure(this.#whenEnded, { reason }));
    this.#pending.clear();
  }
}

function how(code: number | null, signal: string | null, errorOutput: string): string {
  const cause = errorOutput.split('\n').find((line) => /error/i.test(line));
  const end = signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`;
  return cause ? `${end}; ${cause.trim()}` : end;
}

function errorOf({ error, stack }: Extract<FromInspector, { kind: 'failed' }>): Error {
  if (error && isErrorCode(error.code))
    return new InklingError(error.code, error.message, error.hint);
  // A defect there is one here: it keeps its stack.
  const defect = new Error('a defect in the inspector process');
  if (stack !== null) defect.stack = stack;
  return defect;
}
