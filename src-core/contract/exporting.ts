/**
 * @file What pages and the core say to each other about exporting a run. Part of the contract: limits stand here, and
 * what does not fit is refused before anything is done with it.
 */
import { oc } from '@orpc/contract';
import { z } from 'zod';
import { FileFrom } from './inspecting.ts';
import { Measured, RunName } from './training.ts';

const Count = z.int().min(0);
const Share = z.number().min(0).max(1);

/** What was found out about the written files; see `export/verify.ts`. */
export const Verification = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('answers'),
    samples: Count,
    maxAbsDiff: z.number(),
    agree: Count,
    /** Of the run's network and of the file, where it may change. */
    accuracy: z.object({ before: Share, after: Share }).optional(),
    by: z.string().optional(),
  }),
  z.object({ kind: z.literal('read-back'), arrays: Count, reason: z.string() }),
  /** A document (report, capsule), whose files were read again. */
  z.object({ kind: z.literal('parsed-back'), files: Count }),
  z.object({ kind: z.literal('unchecked'), reason: z.string() }),
]);
export type Verification = z.infer<typeof Verification>;

/** Of the file to open first: as the format would be without making the network smaller, and as it is. */
export const Shrinking = z.object({ before: Count, after: Count });

/** What setting weights to zero cost and gained; accuracy is of the images that files are compared on. */
export const Pruning = z.object({
  /** The share of kernel values that are zero. */
  sparsity: Share,
  fineTuneEpochs: Count,
  /** Of the run's network, and of the pruned one as it was written. */
  accuracy: z.object({ before: Share, after: Share }),
  /** Without fine-tuning, by sparsity. */
  curve: z.array(z.object({ sparsity: Share, accuracy: Share })),
  /** Of the ONNX file, compressed: as it would be with all weights, and as it is. */
  zippedBytes: Shrinking,
});
export type Pruning = z.infer<typeof Pruning>;

/** One row of the table of formats, for one run. */
export const ExportFormat = z.object({
  format: z.string(),
  title: z.string(),
  purpose: z.string(),
  /** What it does with this run's network, where that is not what the purpose says. */
  note: z.string().nullable(),
  extensions: z.array(z.string()),
  /** About the bytes its files will take; null: not known before. */
  estimate: Count.nullable(),
  /** Code to use the files; null: it needs none. */
  use: z.string().nullable(),
  /** What of `ExportSettings` it takes. */
  choices: z.array(z.enum(['confidence', 'images', 'pruning'])),
  /** Why this computer cannot compare the files with the network; null where it can. */
  unavailable: z.string().nullable(),
});
export type ExportFormat = z.infer<typeof ExportFormat>;

export const ExportFormats = z.object({
  /** Whether the run has parameters to export: it has finished, once at least. */
  isReady: z.boolean(),
  formats: z.array(ExportFormat),
  /** What networks are compared on: the test part, or the first of the others that has images. */
  compared: z.object({ part: z.enum(['train', 'validation', 'test']), images: Count }),
});
export type ExportFormats = z.infer<typeof ExportFormats>;

export const StoredConfidence = z.object({
  temperature: z.number().nullable(),
  unsureBelow: z.number().nullable(),
});

export const ExportedRun = z.object({
  format: z.string(),
  at: z.number(),
  /** The one to open first stands first. */
  files: z.array(z.object({ name: z.string(), bytes: Count })),
  /** Where they lie; null: they were downloaded, or are gone. */
  folder: z.string().nullable(),
  /** The job whose file can be downloaded; null: none any more. */
  job: z.string().nullable(),
  verified: Verification,
  shrinking: Shrinking.nullable(),
  /** Of a network whose confidence is not as it was trained. */
  confidence: StoredConfidence.nullable(),
  pruning: Pruning.nullable(),
});
export type ExportedRun = z.infer<typeof ExportedRun>;

export const ExportList = z.object({
  /** Newest first. */
  done: z.array(ExportedRun),
  /** The newest job of each format, running or over, as long as it is not dismissed. */
  jobs: z.array(z.object({ format: z.string(), job: z.string() })),
});
export type ExportList = z.infer<typeof ExportList>;

/** Files call answers unsure whose largest probability is below; null: they never do. */
const UnsureBelow = z.number().gt(0).max(1).nullable();

export const Sparsity = z.number().min(0.1).max(0.99);
export const FineTuneEpochs = z.int().min(0).max(10);

/** What can be chosen besides the format; a format takes of it what concerns it. */
export const ExportSettings = z.object({
  /** Logits are divided by the temperature that fits the validation part. */
  temperature: z.boolean(),
  unsureBelow: UnsureBelow,
  /** Of a capsule: the pictures themselves are in it. */
  images: z.boolean(),
  /** Of a pruned network: the share of weights set to zero, and how long it is trained then. */
  sparsity: Sparsity,
  fineTuneEpochs: FineTuneEpochs,
});
export type ExportSettings = z.infer<typeof ExportSettings>;

const Coverage = z.object({
  /** An answer is unsure where its largest probability is below. */
  threshold: Share,
  /** Share of the answers that are not unsure, and of those the share that is right; null: there are none. */
  coverage: Share,
  accuracy: Share.nullable(),
});
export type Coverage = z.infer<typeof Coverage>;

const PartConfidence = z.object({
  images: Count,
  /** Expected calibration error; `after` is with the temperature; null: none is defined. */
  calibrationError: z.object({ before: Measured.nullable(), after: Measured.nullable() }),
  /** At thresholds of 0 %, 1 %, … 99 %. */
  before: z.array(Coverage),
  /** With the temperature; null without one. */
  after: z.array(Coverage).nullable(),
});
export type PartConfidence = z.infer<typeof PartConfidence>;

/** How far a network's confidence can be relied on, measured on images it did not learn from. */
export const ConfidenceInfo = z.object({
  /** Fitted on the validation part; null: it cannot be, for want of such images or of finite answers. */
  temperature: z.object({ value: z.number(), isAtLimit: z.boolean() }).nullable(),
  /** Null: the run has no such images. */
  validation: PartConfidence.nullable(),
  test: PartConfidence.nullable(),
});
export type ConfidenceInfo = z.infer<typeof ConfidenceInfo>;

/** The run of a capsule, in this workspace. */
export const OpenedCapsule = z.object({
  run: RunName,
  /** What it was called where it was trained. */
  cameFrom: z.string(),
  /** Made of its images; null: they are here already, or the capsule has none. */
  dataset: z.object({ id: z.int().min(1), name: z.string() }).nullable(),
  /** Of the images of its snapshot, how many are not here: without them it cannot be run again. */
  missingImages: Count,
  images: Count,
});
export type OpenedCapsule = z.infer<typeof OpenedCapsule>;

const run = z.object({ run: RunName });

export const exports = {
  /** In the order of the table. */
  formats: oc.input(run.extend({ unsureBelow: UnsureBelow })).output(ExportFormats),
  /** Writes files and compares them: into a folder (desktop), or as one ZIP that the browser downloads. */
  start: oc
    .input(
      run.extend({
        format: z.string().max(40),
        folder: z.string().max(4096).nullable(),
        /** Files of the same name are replaced. */
        overwrite: z.boolean(),
        settings: ExportSettings,
      }),
    )
    .output(z.object({ job: z.string() })),
  list: oc.input(run).output(ExportList),
  confidence: oc.input(run).output(ConfidenceInfo),
  openCapsule: oc.input(z.object({ from: FileFrom })).output(OpenedCapsule),
};
