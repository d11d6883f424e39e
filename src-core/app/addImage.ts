/** @file One picture added to a dataset, a drawing for example: by the way of every import, with its checks. */
import { failure, InklingError } from '../errors.ts';
import { inspectImage } from '../data/decode/decode.ts';
import { importSource } from '../data/import/importPath.ts';
import type { Source } from '../data/import/source.ts';
import { blobHash } from '../workspace/blobs.ts';
import type { ClassId, DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';

export type AddedImage = {
  readonly dataset: number;
  readonly class: number | null;
  readonly name: string;
  /** A file of any picture format, as base64. */
  readonly picture: string;
};

/** @throws InklingError `dataset-gone`, `class-gone`, `image-…`, `import-running` */
export async function addImage(
  workspace: Workspace,
  added: AddedImage,
): Promise<{ image: number; isNew: boolean }> {
  const { name } = added;
  // Numbers from a page; the queries refuse those that are not there.
  const dataset = workspace.datasets.byId(added.dataset as DatasetId);
  const label = added.class === null ? null : nameOf(workspace, dataset.id, added.class as ClassId);
  const bytes = Buffer.from(added.picture, 'base64');
  // Looked at here already: a picture that cannot be used is refused with its own reason, not as an empty import.
  const info = await inspectImage(bytes).catch((error: unknown) => {
    if (!(error instanceof InklingError)) throw error;
    throw new InklingError(error.code, `${name}: ${error.message}`, error.hint);
  });
  const item = { path: name, label, part: null };
  const source: Source = {
    items: [item],
    async *batches() {
      yield { found: [{ item, bytes, raw: null }], skipped: [] };
    },
  };
  const request = { dataset: dataset.name, path: name, format: 'picture' as const };
  const { images } = await importSource(workspace, source, request);
  const image = workspace.images.find(dataset.id, name, blobHash({ ...info, bytes }));
  if (image === undefined) throw failure('image-gone', undefined);
  return { image, isNew: images > 0 };
}

function nameOf(workspace: Workspace, dataset: DatasetId, id: ClassId): string {
  const found = workspace.classes.of(dataset).find((one) => one.id === id);
  if (!found) throw failure('class-gone', undefined);
  return found.name;
}
