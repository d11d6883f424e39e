/** @file The browser host from outside: what a page does, and what everyone else is refused. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createApp, type App } from '../src-core/app.ts';
import { paths, type Contract, type Job } from '../src-core/contract.ts';
import { trainingPaths } from '../src-core/contract/training.ts';
import { networkOf } from '../src-core/export/fixture.ts';
import { encodeOnnx } from '../src-core/export/onnxFormat.ts';
import { ModelSpec } from '../src-core/model/spec.ts';
import { temporaryFolder } from '../src-core/workspace/fixture.ts';
import { nodePorts } from './nodeHost.ts';
import { startServer, type RunningServer } from './server.ts';

type Page = ContractRouterClient<Contract>;

let app: App;
let server: RunningServer;
let cookie: string;
const defects: unknown[] = [];
const sockets: WebSocket[] = [];
const upload = 'a1b2c3d4e5f6a7b8c9d0';

beforeEach(async () => {
  const folder = temporaryFolder();
  const pageFolder = join(folder, 'page');
  mkdirSync(join(pageFolder, 'assets'), { recursive: true });
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Inkling</title>');
  writeFileSync(join(pageFolder, 'assets/main.js'), 'export {};');
  writeFileSync(join(folder, 'secret.js'), 'secret');
  app = createApp(join(folder, 'workspace'), nodePorts());
  server = await startServer({
    app,
    pageFolder,
    port: 0,
    platform: 'linux',
    reportDefect: (error) => defects.push(error),
    uploadLimits: { fileBytesMax: 100_000, filesMax: 3 },
  });
  const entry = await ask({ path: new URL(server.url).pathname, headers: { cookie: '' } });
  cookie = entry.headers['set-cookie']![0]!.split(';')[0]!;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
  await app.close();
  const [defect] = defects.splice(0);
  if (defect !== undefined) throw defect;
});

type Ask = {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
};
type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer };

const own = (): string => `http://127.0.0.1:${server.port}`;

/** A request as it is, with nothing tidied; with the cookie unless another is given. */
function ask({ path, method = 'GET', headers = {}, body }: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: server.port, path, method, headers: { cookie, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const put = (path: string, body: Uint8Array | string, headers = {}): Promise<Answer> =>
  ask({
    path: paths.upload(upload, path),
    method: 'PUT',
    body,
    headers: { origin: own(), ...headers },
  });

function openSocket(headers: Readonly<Record<string, string>> = {}, path = '/rpc'): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, {
    headers: { cookie, origin: own(), ...headers },
  });
  sockets.push(socket);
  return socket;
}

/** What became of a socket: `open`, or why not. */
const fate = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)));
    socket.on('error', () => resolve('error'));
  });

function connect(): Page {
  // The client asks for a browser's WebSocket; that of `ws` has the same face.
  const websocket = openSocket() as unknown as globalThis.WebSocket;
  return createORPCClient(new RPCLink({ websocket }));
}

async function ended(page: Page, work: Promise<{ job: string }>): Promise<Job> {
  const events = await page.app.events();
  const { job } = await work;
  const known = (await page.jobs.list()).find(({ id }) => id === job)!;
  if (known.state.kind !== 'running') return known;
  for await (const event of events)
    if (event.kind === 'job' && event.job.id === job && event.job.state.kind !== 'running')
      return event.job;
  throw new Error('the events ended');
}

const digits = (page: Page, count: number, name = 'digits') =>
  ended(page, page.datasets.sample({ name, count, seed: 1 }));

describe('a page', () => {
  test('is let in by the address once, and then needs only its cookie', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/open\/[\w-]{43}$/);
    const entry = await ask({ path: new URL(server.url).pathname, headers: { cookie: '' } });
    expect(entry.headers['set-cookie']![0]).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(entry.headers.refresh).toBe('0; url=/');
    const page = await ask({ path: '/' });
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('<title>Inkling</title>');
    expect((await ask({ path: '/assets/main.js' })).headers['cache-control']).toMatch(/immutable/);
  });

  test('may do nothing but what it is for', async () => {
    const { headers } = await ask({ path: '/' });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'$/,
    );
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
  });

  test('calls, hears of jobs, and sees pictures', async () => {
    const page = connect();
    expect(await page.app.info()).toMatchObject({
      host: 'browser',
      platform: 'linux',
      writable: true,
    });
    const job = await digits(page, 50);
    expect(job.state).toMatchObject({ kind: 'done', report: { images: 50 } });
    const [dataset] = await page.datasets.list();
    expect(dataset).toMatchObject({ name: 'digits', images: 50, unlabeled: 0 });
    const view = await page.images.open({
      dataset: dataset!.id,
      filter: {},
      sort: { by: 'added', descending: false },
    });
    expect(view.count).toBe(50);
    const tiles = await ask({ path: paths.page(view.view, 0, 20, 28) });
    expect(tiles.status).toBe(200);
    expect([tiles.body.readUInt32LE(0), tiles.body.readUInt32LE(4)]).toEqual([20, 28]);
    expect(tiles.body.length).toBe(8 + 20 * 12 + 20 * 28 * 28 * 4);
    const first = tiles.body.readUInt32LE(8);
    expect((await ask({ path: paths.image(first) })).body.subarray(1, 4).toString()).toBe('PNG');
    expect((await ask({ path: paths.original(first) })).body.length).toBe(28 * 28);
  });

  test('plans a run, and sees what augmentation makes of images', async () => {
    const page = connect();
    await digits(page, 50);
    const dataset = (await page.datasets.list())[0]!.id;
    const plan = await page.training.defaults({ dataset, preset: 'mlp-16-16' });
    expect(await page.training.check(plan)).toMatchObject({ problems: [], runs: 1 });
    expect((await page.training.catalog()).presets.length).toBeGreaterThan(0);
    const pictures = await ask({ path: trainingPaths.augmented(dataset, '{"noise":3}', 1, 2) });
    const header = [0, 1, 2, 3, 4].map((i) => pictures.body.readUInt32LE(i * 4));
    expect(header).toEqual([2, expect.any(Number), 1, 28, 28]);
    expect(pictures.body.length).toBe(20 + 2 * (1 + header[1]!) * 28 * 28);
    for (const [options, count] of [['{"noise":-3}', 2] as const, ['{}', 99] as const]) {
      const refused = await ask({ path: trainingPaths.augmented(dataset, options, 1, count) });
      expect(refused.status).toBe(400);
      expect(JSON.parse(refused.body.toString())).toMatchObject({
        code: count > 2 ? 'call-invalid' : 'setting-invalid',
      });
    }
  });

  test('downloads a dataset, and uploads it again', async () => {
    const page = connect();
    await digits(page, 30);
    const { id } = (await page.datasets.list())[0]!;
    const job = await ended(
      page,
      page.datasets.export({ dataset: id, format: 'zip', folder: null }),
    );
    const zip = await ask({ path: paths.download(job.id) });
    expect(zip.headers['content-disposition']).toBe(`attachment; filename*=UTF-8''digits.zip`);
    expect((await put('digits.zip', zip.body)).status).toBe(204);
    const from = { kind: 'upload', upload } as const;
    expect(await page.imports.preview({ from })).toMatchObject({ format: 'zip', items: 30 });
    const again = await ended(page, page.imports.start({ from, dataset: 'again' }));
    expect(again.title).toBe('Importing digits.zip');
    expect(again.state).toMatchObject({ kind: 'done', report: { images: 30, skipped: [] } });
    // The upload is gone with its import, the download with its job.
    await expect(page.imports.preview({ from })).rejects.toMatchObject({
      data: { code: 'upload-unknown' },
    });
    await page.jobs.dismiss({ id: job.id });
    expect((await ask({ path: paths.download(job.id) })).status).toBe(404);
  });

  test('sends a model, which lies on the disk until it is closed', async () => {
    const page = connect();
    const from = { kind: 'upload', upload } as const;
    const sent = join(app.workspace.uploadFolder, upload);
    const spec = ModelSpec.parse({
      input: { channels: 1, height: 2, width: 2 },
      layers: [],
      classes: 2,
    });
    await put('small.onnx', encodeOnnx(networkOf(spec)));
    const { model } = await page.models.open({ from });
    expect(existsSync(sent)).toBe(true);
    if (model.kind !== 'file') throw new Error('it is no file');
    await page.models.close({ file: model.file });
    await expect.poll(() => existsSync(sent)).toBe(false);
    await put('none.onnx', 'hello');
    await expect(page.models.open({ from })).rejects.toMatchObject({
      data: { code: 'model-unreadable' },
    });
    expect(existsSync(sent)).toBe(false);
  });

  test('is told failures with code, message and hint', async () => {
    const page = connect();
    const unknown: unknown = await page.datasets
      .get({ dataset: 7 })
      .catch((error: unknown) => error);
    expect(unknown).toBeInstanceOf(ORPCError);
    expect(unknown).toMatchObject({ data: { code: 'dataset-gone', hint: expect.any(String) } });
    const misfit = page.datasets.sample({ name: '', count: 1, seed: 0 });
    await expect(misfit).rejects.toMatchObject({
      data: { code: 'call-invalid', message: expect.stringContaining('name') },
    });
    const path = page.imports.preview({ from: { kind: 'path', path: '/etc' } });
    await expect(path).rejects.toMatchObject({ data: { code: 'call-invalid' } });
    await expect(
      page.datasets.export({ dataset: 1, format: 'zip', folder: '/tmp' }),
    ).rejects.toMatchObject({ data: { code: 'call-invalid' } });
  });
});

describe('refused', () => {
  const denied = (answer: Answer): void => {
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'access-denied' });
    expect(answer.headers['set-cookie']).toBeUndefined();
  };
  const wrong = 'A'.repeat(43);

  test('a wrong token, or none', async () => {
    denied(await ask({ path: `/open/${wrong}` }));
    denied(await ask({ path: '/open/' }));
    for (const path of ['/', '/assets/main.js', paths.image(1), paths.download('j1')]) {
      denied(await ask({ path, headers: { cookie: '' } }));
      denied(await ask({ path, headers: { cookie: `${cookie.split('=')[0]}=${wrong}` } }));
    }
    expect(await fate(openSocket({ cookie: '' }))).toBe('403');
    expect(await fate(openSocket({ cookie: `${cookie}x` }))).toBe('403');
    denied(await put('a.png', 'x', { cookie: '' }));
  });

  test.each(['http://evil.example', 'null', 'http://127.0.0.1:1', `http://localhost`])(
    'the origin %s',
    async (origin) => {
      denied(await put('a.png', 'x', { origin }));
      denied(await ask({ path: '/', headers: { origin } }));
      expect(await fate(openSocket({ origin }))).toBe('403');
    },
  );

  test('a change without an origin, and pictures within another site', async () => {
    const nameless = await ask({ path: paths.upload(upload, 'a'), method: 'PUT', body: 'x' });
    expect(nameless.status).toBe(403);
    denied(await ask({ path: paths.image(1), headers: { 'sec-fetch-site': 'cross-site' } }));
    denied(await ask({ path: paths.image(1), headers: { 'sec-fetch-site': 'same-site' } }));
  });

  test('another host name, the token notwithstanding', async () => {
    for (const host of ['evil.example', `evil.example:${server.port}`, '127.0.0.1']) {
      denied(await ask({ path: new URL(server.url).pathname, headers: { host } }));
      denied(await ask({ path: '/', headers: { host } }));
      expect(await fate(openSocket({ host, origin: `http://${host}` }))).not.toBe('open');
    }
    const host = `localhost:${server.port}`;
    expect((await ask({ path: '/', headers: { host } })).status).toBe(200);
    expect(await fate(openSocket({ host, origin: `http://${host}` }))).toBe('open');
  });

  test.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/%2E%2E%2fsecret.js',
    '/assets/..%2f..%2fsecret.js',
    '/..%5csecret.js',
    '/%252e%252e/secret.js',
    '//secret.js',
    'http://localhost/index.html',
    '/%00.js',
    '/%ff.js',
  ])('the path %s', async (path) => {
    const { status, body } = await ask({ path });
    expect(status).toBe(404);
    expect(body.toString()).not.toMatch(/^secret$/);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'page-missing' });
  });

  test.each([
    '../a.png',
    '/a.png',
    'a/../../b',
    'a//b',
    '',
    '.',
    'a\\..\\b',
    'C:a',
    'a\0b',
    'x'.repeat(2000),
  ])('an upload to %j', async (path) => {
    const answer = await put(path, 'x');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 'upload-path' });
  });

  test('an upload under another name than one of its kind', async () => {
    for (const name of ['..', '../../x/aaaaaaaaaaaaaaaa', 'SHORT', ''])
      expect(
        (
          await ask({
            path: `/upload?upload=${encodeURIComponent(name)}&path=a`,
            method: 'PUT',
            body: 'x',
            headers: { origin: own() },
          })
        ).status,
      ).toBe(400);
  });

  test('a file that is too large, announced or not, and too many files', async () => {
    const large = Buffer.alloc(200_000);
    const announced = await put('a.png', large).catch(() => ({ status: 413 }));
    expect(announced.status).toBe(413);
    // Sent in pieces, so that its length is known only in the end; the connection may break off first.
    const chunked = await put('a.png', large, { 'transfer-encoding': 'chunked' }).catch(() => ({
      status: 413,
    }));
    expect(chunked.status).toBe(413);
    for (const name of ['b', 'c']) expect((await put(name, 'x')).status).toBe(204);
    expect((await put('d', 'x')).status).toBe(400);
  });

  test('an oversized call', async () => {
    const socket = openSocket();
    expect(await fate(socket)).toBe('open');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send('x'.repeat(3 * 1024 * 1024));
    expect(await closed).toBe(1009);
    expect((await connect().app.info()).host).toBe('browser');
  });

  test('other methods and other sockets', async () => {
    expect((await ask({ path: '/', method: 'POST', headers: { origin: own() } })).status).toBe(404);
    expect((await ask({ path: '/', method: 'OPTIONS', headers: { origin: own() } })).status).toBe(
      404,
    );
    expect(await fate(openSocket({}, '/other'))).toBe('404');
  });
});

test('a port that is taken is said to be', async () => {
  const options = { app, pageFolder: '', platform: 'linux', reportDefect: () => {} };
  await expect(startServer({ ...options, port: server.port })).rejects.toMatchObject({
    code: 'port-taken',
  });
});
