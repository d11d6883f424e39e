/** @file What was exported of a run: what is stored of it, and what is told of it later. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { z } from 'zod';
import {
  Pruning,
  Shrinking,
  StoredConfidence,
  Verification,
  type ExportedRun,
  type ExportList,
} from '../contract/exporting.ts';
import type { RunId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ExportAnswer } from './exportWork.ts';
import type { Jobs } from './jobs.ts';

/** What is stored of an export beside its files: files of a download are gone soon. */
const Stored = z.intersection(
  Verification,
  z.object({
    sizes: z.array(z.int()).optional(),
    shrinking: Shrinking.optional(),
    confidence: StoredConfidence.optional(),
    pruning: Pruning.optional(),
  }),
);
type Stored = z.infer<typeof Stored>;

/** An export of this program's life. */
export type Made = { readonly run: string; readonly format: string; readonly job: string };

export function storedOf({ format, files, verified, bytes, confidence, pruning }: ExportAnswer) {
  const stored: Stored = {
    ...verified,
    sizes: files.map((path) => statSync(path).size),
    ...(bytes && { shrinking: bytes }),
    ...(pruning && { pruning }),
    ...(confidence && {
      confidence: {
        temperature: confidence.temperature?.value ?? null,
        unsureBelow: confidence.unsureBelow,
      },
    }),
  };
  return { format, files, verified: stored };
}

/** @param made  the newest last */
export function exportList(
  { workspace, jobs }: Stores,
  made: readonly Made[],
  run: RunId,
): ExportList {
  const known = new Set(jobs.list().map(({ id }) => id));
  const newest = new Map(
    made
      .filter((each) => each.run === run && known.has(each.job))
      .map(({ format, job }) => [format, job]),
  );
  const downloads = downloadsOf(jobs, made);
  const done = workspace.exports.list(run).toReversed();
  return {
    done: done.map(({ format, createdAt, files, verified }) => {
      const folder = dirname(files[0]!);
      const job = downloads.get(folder) ?? null;
      // The program's own folders are named anew with every start: the newest export is the one.
      downloads.delete(folder);
      const stored = Stored.parse(verified);
      return exported({ format, at: createdAt, files, stored, job });
    }),
    jobs: [...newest].map(([format, job]) => ({ format, job })),
  };
}

type Stores = { readonly workspace: Workspace; readonly jobs: Jobs };

type Row = {
  readonly format: string;
  readonly at: number;
  readonly files: readonly string[];
  readonly stored: Stored;
  readonly job: string | null;
};

function exported({ format, at, files, stored, job }: Row): ExportedRun {
  const { sizes, shrinking, confidence, pruning, ...verified } = stored;
  const folder = dirname(files[0]!);
  return {
    format,
    at,
    files: files.map((path, i) => ({ name: basename(path), bytes: sizes?.[i] ?? sizeOf(path) })),
    folder: files.every((path) => existsSync(path)) ? folder : null,
    job,
    verified: Verification.parse(verified),
    shrinking: shrinking ?? null,
    confidence: confidence ?? null,
    pruning: pruning ?? null,
  };
}

/** Of exports of earlier versions of the program, whose sizes are not stored. */
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Jobs whose ZIP can be downloaded, by its folder. */
function downloadsOf(jobs: Jobs, made: readonly Made[]): Map<string, string> {
  const zips = made.flatMap(({ job }) => {
    const file = jobs.file(job);
    return file?.endsWith('.zip') ? [[dirname(file), job] as const] : [];
  });
  return new Map(zips);
}
