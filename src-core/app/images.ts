/**
 * @file Looking at images, labeling them and dividing them: everything behind the contract's groups `images`,
 * `labels` and `splits`, and the pictures that travel beside it.
 *
 * A view is a list of image ids, fixed when it is opened: labeling does not move what one is looking at. What is
 * shown of each image is always as it is now.
 */
import {
  selectionMax,
  type DatasetInfo,
  type ImageFilter,
  type ImageInfo,
  type ImageSort,
  type Part,
  type Target,
  type View,
} from '../contract.ts';
import type { ImageColumns } from '../data/columns.ts';
import { redrawSplits, type Shares } from '../data/redraw.ts';
import {
  filterRows,
  orderIds,
  type ViewFacets,
  type ViewOrder,
  type ViewPredictions,
} from '../data/view.ts';
import { failure } from '../errors.ts';
import type { Encoding } from '../workspace/blobs.ts';
import { partCode, type ClassId, type DatasetId, type ImageId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { datasetInfos } from './datasetInfo.ts';
import { addImage, type AddedImage } from './addImage.ts';
import { Evaluations } from './evaluations.ts';
import { ColumnStore } from './imageColumns.ts';
import { OpenViews, type OpenView } from './openViews.ts';
import { pictureCalls } from './pictures.ts';
import { rowPredictions } from './rowPredictions.ts';

export type ImagePorts = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told after a call here changed images, labels, flags or parts of a dataset. */
  readonly changed: (dataset: number) => void;
};

type Changed = { changed: number };
type OnTarget = { readonly dataset: number; readonly target: Target };

export type ImageCalls = {
  /** What is in memory of the images that are looked at: evaluations are opened as views, and filter them. */
  readonly shared: {
    readonly columns: ColumnStore;
    readonly views: OpenViews;
    readonly evaluations: Evaluations;
  };
  readonly images: {
    open(input: { dataset: number; filter: ImageFilter; sort: ImageSort }): Promise<View>;
    add(input: AddedImage): Promise<{ image: number; isNew: boolean }>;
    info(input: { image: number }): Promise<ImageInfo>;
    locate(input: { view: string; image: number }): Promise<{ position: number | null }>;
    range(input: { view: string; from: number; to: number }): Promise<{ ids: number[] }>;
    /** For good: undo does not bring images back. */
    remove(input: OnTarget): Promise<Changed>;
    flag(input: OnTarget & { flagged: boolean }): Promise<Changed>;
  };
  readonly labels: {
    set(input: OnTarget & { class: number | null }): Promise<Changed>;
    undo(input: { dataset: number }): Promise<{ changed: number | null }>;
    redo(input: { dataset: number }): Promise<{ changed: number | null }>;
  };
  readonly splits: {
    redraw(input: Shares & { readonly dataset: number; readonly seed: number }): Promise<void>;
    assign(input: OnTarget & { part: Part | null }): Promise<Changed>;
  };
  /** The packed page that `paths.page` describes. Positions beyond the view's end are left out. */
  pageOf(view: string, start: number, count: number, side: number): Promise<Buffer>;
  imagePng(image: number): Promise<Buffer>;
  originalOf(image: number): { readonly bytes: Buffer; readonly encoding: Encoding };
  /** Counts, classes with color and key, and what undo and redo would do. @throws `dataset-gone` */
  datasetInfo(dataset: number): DatasetInfo;
  /** Of all datasets, by name. */
  datasetInfos(): Promise<DatasetInfo[]>;
  /** Lets go of what is in memory of a dataset. Never needed for being right: the columns notice every change. */
  forget(dataset: number): void;
};

/** What the groups of calls below work with. */
type Tools = ImagePorts & {
  readonly workspace: Workspace;
  readonly columns: ColumnStore;
  readonly views: OpenViews;
  readonly evaluations: Evaluations;
};

export function imageCalls(workspace: Workspace, ports: ImagePorts): ImageCalls {
  const columns = new ColumnStore(workspace);
  const views = new OpenViews(ports.now());
  const evaluations = new Evaluations(ports.now());
  const tools: Tools = { ...ports, workspace, columns, views, evaluations };
  return {
    shared: { columns, views, evaluations },
    images: {
      ...viewCalls(tools),
      ...imageChanges(tools),
      add: async (added) => {
        const found = await addImage(workspace, added);
        if (found.isNew) {
          columns.drop(datasetId(added.dataset));
          ports.changed(added.dataset);
        }
        return found;
      },
    },
    labels: labelCalls(tools),
    splits: splitCalls(tools),
    ...pictureCalls(tools),
    ...datasetInfos(workspace, columns),
    forget: (dataset) => columns.drop(datasetId(dataset)),
  };
}

function viewCalls(tools: Tools) {
  const { workspace, columns, views } = tools;
  return {
    async open(input: { dataset: number; filter: ImageFilter; sort: ImageSort }): Promise<View> {
      const { filter, sort } = input;
      const dataset = workspace.datasets.byId(datasetId(input.dataset)).id;
      const held = await columns.get(dataset);
      const text = filter.text === undefined || filter.text === '' ? null : filter.text;
      const withText = text === null ? null : columns.withText(dataset, held, text);
      const said = predictionsFor(tools, dataset, held, filter);
      const { rows, facets } = filterRows(held, filter, withText, said);
      const order = orderOf(tools, dataset, held, sort.by, said);
      const ids = orderIds(held, rows, order, sort.descending);
      const view = views.add({ dataset, ids });
      return { view, count: ids.length, facets: facetsFor(workspace, dataset, facets) };
    },

    info: async ({ image }: { image: number }): Promise<ImageInfo> =>
      infoOf(workspace, imageId(image)),

    locate: async ({ view, image }: { view: string; image: number }) => {
      const position = views.get(view).ids.indexOf(image);
      return { position: position < 0 ? null : position };
    },

    async range({ view, from, to }: { view: string; from: number; to: number }) {
      const first = Math.min(from, to);
      const ids = views.get(view).ids.subarray(first, Math.max(from, to) + 1);
      if (ids.length > selectionMax)
        throw failure('selection-too-large', { count: ids.length, limit: selectionMax });
      return { ids: [...ids] };
    },
  };
}

/** More are a list nobody reads; a picture may occur thousands of times. */
const duplicatesShownMax = 100;

function infoOf(workspace: Workspace, image: ImageId): ImageInfo {
  const { dataset, flagged, ...details } = workspace.images.details(image);
  const names = workspace.classes.names(dataset);
  const nameOf = (id: ClassId | null): string | null =>
    id === null ? null : (names.get(id) ?? null);
  const history = workspace.labels.history(image).toReversed();
  return {
    ...details,
    flagged: flagged === 1,
    history: history.map(({ at, origin, from, to }) => ({
      at,
      origin,
      from: nameOf(from),
      to: nameOf(to),
    })),
    duplicates: workspace.images.duplicates(image, duplicatesShownMax),
  };
}

/** Null where the filter names no evaluation. @throws InklingError `evaluation-gone`, `call-invalid` */
function predictionsFor(
  { workspace, evaluations }: Tools,
  dataset: DatasetId,
  held: ImageColumns,
  { evaluation, predicted, wrong, confidence }: ImageFilter,
): ViewPredictions | null {
  if (evaluation !== undefined)
    return rowPredictions(workspace, dataset, held, evaluations.get(evaluation));
  if ([predicted, wrong, confidence].some((condition) => condition !== undefined))
    throw failure('call-invalid', { problem: 'this filter needs an evaluation' });
  return null;
}

function orderOf(
  { workspace, columns }: Tools,
  dataset: DatasetId,
  held: ImageColumns,
  by: ImageSort['by'],
  said: ViewPredictions | null,
): ViewOrder {
  if (by === 'confidence' || by === 'labelProbability') {
    if (!said) throw failure('call-invalid', { problem: 'this order needs an evaluation' });
    const { confidence, labelProbability } = said;
    const shareOf = by === 'confidence' ? (row: number) => confidence[row]! : labelProbability;
    return { by: 'share', shareOf };
  }
  if (by === 'name') return { by, ranks: columns.nameRanks(dataset, held) };
  if (by === 'random') return { by, seed: workspace.datasets.byId(dataset).splitSeed };
  if (by !== 'class') return { by };
  const classes = workspace.classes.of(dataset);
  const positionOf = new Map<number, number>(classes.map(({ id, position }) => [id, position]));
  return { by, positions: held.classIds.map((id) => positionOf.get(id) ?? classes.length) };
}

/** Every class of the dataset, in order, and the unlabeled (0) last. */
function facetsFor(workspace: Workspace, dataset: DatasetId, facets: ViewFacets): View['facets'] {
  const ids = [...workspace.classes.of(dataset).map(({ id }) => id), 0];
  const counted = (counts: ReadonlyMap<number, number>) =>
    ids.map((id) => ({ id, count: counts.get(id) ?? 0 }));
  const { predictions } = facets;
  return {
    ...facets,
    classes: counted(facets.classes),
    predictions: predictions && {
      predicted: counted(predictions.predicted),
      wrong: predictions.wrong,
    },
  };
}

function imageChanges(tools: Tools) {
  const { workspace } = tools;
  return {
    remove: (input: OnTarget): Promise<Changed> =>
      onTarget(tools, input, {
        write: (dataset, ids) => workspace.images.remove(dataset, ids),
        apply: (columns, ids) => columns.remove(ids),
      }),

    flag: ({ flagged, ...input }: OnTarget & { flagged: boolean }): Promise<Changed> =>
      onTarget(tools, input, {
        write: (dataset, ids) => workspace.images.flag(dataset, ids, flagged),
        apply: (columns, ids) => columns.flag(ids, flagged),
      }),
  };
}

function labelCalls(tools: Tools) {
  const { workspace, columns, changed: tell } = tools;
  const { labels } = workspace;
  /** Changes labels; the columns take over what the newest batch changed. */
  const relabel = async (id: number, write: () => number | null): Promise<number | null> => {
    const dataset = datasetId(id);
    const changed = await columns.change(dataset, write, (held, count) => {
      if (count) held.label(labels.latest(dataset));
    });
    if (changed !== null) tell(dataset);
    return changed;
  };
  return {
    async set({ dataset, target, class: to }: OnTarget & { class: number | null }) {
      // A class's number is its id; the store refuses one that is not.
      const classId = to as ClassId | null;
      const write = () => {
        const ids = idsOf(tools, dataset, target);
        return labels.set(datasetId(dataset), ids, classId, 'human');
      };
      return { changed: (await relabel(dataset, write)) ?? 0 };
    },

    undo: async ({ dataset }: { dataset: number }) => ({
      changed: await relabel(dataset, () => labels.undo(datasetId(dataset))),
    }),

    redo: async ({ dataset }: { dataset: number }) => ({
      changed: await relabel(dataset, () => labels.redo(datasetId(dataset))),
    }),
  };
}

/** Shares come from sliders: their sum is as exact as adding fractions is. */
const sharesTolerance = 1e-6;

function splitCalls(tools: Tools) {
  const { workspace, columns, changed } = tools;
  return {
    async redraw(input: Shares & { readonly dataset: number; readonly seed: number }) {
      const { dataset: id, seed, train, validation, test } = input;
      const sum = train + validation + test;
      if (Math.abs(sum - 1) > sharesTolerance) throw failure('shares-invalid', { sum });
      const dataset = workspace.datasets.byId(datasetId(id)).id;
      const shares = { train, validation, test };
      workspace.splits.redraw(dataset, (request) => redrawSplits(request, shares, seed));
      columns.drop(dataset);
      changed(dataset);
    },

    assign: ({ part, ...input }: OnTarget & { part: Part | null }): Promise<Changed> =>
      onTarget(tools, input, {
        write: (dataset, ids) => workspace.splits.put(dataset, ids, part),
        apply: (held, ids) => held.assign(ids, partCode[part ?? 'none']),
      }),
  };
}

type TargetChange = {
  readonly write: (dataset: DatasetId, ids: ImageId[]) => number;
  readonly apply: (columns: ImageColumns, ids: readonly ImageId[]) => void;
};

async function onTarget(
  tools: Tools,
  { dataset: id, target }: OnTarget,
  { write, apply }: TargetChange,
): Promise<Changed> {
  const dataset = datasetId(id);
  let ids: ImageId[] = [];
  const changed = await tools.columns.change(
    dataset,
    () => write(dataset, (ids = idsOf(tools, dataset, target))),
    (columns) => apply(columns, ids),
  );
  if (changed > 0) tools.changed(dataset);
  return { changed };
}

/** The images meant; of a view, those that are still there. @throws InklingError `view-gone` */
function idsOf({ views, workspace }: Tools, dataset: number, target: Target): ImageId[] {
  if (target.kind === 'images') return target.ids.map(imageId);
  const view: OpenView = views.get(target.view);
  if (view.dataset !== dataset) throw failure('view-gone', undefined);
  return workspace.images.existing(view.dataset, [...view.ids].map(imageId));
}

// Brands: the contract carries plain numbers, and a number that is no id finds nothing in the store.
const datasetId = (id: number): DatasetId => id as DatasetId;
const imageId = (id: number): ImageId => id as ImageId;
