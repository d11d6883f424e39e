/**
 * @file An inspector process, apart from what kind of process it is: takes calls, keeps the networks used last open,
 * and answers. Long calls give way between two pieces of work, so that short ones are answered meanwhile.
 */
import { InklingError } from '../errors.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { handlers } from './handlers.ts';
import {
  calls,
  ToInspector,
  type CallInput,
  type CallName,
  type CallOutput,
  type FromInspector,
  type NetworkSource,
} from './messages.ts';
import { openNetwork, type OpenNetwork } from './openNetwork.ts';
import type { Call, InspectorPort } from './inspectorPort.ts';

/** Networks and files kept open: as many as a person compares, and a few epochs more. */
const openMax = 12;

export function serveInspector(port: InspectorPort): void {
  const running = new Map<number, AbortController>();
  const networks = keeper((source: NetworkSource) => open(source, port));
  const files = keeper((source: { readonly path: string }) => port.openFile(source.path));
  const answer = async (id: number, name: CallName, input: unknown): Promise<void> => {
    const abort = new AbortController();
    running.set(id, abort);
    const releases: (() => void)[] = [];
    const call: Call = {
      port,
      signal: abort.signal,
      progress: (done, total) => port.send({ kind: 'progress', id, done, total }),
      network: (source) => networks(source, releases),
      file: (path) => files({ path }, releases),
    };
    try {
      port.send({ kind: 'result', id, output: await handle(name, input, call) });
    } catch (error) {
      port.send({ kind: 'failed', id, ...failed(error) });
    } finally {
      running.delete(id);
      for (const release of releases) release();
    }
  };
  port.onMessage((raw) => {
    const message = ToInspector.parse(raw);
    if (message.kind === 'cancel') running.get(message.id)?.abort();
    else void answer(message.id, message.name, message.input);
  });
}

function handle<K extends CallName>(name: K, input: unknown, call: Call): Promise<CallOutput<K>> {
  // A row's input is what its own schema gives; TypeScript cannot follow that through the index.
  const handler = handlers[name] as (input: CallInput<K>, call: Call) => Promise<CallOutput<K>>;
  return handler(calls[name].input.parse(input) as CallInput<K>, call);
}

async function open(source: NetworkSource, port: InspectorPort): Promise<OpenNetwork> {
  const { parameters, spec, options } = source;
  const stored =
    parameters.kind === 'file'
      ? await port.readNetwork(parameters.path)
      : {
          params: initialParams(resolveNetwork(spec), options.seed),
          optimizer: {},
          step: 0,
        };
  return openNetwork(source, stored, port.loadEngine);
}

type Kept<T> = { readonly opening: Promise<T>; users: number };

/**
 * Opens what it is asked for, unless it is open; of those nobody uses, the ones used longest ago are closed. The
 * files of a run never change under their name; another program's file is the one that was there when it was opened.
 */
function keeper<S, T extends { dispose(): Promise<void> }>(make: (source: S) => Promise<T>) {
  const kept = new Map<string, Kept<T>>();
  const closeOldest = (): void => {
    for (const [key, { opening, users }] of kept) {
      if (kept.size <= openMax) return;
      if (users > 0) continue;
      kept.delete(key);
      void opening.then((opened) => opened.dispose());
    }
  };
  /** @param releases to be called when the caller is done with it. */
  return async (source: S, releases: (() => void)[]): Promise<T> => {
    const key = JSON.stringify(source);
    const entry = kept.get(key) ?? { opening: make(source), users: 0 };
    kept.delete(key);
    kept.set(key, entry);
    entry.users++;
    releases.push(() => {
      entry.users--;
      closeOldest();
    });
    try {
      return await entry.opening;
    } catch (error) {
      kept.delete(key); // the next one tries again
      throw error;
    }
  };
}

function failed(
  error: unknown,
): Pick<Extract<FromInspector, { kind: 'failed' }>, 'error' | 'stack'> {
  if (error instanceof InklingError) {
    const { code, message, hint } = error;
    return { error: { code, message, hint }, stack: null };
  }
  return { error: null, stack: error instanceof Error ? (error.stack ?? '') : String(error) };
}
