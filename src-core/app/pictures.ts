/** @file The pictures of images, as bytes that travel beside the bridge: packed thumbnails, PNG, the original. */
import { pageTilesMax } from '../contract.ts';
import type { ImageColumns } from '../data/columns.ts';
import { Thumbnails, tileSideMax, tileSideMin, toPng } from '../data/thumbnails.ts';
import { tilePage, type TileRecord } from '../data/tilePage.ts';
import { failure } from '../errors.ts';
import type { Blob } from '../workspace/blobs.ts';
import { partCode, type DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { ColumnStore } from './imageColumns.ts';
import type { OpenViews } from './openViews.ts';

type PictureTools = {
  readonly workspace: Workspace;
  readonly columns: ColumnStore;
  readonly views: OpenViews;
};

export function pictureCalls({ workspace, columns, views }: PictureTools) {
  const thumbnails = new Thumbnails((blob) => workspace.images.blob(blob));
  const picture = (image: number): Blob => {
    const found = workspace.blobs.ofImage(image);
    if (!found) throw failure('image-gone', undefined);
    return found;
  };
  return {
    async pageOf(view: string, start: number, count: number, side: number): Promise<Buffer> {
      requirePage(start, count, side);
      const { dataset, ids } = views.get(view);
      const shown = ids.subarray(start, start + count);
      const held = await columns.get(dataset);
      const { page, tiles } = tilePage(recordsOf(workspace, dataset, held, shown), side);
      const blobs = Array.from(shown, (id) => held.blobs[held.rowOf(id)]);
      await thumbnails.draw(blobs, side, tiles);
      return page;
    },

    imagePng: async (image: number): Promise<Buffer> => toPng(picture(image)),

    originalOf(image: number) {
      const { bytes, encoding } = picture(image);
      return { bytes, encoding };
    },
  };
}

function requirePage(start: number, count: number, side: number): void {
  const isWhole = [start, count, side].every((value) => Number.isInteger(value) && value >= 0);
  if (!isWhole) throw failure('page-invalid', { problem: 'start, count and side must be numbers' });
  if (count > pageTilesMax)
    throw failure('page-invalid', { problem: `${count} tiles, more than ${pageTilesMax}` });
  if (side < tileSideMin || side > tileSideMax)
    throw failure('page-invalid', { problem: `tiles of ${side} pixels` });
}

/** Images that are gone keep their place, without class, part or picture. */
function recordsOf(
  workspace: Workspace,
  dataset: DatasetId,
  held: ImageColumns,
  ids: Int32Array,
): TileRecord[] {
  const classes = workspace.classes.of(dataset);
  const positionOf = new Map<number, number>(classes.map(({ id, position }) => [id, position]));
  const positions = held.classIds.map((id) => positionOf.get(id) ?? -1);
  return Array.from(ids, (id) => {
    const row = held.rowOf(id);
    if (row < 0) return { id, position: -1, part: partCode.none, flagged: 0 };
    const position = positions[held.classes[row]!]!;
    return { id, position, part: held.parts[row]!, flagged: held.flagged[row]! };
  });
}
