/**
 * @file What an exporter process is asked and answers: one export, or how far a run's confidence can be relied on. It
 * opens the workspace beside the process that writes it, and only reads: what was exported is stored by who asked.
 */
import { z } from 'zod';
import {
  FineTuneEpochs,
  Pruning,
  Shrinking,
  Sparsity,
  Verification,
  type ConfidenceInfo,
} from '../contract/exporting.ts';
import { openCache, type TensorCache } from '../data/cache.ts';
import { InklingError } from '../errors.ts';
import { isDocumentName } from '../export/documents.ts';
import { parseRunId, type Run } from '../workspace/runs.ts';
import { openWorkspace, type Workspace } from '../workspace/workspace.ts';
import type { ConfidenceReport, PartConfidence } from './confidence.ts';
import { exportDocument } from './documents.ts';
import { measuredOrNull } from './measured.ts';
import { exportRun } from './exportRun.ts';
import { runConfidence } from './trained.ts';

/** The tensor cache of the run's snapshot has been made. */
const about = { workspace: z.string(), run: z.string() };
export const ExportWork = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('export'),
    ...about,
    options: z.strictObject({
      format: z.string(),
      folder: z.string(),
      overwrite: z.boolean(),
      staging: z.string(),
      temperature: z.boolean().optional(),
      unsureBelow: z.number().nullable().optional(),
      images: z.boolean().optional(),
      sparsity: Sparsity.optional(),
      fineTuneEpochs: FineTuneEpochs.optional(),
    }),
  }),
  z.strictObject({ kind: z.literal('confidence'), ...about }),
]);
export type ExportWork = z.infer<typeof ExportWork>;

export const ExportAnswer = z.object({
  format: z.string(),
  files: z.array(z.string()),
  verified: Verification,
  bytes: Shrinking.optional(),
  note: z.string().optional(),
  pruning: Pruning.optional(),
  /** Where a temperature or a threshold was asked for; made by `measureConfidence` in a process of our own. */
  confidence: z.custom<ConfidenceReport>().optional(),
});
export type ExportAnswer = z.infer<typeof ExportAnswer>;

export type ExportWorkPorts = {
  readonly clock: () => number;
  readonly progress: (done: number, total: number) => void;
};

/** @throws InklingError of `exportRun` */
export async function exportWork(asked: unknown, ports: ExportWorkPorts): Promise<unknown> {
  const work = ExportWork.parse(asked);
  const workspace = openWorkspace(work.workspace, { clock: ports.clock, onlyReads: true });
  try {
    const run = workspace.runs.get(parseRunId(work.run));
    const samples = openCache(workspace.cacheFolder, run.snapshot);
    if (work.kind === 'confidence') return await confidence(workspace, run, samples);
    const { progress } = ports;
    const options = { ...work.options, progress };
    if (isDocumentName(options.format))
      return await exportDocument(options.format, { workspace, run, samples, options });
    return await exportRun(workspace, run, samples, options);
  } finally {
    workspace.close();
  }
}

async function confidence(
  workspace: Workspace,
  run: Run,
  samples: TensorCache,
): Promise<ConfidenceInfo> {
  const measure = (temperature: boolean) =>
    runConfidence(workspace, run, samples, { temperature, unsureBelow: null });
  const before = await measure(false);
  const after = await calibrated(() => measure(true));
  const part = (name: 'validation' | 'test') =>
    before[name] && partOf(before[name], after?.[name] ?? null);
  return {
    temperature: after?.temperature ?? null,
    validation: part('validation'),
    test: part('test'),
  };
}

/** Null where no temperature can be fitted. */
async function calibrated(
  measure: () => Promise<ConfidenceReport>,
): Promise<ConfidenceReport | null> {
  try {
    return await measure();
  } catch (error) {
    if (error instanceof InklingError && error.code === 'calibration-impossible') return null;
    throw error;
  }
}

function partOf(
  before: PartConfidence,
  after: PartConfidence | null,
): NonNullable<ConfidenceInfo['test']> {
  return {
    images: before.samples,
    calibrationError: {
      before: measuredOrNull(before.calibrationError.before),
      after: after && measuredOrNull(after.calibrationError.after),
    },
    before: curveOf(before),
    after: after && curveOf(after),
  };
}

const curveOf = ({ curve }: PartConfidence) =>
  curve.map(({ threshold, coverage, accuracy }) => ({ threshold, coverage, accuracy }));
