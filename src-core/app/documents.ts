/** @file Writes the documents of a run: what `export/documents.ts` lists, made of everything the workspace holds. */
import type { TensorCache } from '../data/cache.ts';
import { failure } from '../errors.ts';
import type { DocumentName } from '../export/documents.ts';
import { intoFolder, type Exported, type Writing } from '../export/exportNetwork.ts';
import { reportWriting } from '../export/report/writeReport.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { capsuleWriting } from './capsule/writeCapsule.ts';
import { reportData, stepData } from './report.ts';
import type { ExportOptions } from './exportRun.ts';
import { withKept } from './trained.ts';

type Asked = {
  readonly workspace: Workspace;
  readonly run: Run;
  readonly samples: TensorCache;
  readonly options: ExportOptions;
};

const writings = {
  report: ({ workspace, run, samples }: Asked): Promise<Writing> =>
    withKept(workspace, run, async (predictor) => {
      const data = await reportData(workspace, run, samples, predictor);
      return reportWriting(data, stepData(workspace, run));
    }),

  capsule: ({ workspace, run, options }: Asked): Promise<Writing> =>
    capsuleWriting(workspace, run, options.images ?? false),
} satisfies Record<DocumentName, (asked: Asked) => Promise<Writing>>;

/** @throws InklingError `run-unfinished`, and of `intoFolder`, `capsuleWriting` */
export async function exportDocument(name: DocumentName, asked: Asked): Promise<Exported> {
  const { run, options } = asked;
  if (run.result === null)
    throw failure('run-unfinished', { run: run.id, status: run.state.status });
  const { folder, overwrite, staging } = options;
  const place = { folder, overwrite, ...(staging !== undefined && { staging }) };
  return { format: name, ...(await intoFolder(place, await writings[name](asked))) };
}
