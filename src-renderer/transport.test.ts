/** @file The way to the core: what failures become, and a connection that comes back. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ORPCError } from '@orpc/client';
import { implement } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { afterEach, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { contract } from '../src-core/contract.ts';
import { api, connection, newUpload, problemOf } from './transport.ts';

const known = { code: 'disk-full', message: 'No space.', hint: 'Free some.' };

test.each<[string, unknown, string]>([
  ['an expected failure', new ORPCError('CONFLICT', { data: known }), 'disk-full'],
  ['input that was refused', new ORPCError('BAD_REQUEST'), 'input-refused'],
  ['a defect of the core', new ORPCError('INTERNAL_SERVER_ERROR'), 'defect'],
  ['a problem as data', known, 'disk-full'],
  ['anything else', new TypeError('x is undefined'), 'defect'],
])('%s has a code, a sentence, and a way on', (_what, error, code) => {
  const problem = problemOf(error);
  expect(problem.code).toBe(code);
  expect(problem.message).toMatch(/\.$/);
  expect(problem.hint).toMatch(/\.$/);
});

test('an upload has an id that the contract takes', () => {
  expect(newUpload()).toMatch(/^[a-z0-9]{16,64}$/);
  expect(newUpload()).not.toBe(newUpload());
});

/** A host that answers one call with its own name. */
async function host(workspace: string, port = 0) {
  const base = implement(contract);
  const router = base.app.info.handler(() => ({
    ...{ version: '1', workspace, writable: true, device: 'CPU', threads: 1, platform: 'test' },
    host: 'browser' as const,
  }));
  const handler = new RPCHandler({ app: { info: router } });
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => void handler.upgrade(socket));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    // A server on a port has an address of this kind.
    port: (server.address() as AddressInfo).port,
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

afterEach(() => vi.unstubAllGlobals());

test('a lost connection comes back by itself, and calls made meanwhile are answered', async () => {
  const states: string[] = [];
  const first = await host('first');
  vi.stubGlobal('location', { protocol: 'http:', host: `127.0.0.1:${first.port}` });
  connection.listen((state) => states.push(state));
  connection.start();
  expect((await api.app.info()).workspace).toBe('first');

  await first.close();
  await vi.waitFor(() => expect(connection.state).toBe('lost'));
  const waiting = api.app.info();
  const second = await host('second', first.port);
  expect((await waiting).workspace).toBe('second');
  expect(states[0]).toBe('open');
  expect(states.at(-1)).toBe('open');
  expect(states).toContain('lost');
  connection.stop();
  await second.close();
});
