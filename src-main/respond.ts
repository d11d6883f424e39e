/**
 * @file What both hosts send a page, whatever carries it: the built page's own files, pictures, and the headers
 * that keep a page from doing anything but what it is for.
 */
import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { App } from '../src-core/app.ts';
import { pageTilesMax } from '../src-core/contract.ts';
import { RunName, runsMax, seriesNames } from '../src-core/contract/training.ts';
import { failure, InklingError } from '../src-core/errors.ts';
import { problemOf } from '../src-core/router.ts';

/** An answer that is in memory; `type` is its media type. */
export type Reply = {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
};

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/**
 * Headers of every answer. Scripts, styles and pictures come from here and from nowhere else; nothing may frame the
 * page; `connect` names the page's own sockets, which not every browser counts as `'self'`.
 */
export function guardHeaders(connect: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self' data: blob:`,
    `font-src 'self'`,
    `connect-src ${[`'self'`, ...connect].join(' ')}`,
    `worker-src 'self'`,
    `manifest-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(self), microphone=(), geolocation=()',
  };
}

const freshly = { 'Cache-Control': 'no-store' };
/** Vite names the files in here by their content. */
const forever = { 'Cache-Control': 'private, max-age=31536000, immutable' };

/** A file of the built page; null where there is none, or where `pathname` leads out of its folder. */
export async function pageFile(folder: string, pathname: string): Promise<Reply | null> {
  const name = pathname === '/' ? 'index.html' : decoded(pathname)?.slice(1);
  const type = mediaTypes[extname(name ?? '')];
  if (name === undefined || type === undefined || /[\\\0]|(^|\/)\./.test(name)) return null;
  const file = resolve(join(folder, name));
  if (!file.startsWith(resolve(folder) + sep)) return null;
  try {
    const headers = name.startsWith('assets/') ? forever : freshly;
    return { status: 200, type, body: await readFile(file), headers };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

const isAbsent = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOENT', 'EISDIR', 'ENOTDIR'].includes(String(error.code));

function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

const number = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const PageQuery = z.object({
  view: z.string().min(1).max(64),
  start: number,
  count: number.pipe(z.int().min(1).max(pageTilesMax)),
  side: number.pipe(z.int().min(1).max(512)),
});
const ImageQuery = z.object({ id: number.pipe(z.int().min(1)) });
const TensorsQuery = z.object({ name: z.string().min(1).max(64) });

const mediaTypeOf: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  tiff: 'image/tiff',
  bmp: 'image/bmp',
};

const AugmentedQuery = z.object({
  dataset: number.pipe(z.int().min(1)),
  options: z.string().max(1000),
  seed: number.pipe(z.int().max(2_147_483_647)),
  count: number.pipe(z.int().min(1).max(32)),
});

const SeriesQuery = z.object({
  runs: z
    .string()
    .transform((names) => names.split(','))
    .pipe(z.array(RunName).min(1).max(runsMax)),
  series: z.enum(seriesNames),
});

/** A picture the contract's `paths` name; null for any other path. Failures are answers too. */
export async function pictureReply(app: App, url: URL): Promise<Reply | null> {
  const picture = pictures[url.pathname];
  if (!picture) return null;
  try {
    const query = Object.fromEntries(url.searchParams);
    return { status: 200, headers: freshly, ...(await picture(app, query)) };
  } catch (error) {
    if (error instanceof z.ZodError)
      return problemReply(
        failure('call-invalid', { problem: 'the address is not one of a picture' }),
      );
    if (error instanceof InklingError) return problemReply(error);
    throw error;
  }
}

type Picture = (app: App, query: unknown) => Promise<Pick<Reply, 'type' | 'body'>>;

const pictures: Readonly<Record<string, Picture>> = {
  async '/page'(app, query) {
    const { view, start, count, side } = PageQuery.parse(query);
    const body = await app.pictures.pageOf(view, start, count, side);
    return { type: 'application/octet-stream', body };
  },
  async '/image'(app, query) {
    return { type: 'image/png', body: await app.pictures.imagePng(ImageQuery.parse(query).id) };
  },
  async '/tensors'(app, query) {
    const body = app.inspecting.tensorsFile(TensorsQuery.parse(query).name);
    return { type: 'application/octet-stream', body };
  },
  async '/original'(app, query) {
    const { encoding, bytes } = app.pictures.originalOf(ImageQuery.parse(query).id);
    return { type: mediaTypeOf[encoding] ?? 'application/octet-stream', body: bytes };
  },
  async '/series'(app, query) {
    const { runs, series } = SeriesQuery.parse(query);
    return { type: 'application/octet-stream', body: await app.runViews.series(runs, series) };
  },
  async '/augmented'(app, query) {
    const { dataset, options, seed, count } = AugmentedQuery.parse(query);
    const body = await app.training.augmented(dataset, options, seed, count);
    return { type: 'application/octet-stream', body };
  },
};

const statusOf: Readonly<Record<string, number>> = {
  'access-denied': 403,
  'page-missing': 404,
  'image-gone': 404,
  'view-gone': 404,
  'run-unknown': 404,
  'result-gone': 404,
  'upload-unknown': 404,
  'upload-too-large': 413,
};

/** A failure as an answer: what the contract calls `Problem`, as JSON. */
export function problemReply(error: unknown, status?: number): Reply {
  const problem = problemOf(error);
  return {
    status: status ?? (error instanceof InklingError ? (statusOf[error.code] ?? 400) : 500),
    type: 'application/json; charset=utf-8',
    body: JSON.stringify(problem),
    headers: freshly,
  };
}
