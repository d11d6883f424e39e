/**
 * @file Datasets as pages work with them: made, renamed, removed, their classes edited, filled by imports and written
 * as files, the last three as jobs. Whatever changes is stored, then told.
 */
import { rm } from 'node:fs/promises';
import type { ClassInfo, DatasetInfo, ImportPreview } from '../contract.ts';
import { exportDataset, type DatasetExportFormat } from '../data/export/exportDataset.ts';
import { previewPath, type ImportProgress, type ImportReport } from '../data/import/importPath.ts';
import type { Given } from '../data/import/source.ts';
import type { ClassId, DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Tell } from './hub.ts';
import type { ImageCalls } from './images.ts';
import type { JobCall, Jobs, JobResult } from './jobs.ts';

/** Where one file lies: `shown` is what messages call it, `done` takes away what was only kept for it. */
export type FilePlace = {
  readonly path: string;
  readonly shown: string;
  readonly done?: () => Promise<void>;
};

/** Where an import reads: one path, or several that were chosen together. */
export type ImportPlace = Omit<FilePlace, 'path'> & { readonly path: Given };

export type DatasetPorts = {
  readonly workspace: Workspace;
  readonly images: ImageCalls;
  readonly jobs: Jobs;
  readonly tell: Tell;
  readonly importPath: (given: Given, request: Importing) => Promise<ImportReport>;
  readonly sampleDigits: (
    request: Importing & { readonly count: number; readonly seed: number },
  ) => Promise<ImportReport>;
};

type Importing = {
  readonly dataset: string;
  readonly shown?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
};

/** Split and sample of a dataset made by hand: any fixed number will do, as long as it is the same tomorrow. */
const splitSeed = 1;

export function datasetCalls(ports: DatasetPorts) {
  const { workspace, images, tell } = ports;
  const { datasets } = workspace;
  const info = (id: number): DatasetInfo => images.datasetInfo(id);
  /** Everyone who shows it looks again. */
  const changed = (id: number): void => {
    images.forget(id);
    tell({ kind: 'dataset', dataset: id });
    tell({ kind: 'datasets' });
  };
  return {
    list: (): Promise<DatasetInfo[]> => images.datasetInfos(),
    get: info,

    /** @throws InklingError `dataset-exists` */
    create(name: string, classes: readonly string[]): DatasetInfo {
      const { id } = workspace.transaction(() => {
        const made = datasets.create(name, splitSeed);
        datasets.addClasses(made.id, [...new Set(classes)]);
        return made;
      });
      changed(id);
      return info(id);
    },

    /** @throws InklingError `dataset-unknown`, `dataset-exists` */
    rename(id: number, name: string): void {
      datasets.rename(idOf(workspace, id), name);
      changed(id);
    },

    /** @throws InklingError `dataset-unknown` */
    remove(id: number): void {
      datasets.remove(idOf(workspace, id));
      changed(id);
    },

    ...jobCalls(ports, changed),
  };
}

function jobCalls(ports: DatasetPorts, changed: (dataset: number) => void) {
  const { workspace, jobs, importPath, sampleDigits } = ports;
  const filled = (report: ImportReport): JobResult => {
    changed(workspace.datasets.get(report.dataset).id);
    const { classes, skipped } = report;
    return { report: { ...report, classes: [...classes], skipped: [...skipped] } };
  };
  const importing = (dataset: string, { signal, progress }: JobCall): Importing => ({
    dataset,
    signal,
    onProgress: progress,
  });
  return {
    /** Writes nothing. @throws InklingError those of the formats */
    preview: ({ path, shown }: ImportPlace): Promise<ImportPreview> => previewJson(path, shown),

    import: (place: ImportPlace, dataset: string): string =>
      jobs.start({
        kind: 'import',
        title: `Importing ${place.shown}`,
        work: async (call) =>
          filled(await importPath(place.path, { ...importing(dataset, call), shown: place.shown })),
        ...(place.done && { cleanUp: place.done }),
      }),

    sample: (name: string, count: number, seed: number): string =>
      jobs.start({
        kind: 'sample',
        title: `Making ${count} sample digits`,
        work: async (call) => filled(await sampleDigits({ ...importing(name, call), count, seed })),
      }),

    /**
     * @param into a folder of the user's, or one of the program's, whose content lives as long as the job.
     * @throws InklingError `dataset-unknown`
     */
    export(id: number, format: DatasetExportFormat, into: ExportPlace): string {
      const dataset = workspace.datasets.byId(idOf(workspace, id));
      return jobs.start({
        kind: 'export',
        title: `Exporting ${dataset.name}`,
        async work({ signal, progress }) {
          const { folder, kept, packed } = into;
          const request = { format, folder, packed, signal, onProgress: progress };
          const file = await exportDataset(workspace, dataset, request);
          return kept
            ? { file }
            : { file, discard: () => rm(folder, { recursive: true, force: true }) };
        },
      });
    },
  };
}

export type ExportPlace = {
  readonly folder: string;
  /** False: taken away when the job is dismissed. */
  readonly kept: boolean;
  /** As one ZIP file, whatever the format: what a browser can download. */
  readonly packed: boolean;
};

const previewJson = async (path: Given, shown: string): Promise<ImportPreview> => {
  const { classes, read, ...preview } = await previewPath(path, shown);
  return {
    ...preview,
    classes: [...classes],
    read: { ...read, unreadable: [...read.unreadable] },
  };
};

export function classCalls({ workspace, images, tell }: DatasetPorts) {
  const { classes } = workspace;
  /** Runs a change of a dataset's classes, then tells of it. @throws InklingError `dataset-unknown` */
  const edit = <T>(dataset: number, change: (dataset: DatasetId) => T): T => {
    const result = change(idOf(workspace, dataset));
    images.forget(dataset);
    tell({ kind: 'dataset', dataset });
    return result;
  };
  // Ids come from a page as plain numbers; the queries refuse one that is not a class of the dataset.
  const asClass = (id: number): ClassId => id as ClassId;
  return {
    add(dataset: number, name: string): ClassInfo {
      const { id } = edit(dataset, (owner) => classes.add(owner, name));
      return images.datasetInfo(dataset).classes.find((one) => one.id === id)!;
    },
    rename: (dataset: number, id: number, name: string) =>
      void edit(dataset, (owner) => classes.rename(owner, asClass(id), name)),
    merge: (dataset: number, id: number, into: number) =>
      void edit(dataset, (owner) => classes.merge(owner, asClass(id), asClass(into))),
    recolor: (dataset: number, id: number, color: string) =>
      void edit(dataset, (owner) => classes.recolor(owner, asClass(id), color)),
    bind: (dataset: number, id: number, key: string | null) =>
      void edit(dataset, (owner) => classes.bind(owner, asClass(id), key)),
    reorder: (dataset: number, ids: readonly number[]) =>
      void edit(dataset, (owner) => classes.reorder(owner, ids.map(asClass))),
    remove: (dataset: number, id: number) =>
      void edit(dataset, (owner) => classes.remove(owner, asClass(id))),
  };
}

/** A number from a page as the id of a dataset that is there. @throws InklingError `dataset-unknown` */
const idOf = (workspace: Workspace, id: number): DatasetId =>
  workspace.datasets.byId(id as DatasetId).id;
