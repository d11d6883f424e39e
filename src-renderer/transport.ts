/**
 * @file The way to the core: typed calls of the contract over a WebSocket (browser host) or a MessagePort (desktop),
 * and uploads over HTTP. A lost WebSocket is opened again by itself; calls made meanwhile wait for it.
 */
import { createORPCClient, ORPCError, type ClientLink } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import {
  desktopPortMessage,
  paths,
  Problem,
  type Contract,
  type Desktop,
} from '../src-core/contract.ts';

declare global {
  interface Window {
    /** Set by the preload: only in a desktop window. */
    readonly inkling?: Desktop;
  }
}

/** First and longest wait before a lost connection is tried again. */
const retryFirstMs = 250;
const retryMostMs = 4000;

type Link = ClientLink<Record<never, never>>;
export type ConnectionState = 'connecting' | 'open' | 'lost';

/** One connection that outlives its sockets. */
class Connection {
  #link: Link | null = null;
  #waiting: (() => void)[] = [];
  #listeners = new Set<(state: ConnectionState) => void>();
  #retryMs = retryFirstMs;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  state: ConnectionState = 'connecting';

  start(): void {
    if (globalThis.window?.inkling) this.#openPort();
    else this.#openSocket();
  }

  listen(listener: (state: ConnectionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For good: nothing is opened again. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Tries again at once: the person pressed the button. */
  retry(): void {
    if (this.state !== 'lost') return;
    clearTimeout(this.#timer);
    this.#openSocket();
  }

  /** The link, as soon as there is one. */
  async link(): Promise<Link> {
    while (!this.#link) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#link;
  }

  #openPort(): void {
    const { port1, port2 } = new MessageChannel();
    const link = new PortLink({ port: port1 });
    port1.start();
    window.postMessage(desktopPortMessage, '*', [port2]);
    this.#opened(link);
  }

  #openSocket(): void {
    const socket = new WebSocket(
      `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`,
    );
    // Before the link's own listener: calls that fail by this close must already find the connection lost.
    socket.addEventListener('close', () => this.#lost());
    const link = new SocketLink({ websocket: socket });
    socket.addEventListener('open', () => this.#opened(link));
  }

  #opened(link: Link): void {
    this.#link = link;
    this.#retryMs = retryFirstMs;
    this.#tell('open');
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #lost(): void {
    this.#link = null;
    this.#tell('lost');
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#openSocket(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, retryMostMs);
  }

  #tell(state: ConnectionState): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

export const connection = new Connection();

const reconnectingLink: Link = {
  call: async (path, input, options) => (await connection.link()).call(path, input, options),
};

/** Every procedure of the contract. */
export const api: ContractRouterClient<Contract> = createORPCClient(reconnectingLink);

/** Whatever was thrown, as something a person can read. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ORPCError) {
    const known = Problem.safeParse(error.data);
    if (known.success) return known.data;
    if (error.code === 'BAD_REQUEST') {
      return {
        code: 'input-refused',
        message: 'The core refused what this page sent.',
        hint: 'Correct what you entered and try again.',
      };
    }
  }
  const known = Problem.safeParse(error);
  if (known.success) return known.data;
  if (connection.state === 'lost') {
    return {
      code: 'connection-lost',
      message: 'The connection to Inkling was lost before this was answered.',
      hint: 'It is opened again by itself; check whether the change arrived, and repeat it if not.',
    };
  }
  return {
    code: 'defect',
    message: 'Something went wrong inside Inkling.',
    hint: 'Try again; if it happens again, copy the details into a report.',
  };
}

/** A new upload's id: 32 random letters and digits. */
export function newUpload(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Sends one file, and tells how many of its bytes have gone. @throws Problem as the host answered */
export function uploadFile(
  address: { readonly upload: string; readonly path: string },
  file: File,
  { onProgress, signal }: { onProgress: (bytes: number) => void; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    // fetch cannot tell how much of a body has gone.
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded));
    request.addEventListener('loadend', () => {
      signal.removeEventListener('abort', stop);
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(uploadError(request, file, signal));
    });
    request.open('PUT', paths.upload(address.upload, address.path));
    signal.addEventListener('abort', stop);
    request.send(file);
  });
}

export async function forgetUpload(upload: string): Promise<void> {
  await fetch(paths.upload(upload, ''), { method: 'DELETE' });
}

/** Thrown by an upload that failed: carries what the host said. */
class UploadError extends Error implements Problem {
  readonly code: string;
  readonly hint: string;

  constructor({ code, message, hint }: Problem) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

function uploadError(request: XMLHttpRequest, file: File, signal: AbortSignal): Error {
  if (signal.aborted) return new DOMException('Canceled', 'AbortError');
  const said = Problem.safeParse(parsedJson(request.responseText));
  if (said.success) return new UploadError(said.data);
  return new UploadError({
    code: 'upload-failed',
    message: `The file ${file.name} could not be sent.`,
    hint: 'Check that it can still be read, and try again.',
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
