/**
 * @file A dataset as files: plan → files of a format → folder or ZIP. All or nothing, in the background: the event
 * loop gets its turn after every few images.
 */
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { failure } from '../../errors.ts';
import type { Blob } from '../../workspace/blobs.ts';
import type { Dataset } from '../../workspace/datasets.ts';
import type { Workspace } from '../../workspace/workspace.ts';
import { decodeToTensor } from '../decode/decode.ts';
import { exportFormats, type DatasetExportFormat, type ExportSource } from './formats.ts';
import { planImages, safeStep, type Planned } from './plan.ts';
import { grayPng } from './png.ts';
import { folderSink, zipSink } from './sinks.ts';

export type { DatasetExportFormat };

export type DatasetExportRequest = {
  readonly format: DatasetExportFormat;
  /** The file or folder is made in here, named after the dataset. */
  readonly folder: string;
  /** One ZIP of the files, whatever the format. */
  readonly packed: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
};

/** Images between two turns of the event loop: a few milliseconds. */
const turnImages = 32;

/**
 * @returns what was made: a ZIP file or a folder.
 * @throws InklingError `dataset-unexportable`, `file-exists`, `folder-unwritable`, `disk-full`; the signal's reason
 *   when aborted. Nothing is left then.
 */
export async function exportDataset(
  workspace: Workspace,
  dataset: Dataset,
  request: DatasetExportRequest,
): Promise<string> {
  const { format, folder, packed, signal } = request;
  const { isArchive, files } = exportFormats[format];
  const source = await exportSource(workspace, dataset, progressOf(request));
  if (source.images.length === 0)
    throw failure('dataset-unexportable', { name: dataset.name, problem: 'it has no images' });
  const bare = safeStep(dataset.name.replaceAll('/', '_'));
  const target = join(folder, isArchive ? bare : `${bare}-${format}`);
  const sink =
    packed || isArchive
      ? await zipSink(`${target}.zip`, dataset.createdAt)
      : await folderSink(target);
  try {
    for await (const { path, content } of files(source)) {
      signal?.throwIfAborted();
      await sink.add(path, content);
    }
    return await sink.finish(() => signal?.throwIfAborted());
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** Called before each image: counts it, lets the event loop turn, and ends what was aborted. */
function progressOf({ signal, onProgress }: DatasetExportRequest) {
  let done = 0;
  return async (total: number): Promise<void> => {
    if (done % turnImages === 0) {
      await turn();
      signal?.throwIfAborted();
    }
    onProgress?.({ done: ++done, total });
  };
}

async function exportSource(
  workspace: Workspace,
  dataset: Dataset,
  begun: (total: number) => Promise<void>,
): Promise<ExportSource> {
  const images = await planImages(workspace, dataset);
  const blobOf = async ({ id, name }: Planned): Promise<Blob> => {
    await begun(images.length);
    return workspace.blobs.ofImage(id) ?? lost(dataset, name);
  };
  return {
    name: dataset.name,
    images,
    async fileOf(image) {
      const { encoding, bytes, width, height } = await blobOf(image);
      return encoding === 'raw' ? grayPng(bytes, width, height) : bytes;
    },
    async pixelsOf(image) {
      const blob = await blobOf(image);
      const { width, height } = blob;
      return blob.encoding === 'raw'
        ? blob.bytes
        : decodeToTensor(blob, { channels: 1, width, height });
    },
  };
}

/** Half an export would look whole. */
function lost({ name }: Dataset, image: string): never {
  throw failure('dataset-unexportable', {
    name,
    problem: `the image ${image} was removed while it was being written`,
  });
}
