/** @file Pages are read as packed, fetched around what is on screen, given up when passed, and kept within bounds. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { tilesPerPage } from './page.ts';
import { PageCache, PageError, type PageCachePorts } from './pageCache.ts';

const side = 64;
const perPage = tilesPerPage(side);
const count = 100_000;

type Request = {
  readonly start: number;
  readonly signal: AbortSignal;
  readonly answer: () => void;
};

let requests: Request[];
let answered: number;
let made: number;
let closed: number;
let onFailure: ReturnType<typeof vi.fn<(error: unknown) => void>>;
let cache: PageCache;

/** A page as `paths.page` describes it: image `position + 1`, class `position % 10`, no pixels but their bytes. */
function packed(start: number, tiles: number): ArrayBuffer {
  const bytes = new ArrayBuffer(8 + tiles * (12 + side * side * 4));
  const data = new DataView(bytes);
  data.setUint32(0, tiles, true);
  data.setUint32(4, side, true);
  for (let i = 0; i < tiles; i++) {
    data.setUint32(8 + i * 12, start + i + 1, true);
    data.setInt32(12 + i * 12, i % 11 === 0 ? -1 : (start + i) % 10, true);
    data.setUint8(16 + i * 12, 3);
    data.setUint8(17 + i * 12, i % 2);
  }
  return bytes;
}

const ports = (): PageCachePorts => ({
  fetchPage: (path, signal) =>
    new Promise((resolve, reject) => {
      const query = new URL(path, 'http://host').searchParams;
      const start = Number(query.get('start'));
      signal.addEventListener('abort', () => reject(signal.reason));
      requests.push({
        start,
        signal,
        answer: () => resolve(packed(start, Number(query.get('count')))),
      });
    }),
  // Of a strip, only that it is closed matters here.
  makeStrip: async () => {
    made++;
    return { close: () => closed++ } as never;
  },
  onChange: () => {},
  onFailure,
});

const open = (): Request[] => requests.filter(({ signal }) => !signal.aborted);

async function answerAll(): Promise<void> {
  for (; answered < requests.length; answered++) {
    requests[answered]?.answer();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeEach(() => {
  requests = [];
  answered = 0;
  made = 0;
  closed = 0;
  onFailure = vi.fn<(error: unknown) => void>();
  cache = new PageCache(ports());
  cache.open({ view: 'v', count }, side, false);
});

it('knows what a page says of each image', async () => {
  cache.want(0, 10, 0);
  await answerAll();
  expect(cache.info(3)).toEqual({ id: 4, classPosition: 3, part: 'test', flagged: true });
  expect(cache.info(0)).toMatchObject({ id: 1, classPosition: null, flagged: false });
  expect(cache.ids(2, 5)).toEqual([3, 4, 5, 6]);
  expect(cache.ids(2, count - 1)).toBeNull();
});

it('asks first for what is on screen, then for a screen after and before', async () => {
  cache.want(perPage * 10, perPage * 11, perPage * 10);
  expect(requests.map(({ start }) => start / perPage)).toEqual([10, 11]);
  await answerAll();
  expect(requests.map(({ start }) => start / perPage)).toEqual([10, 11, 12, 13, 9, 8]);
});

it('gives up what was scrolled past, but for the page of the current image', () => {
  cache.want(0, perPage - 1, 0);
  cache.want(perPage * 500, perPage * 501, 0);
  expect(open().map(({ start }) => start / perPage)).toContain(0);
  expect(open().map(({ start }) => start / perPage)).not.toContain(1);
  expect(onFailure).not.toHaveBeenCalled();
});

it('asks for the last page as far as there is one', () => {
  cache.want(count - 3, count - 1, count - 1);
  const last = Math.floor((count - 1) / perPage);
  expect(Math.max(...requests.map(({ start }) => start))).toBe(last * perPage);
});

it('keeps a bounded number of pages', async () => {
  for (let page = 0; page < 200; page += 2) {
    cache.want(page * perPage, page * perPage + 1, 0);
    await answerAll();
  }
  expect(made).toBeGreaterThan(100);
  const bytes = (made - closed) * perPage * side * side * 4;
  expect(bytes).toBeLessThanOrEqual(66 * 2 ** 20);
  expect(cache.tile(198 * perPage)).not.toBeNull();
});

describe('a view that was opened again after a change', () => {
  it('shows the tiles before until the new ones are here', async () => {
    cache.want(0, 1, 0);
    await answerAll();
    cache.open({ view: 'w', count }, side, true);
    expect(cache.tile(0)).not.toBeNull();
    cache.want(0, 1, 0);
    await answerAll();
    cache.want(0, 1, 0);
    expect(closed).toBeGreaterThan(0);
    expect(cache.tile(0)).not.toBeNull();
  });

  it('of another filter shows none of the tiles before', async () => {
    cache.want(0, 1, 0);
    await answerAll();
    cache.open({ view: 'w', count }, side, false);
    expect(cache.tile(0)).toBeNull();
  });
});

it('writes a change into what is here', async () => {
  cache.want(0, 1, 0);
  await answerAll();
  cache.change((id) => id === 2, { class: 7, part: null, flagged: false });
  expect(cache.info(1)).toEqual({ id: 2, classPosition: 7, part: null, flagged: false });
  expect(cache.info(3)?.part).toBe('test');
});

it('tells of a failure once, and asks no more by itself', async () => {
  const failing = new PageCache({
    ...ports(),
    fetchPage: () => Promise.reject(new PageError(404)),
  });
  failing.open({ view: 'gone', count: 10 }, side, false);
  failing.want(0, 9, 0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(onFailure.mock.calls).toEqual([[new PageError(404)]]);
});
