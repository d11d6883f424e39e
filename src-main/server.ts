/**
 * @file The browser host: the page, the bridge and pictures over HTTP on 127.0.0.1, for one person with the token.
 *
 * How a page connects:
 * - The address printed at the start is `http://127.0.0.1:PORT/open/TOKEN`. It answers with the cookie
 *   (`HttpOnly`, `SameSite=Strict`) and leads to `/`; everything else wants that cookie and gives 403 without it.
 *   A page therefore never sees the token, and needs no header and no query for it.
 * - Page, bridge and pictures have one origin. `paths` of the contract are used as they are:
 *   `fetch(paths.page(…))`, `<img src={paths.image(id)}>`. In Electron the page is `inkling://app/`, so the same
 *   paths work there too, download excepted (there an export is written to a folder).
 * - Calls: WebSocket `/rpc` on the page's host (`ws://${location.host}/rpc`), oRPC's `RPCLink` of
 *   `@orpc/client/websocket`. A call that fails as expected is an `ORPCError` whose `data` is the contract's `Problem`
 *   ({code, message, hint}); a defect has the code `INTERNAL_SERVER_ERROR` and tells nothing else.
 * - Upload: the page makes up an id (`/^[a-z0-9]{16,64}$/`, at random), PUTs each file to `paths.upload(id, path)`
 *   (path with forward slashes, as `webkitRelativePath`), and hands `{kind: 'upload', upload: id}` to
 *   `imports.preview` and `imports.start`. 204 on success; otherwise 4xx with a `Problem` as JSON. `DELETE` of the
 *   same address (path empty) forgets it; so does the end of its import, closing the model it is, and the end of the
 *   server.
 *   A PUT of more than `uploadFileBytesMax` bytes is refused; so are more than `uploadFilesMax` files.
 * - Download: `paths.download(job)` of a finished export, to be followed as a link (`Content-Disposition`).
 *
 * In Electron (`window.inkling` is there, see `Desktop` in the contract) the page makes a `MessageChannel`, gives one
 * end away with `window.postMessage(desktopPortMessage, '*', [port2])`, and uses the other with `RPCLink` of
 * `@orpc/client/message-port` (`port1.start()`).
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RPCHandler } from '@orpc/server/ws';
import { WebSocketServer } from 'ws';
import type { App } from '../src-core/app.ts';
import type { ImportFrom } from '../src-core/contract.ts';
import { failure, InklingError } from '../src-core/errors.ts';
import { createRouter, type FilePlace, type HostPorts } from '../src-core/router.ts';
import { guardHeaders, pageFile, pictureReply, problemReply, type Reply } from './respond.ts';
import { Uploads, type UploadLimits } from './uploads.ts';

export type ServerOptions = {
  readonly app: App;
  /** The built page. */
  readonly pageFolder: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly platform: string;
  readonly reportDefect: (error: unknown) => void;
  readonly uploadLimits?: UploadLimits;
};

export type RunningServer = {
  /** With the token: who has it is let in. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
};

/** Only this computer reaches it. */
const address = '127.0.0.1';
/** The largest selection the contract takes, as JSON, with room to spare. */
const callBytesMax = 2 * 1024 * 1024;
/** Windows of one person. */
const socketsMax = 64;

/** @throws InklingError `port-taken` */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app } = options;
  const uploads = new Uploads(app.workspace.uploadFolder, options.uploadLimits);
  const downloads = app.workspace.downloadFolder;
  const token = randomBytes(32).toString('base64url');
  const server = createServer();
  const port = await listen(server, options.port);
  const guard = guardOf(port, token);
  const router = createRouter(app, hostPorts(options, uploads, downloads));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: callBytesMax });
  const handler = new RPCHandler(router);
  server.on('upgrade', (request, socket, head) => {
    const refusal = refuseSocket(guard, request, sockets.clients.size);
    if (refusal) return endSocket(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (opened) => {
      opened.on('error', () => opened.terminate()); // an oversized or broken frame
      void handler.upgrade(opened);
    });
  });
  const routes = { ...options, guard, uploads };
  server.on('request', (request, response) => void answer(routes, request, response));
  return {
    url: `http://${address}:${port}/open/${token}`,
    port,
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (app.workspace.writable) await clear(uploads, downloads);
    },
  };
}

/** Nobody can name it any more. What a crash leaves, the next writer of the workspace takes away. */
async function clear(uploads: Uploads, downloads: string): Promise<void> {
  await uploads.clear();
  await rm(downloads, { recursive: true, force: true });
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? failure('port-taken', { port }) : error),
    );
    server.listen({ host: address, port }, () => {
      // A server on a port has an address of this kind.
      const { port: given } = server.address() as AddressInfo;
      resolve(given);
    });
  });
}

function hostPorts(
  { platform, reportDefect }: ServerOptions,
  uploads: Uploads,
  downloads: string,
): HostPorts {
  let count = 0;
  /** @throws InklingError `call-invalid`, `upload-unknown` */
  const uploaded = async (from: ImportFrom): Promise<FilePlace> => {
    if (from.kind !== 'upload')
      throw failure('call-invalid', { problem: 'a browser uploads files and names no paths' });
    const { upload } = from;
    return { ...(await uploads.place(upload)), done: () => uploads.drop(upload) };
  };
  return {
    host: 'browser',
    platform,
    reportDefect,
    importPlace: uploaded,
    filePlace: uploaded,
    async exportPlace(folder) {
      if (folder !== null)
        throw failure('call-invalid', {
          problem: 'a browser downloads files and names no folders',
        });
      const own = join(downloads, String(++count));
      await mkdir(own, { recursive: true });
      return { folder: own, kept: false, packed: true };
    },
  };
}

type Guard = {
  readonly hosts: readonly string[];
  readonly cookie: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
};

function guardOf(port: number, token: string): Guard {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    hosts,
    // Browsers keep cookies by host, not by port: several servers must not take each other's.
    cookie: `inkling-${port}`,
    token,
    headers: guardHeaders(hosts.map((host) => `ws://${host}`)),
  };
}

/** A name that some other site leads to this address (DNS rebinding) is not ours. */
function refuseHost({ hosts }: Guard, { headers }: IncomingMessage): InklingError | null {
  if (headers.host !== undefined && hosts.includes(headers.host)) return null;
  return failure('access-denied', { reason: 'it was asked for under another name' });
}

function refuseStranger(guard: Guard, { headers }: IncomingMessage): InklingError | null {
  const cookies = (headers.cookie ?? '').split(/; */);
  const given = cookies.find((one) => one.startsWith(`${guard.cookie}=`));
  if (given && sameToken(given.slice(guard.cookie.length + 1), guard.token)) return null;
  return failure('access-denied', { reason: 'it was opened without its token' });
}

/** Whether another site's page asks. `isStrict`: what changes something must say where it comes from. */
function refuseOrigin(request: IncomingMessage, isStrict: boolean): InklingError | null {
  const { origin, host, 'sec-fetch-site': site } = request.headers;
  const isOwn = origin === undefined ? !isStrict : origin === `http://${host}`;
  const isNear = site === undefined || site === 'same-origin' || (site === 'none' && !isStrict);
  return isOwn && isNear ? null : failure('access-denied', { reason: 'another site asked for it' });
}

/** In constant time, so that answers tell nothing of how much was right. */
function sameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuseSocket(guard: Guard, request: IncomingMessage, open: number): InklingError | null {
  if (request.url !== '/rpc') return failure('page-missing', { path: request.url ?? '' });
  if (open >= socketsMax)
    return failure('access-denied', { reason: `${socketsMax} windows are open already` });
  return (
    refuseHost(guard, request) ?? refuseOrigin(request, true) ?? refuseStranger(guard, request)
  );
}

function endSocket(socket: Duplex, error: InklingError): void {
  const { status, body } = problemReply(error);
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${String(body)}`,
  );
}

type Routes = ServerOptions & { readonly guard: Guard; readonly uploads: Uploads };

async function answer(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { guard, reportDefect } = routes;
  for (const [name, value] of Object.entries(guard.headers)) response.setHeader(name, value);
  try {
    const reply = refuseHost(guard, request) ?? (await route(routes, request, response));
    if (reply instanceof InklingError) send(response, problemReply(reply));
    else if (reply) send(response, reply, request.method === 'HEAD');
  } catch (error) {
    // A browser that went away, or an upload that broke off, needs no answer.
    if (response.headersSent || request.destroyed) return void response.destroy();
    if (!(error instanceof InklingError)) reportDefect(error);
    send(response, problemReply(error));
  }
}

/** The answer, or null where it has been sent. @throws InklingError */
async function route(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | InklingError | null> {
  const { app, guard, pageFolder } = routes;
  const address = request.url ?? '';
  const missing = failure('page-missing', { path: address.split('?')[0]! });
  // A browser tidies such a path away before it asks; who sends it is after something else.
  if (!/^\/(?!\/)/.test(address) || /(^|[/\\])\.\.?([/\\]|$)/.test(decodedPath(address)))
    return missing;
  const url = new URL(address, 'http://localhost');
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (isRead && url.pathname.startsWith('/open/')) return open(guard, url);
  const refusal = refuseOrigin(request, !isRead) ?? refuseStranger(guard, request);
  if (refusal) return refusal;
  if (url.pathname === '/upload') return receive(routes, request, url);
  if (!isRead) return missing;
  if (url.pathname === '/download') return download(app, url, request, response);
  return (await pictureReply(app, url)) ?? (await pageFile(pageFolder, url.pathname)) ?? missing;
}

function decodedPath(address: string): string {
  const path = address.split(/[?#]/)[0]!;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return '..'; // no address of ours
    throw error;
  }
}

/** Shown for a moment; it says that it has no icon, or browsers would ask for one. */
const openPage = '<!doctype html><title>Inkling</title><link rel="icon" href="data:,">';

/** Lets in who has the token, and takes it out of the address bar. */
function open({ cookie, token }: Guard, url: URL): Reply | InklingError {
  if (!sameToken(url.pathname.slice('/open/'.length), token))
    return failure('access-denied', { reason: 'its token is not the one of this start' });
  const attributes = 'HttpOnly; SameSite=Strict; Path=/';
  const headers = {
    'Set-Cookie': `${cookie}=${token}; ${attributes}`,
    'Cache-Control': 'no-store',
    // Not a redirect: after one from elsewhere, a strict cookie is not sent.
    Refresh: '0; url=/',
  };
  return { status: 200, type: 'text/html; charset=utf-8', body: openPage, headers };
}

async function receive(
  { uploads }: Routes,
  request: IncomingMessage,
  url: URL,
): Promise<Reply | InklingError> {
  const upload = url.searchParams.get('upload') ?? '';
  const path = url.searchParams.get('path') ?? '';
  if (request.method === 'PUT') {
    const length = request.headers['content-length'];
    await uploads.put(upload, path, request, length === undefined ? null : Number(length));
  } else if (request.method === 'DELETE') await uploads.drop(upload);
  else return failure('page-missing', { path: url.pathname });
  return { status: 204, type: 'text/plain', body: '' };
}

async function download(
  app: App,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<InklingError | null> {
  const file = app.jobs.file(url.searchParams.get('job') ?? '');
  if (file === null) return failure('page-missing', { path: url.pathname });
  const { size } = await stat(file);
  response.writeHead(200, {
    'Content-Type': 'application/zip',
    'Content-Length': size,
    // RFC 6266; the name may hold any letters.
    'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(file))}`,
    'Cache-Control': 'no-store',
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file), response);
  return null;
}

function send(response: ServerResponse, reply: Reply, isHead = false): void {
  const { status, type, body, headers } = reply;
  response.writeHead(status, {
    ...headers,
    ...(status !== 204 && { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }),
    // What is left of a refused upload is not read.
    ...(status >= 400 && { Connection: 'close' }),
  });
  response.end(isHead ? undefined : body);
}
