/**
 * @file Exports of runs: exporting as a job, and what was exported before. Each export
 * is one process that ends with it, so that canceling is ending it, and nothing it does holds up the program.
 */
import { existsSync, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import {
  ConfidenceInfo,
  Pruning,
  Shrinking,
  StoredConfidence,
  Verification,
  type ExportedRun,
  type ExportFormats,
  type ExportList,
} from '../contract/exporting.ts';
import { ZipFile } from '../data/export/zipFile.ts';
import { failure } from '../errors.ts';
import { makeStaging } from '../export/exportNetwork.ts';
import { makeFolder } from '../folders.ts';
import { Inspector, type CallOptions, type InspectorPorts } from '../inspect/client.ts';
import type { RunId } from '../workspace/records.ts';
import { parseRunId, type Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ExportPlace } from './datasets.ts';
import { exportFormats, exportTitle, refuseUseless } from './exportChoices.ts';
import { comparedSamples, type ExportOptions } from './exportRun.ts';
import { ExportAnswer, type ExportWork } from './exportWork.ts';
import type { JobCall, Jobs } from './jobs.ts';

export type ExportPorts = InspectorPorts & {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly workspace: Workspace;
  readonly jobs: Jobs;
  /** Makes the tensor cache of the run's snapshot where it is missing. */
  readonly ensureCache: (run: Run) => Promise<unknown>;
};

/** What is asked of an export, whoever asks. */
export type RunExport = Omit<ExportOptions, 'folder' | 'staging' | 'progress'>;

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

export type FormatsRequest = { readonly run: string; readonly unsureBelow: number | null };

type Made = { readonly run: string; readonly format: string; readonly job: string };

export function exportCalls(ports: ExportPorts) {
  const { workspace, jobs } = ports;
  /** By the jobs of this program's life, the newest last. */
  const made: Made[] = [];
  return {
    /** @throws InklingError `run-unknown` */
    async formats({ run: name, unsureBelow }: FormatsRequest): Promise<ExportFormats> {
      const run = workspace.runs.get(parseRunId(name));
      const { part, start, end } = comparedSamples(workspace.snapshots.get(run.snapshot).ranges);
      return {
        isReady: run.result !== null,
        formats: await exportFormats(run, unsureBelow),
        compared: { part, images: end - start },
      };
    },

    /** @throws InklingError of `write`, `export-choice-useless` */
    async write(run: Run, asked: RunExport & { readonly folder: string }): Promise<ExportAnswer> {
      refuseUseless(asked.format, asked);
      const { signal } = new AbortController();
      return write(ports, run, asked, { signal, progress: () => {} });
    },

    /** @throws InklingError `run-unknown`, `run-unfinished`, `export-format-unknown` */
    async start(
      name: string,
      asked: RunExport,
      place: () => Promise<ExportPlace>,
    ): Promise<string> {
      const run = finishedRun(workspace, name);
      const title = exportTitle(asked.format);
      const { format } = asked;
      const into = await place();
      const job = jobs.start({
        kind: 'export',
        title: `Exporting ${run.id} as ${title}`,
        work: (call) => exportInto(ports, run, asked, into, call),
      });
      made.push({ run: run.id, format, job });
      return job;
    },

    /** @throws InklingError `run-unknown`, `run-unfinished`, `exporter-ended` */
    async confidence(name: string, signal?: AbortSignal): Promise<ConfidenceInfo> {
      const run = finishedRun(workspace, name);
      await ports.ensureCache(run);
      const work = { kind: 'confidence', workspace: workspace.folder, run: run.id } as const;
      const answer = await inProcess(ports, work, signal ? { signal } : {});
      return ConfidenceInfo.parse(answer);
    },

    list: (name: string): ExportList => listOf(ports, made, parseRunId(name)),
  };
}

function listOf({ workspace, jobs }: ExportPorts, made: readonly Made[], run: RunId): ExportList {
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

function finishedRun(workspace: Workspace, name: string): Run {
  const run = workspace.runs.get(parseRunId(name));
  if (run.result !== null) return run;
  throw failure('run-unfinished', { run: run.id, status: run.state.status });
}

/** @throws InklingError `exporter-ended`, those of `exportRun`, and the signal's reason when aborted */
async function write(
  ports: ExportPorts,
  run: Run,
  asked: RunExport & { readonly folder: string },
  { signal, progress }: JobCall,
): Promise<ExportAnswer> {
  const { workspace, ensureCache } = ports;
  // Before anything is made.
  exportTitle(asked.format);
  finishedRun(workspace, run.id);
  await ensureCache(run);
  const staging = await stagingIn(asked.folder);
  try {
    const about = { workspace: workspace.folder, run: run.id, options: { ...asked, staging } };
    const told = { signal, progress: (done: number, total: number) => progress({ done, total }) };
    const answer = await inProcess(ports, { kind: 'export', ...about }, told);
    const exported = ExportAnswer.parse(answer);
    if (workspace.writable) workspace.exports.add(run.id, storedOf(exported));
    return exported;
  } finally {
    // A process that was ended may still be writing for a moment.
    await rm(staging, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** One process for one piece of work: whatever happens, it is over with it. */
async function inProcess(ports: ExportPorts, work: ExportWork, options: CallOptions) {
  const exporter = new Inspector(ports, 'exporter-ended');
  try {
    return await exporter.call('export', work, options);
  } finally {
    exporter.close();
  }
}

/** @throws InklingError `folder-unwritable`, `disk-full` */
async function stagingIn(folder: string): Promise<string> {
  try {
    makeFolder(folder);
    return await makeStaging(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'ENOSPC') throw failure('disk-full', { folder });
    throw failure('folder-unwritable', { folder, reason: String(error.code) });
  }
}

function storedOf({ format, files, verified, bytes, confidence, pruning }: ExportAnswer) {
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

/** A folder of the user's keeps the files; one of the program's holds a ZIP of them until the job is dismissed. */
async function exportInto(
  ports: ExportPorts,
  run: Run,
  asked: RunExport,
  { folder, kept, packed }: ExportPlace,
  call: JobCall,
) {
  const discard = () => rm(folder, { recursive: true, force: true });
  try {
    const { files } = await write(ports, run, { ...asked, folder }, call);
    const zip = join(folder, `${run.id}-${asked.format}.zip`);
    const file = packed ? await packedInto(zip, files, ports.now()) : files[0]!;
    return kept ? { file } : { file, discard };
  } catch (error) {
    if (!kept) await discard();
    throw error;
  }
}

/** Takes the files themselves away. Returns the path of the ZIP. */
async function packedInto(path: string, files: readonly string[], at: number): Promise<string> {
  const zip = await ZipFile.create(path, at);
  try {
    for (const file of files) await zip.add(basename(file), await readFile(file));
  } catch (error) {
    await zip.abort();
    throw error;
  }
  await zip.finish();
  for (const file of files) await rm(file);
  return path;
}

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
