/**
 * @file A dataset in figures: from its columns where they are in memory (it is asked after every keystroke), else
 * counted by the store.
 */
import type { DatasetInfo } from '../contract.ts';
import type { ImageColumns } from '../data/columns.ts';
import { classKeys } from '../workspace/classes.ts';
import type { Dataset } from '../workspace/datasets.ts';
import type { LabelEdit } from '../workspace/labels.ts';
import { partCode, type DatasetId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { columnsKeptMax, type ColumnStore } from './imageColumns.ts';

type Figures = Pick<DatasetInfo, 'images' | 'flagged' | 'splits'> & {
  /** By class id, 0 for unlabeled. */
  readonly classes: ReadonlyMap<number, number>;
};

export function datasetInfos(workspace: Workspace, columns: ColumnStore) {
  const infoOf = ({ id, name, createdAt }: Dataset): DatasetInfo => {
    const held = columns.peek(id);
    const figures = held ? figuresFromColumns(held) : figuresFromStore(workspace, id);
    const { images, flagged, splits } = figures;
    const classes = workspace.classes.of(id);
    const keys = classKeys(classes);
    return {
      id,
      name,
      createdAt,
      images,
      unlabeled: figures.classes.get(0) ?? 0,
      flagged,
      classes: classes.map((one, i) => ({
        ...one,
        key: keys[i] ?? null,
        count: figures.classes.get(one.id) ?? 0,
      })),
      splits,
      undo: words(workspace, id, workspace.labels.undoable(id)),
      redo: words(workspace, id, workspace.labels.redoable(id)),
    };
  };
  return {
    // A number that is no id finds nothing in the store.
    datasetInfo: (id: number) => infoOf(workspace.datasets.byId(id as DatasetId)),
    /** The newest datasets are read into memory for it: no slower than counting, and they are what is opened next. */
    async datasetInfos(): Promise<DatasetInfo[]> {
      const newest = workspace.datasets.list().sort((a, b) => b.createdAt - a.createdAt);
      for (const { id } of newest.slice(0, columnsKeptMax)) await columns.get(id);
      return workspace.datasets.list().map(infoOf);
    },
  };
}

function figuresFromColumns(columns: ImageColumns): Figures {
  const { count, classes, parts, flagged, classIds } = columns;
  const byClass = new Uint32Array(classIds.length);
  const byPart = new Uint32Array(4);
  let flaggedCount = 0;
  for (let row = 0; row < count; row++) {
    byClass[classes[row]!]!++;
    byPart[parts[row]!]!++;
    flaggedCount += flagged[row]!;
  }
  const part = (name: keyof typeof partCode): number => byPart[partCode[name]]!;
  return {
    images: count,
    flagged: flaggedCount,
    classes: new Map(classIds.map((id, number) => [id, byClass[number]!])),
    splits: {
      train: part('train'),
      validation: part('validation'),
      test: part('test'),
      none: part('none'),
    },
  };
}

function figuresFromStore(workspace: Workspace, dataset: DatasetId): Figures {
  const counts = workspace.datasets.classCounts(dataset);
  return {
    ...workspace.images.counts(dataset),
    classes: new Map(counts.map(({ class: id, count }) => [id ?? 0, count])),
    splits: workspace.splits.counts(dataset),
  };
}

function words(workspace: Workspace, dataset: DatasetId, edit: LabelEdit | null): string | null {
  if (!edit) return null;
  const images = edit.images === 1 ? '1 image' : `${edit.images} images`;
  if (edit.to === null) return `take the label from ${images}`;
  return `label ${images} ${workspace.classes.names(dataset).get(edit.to) ?? ''}`.trimEnd();
}
