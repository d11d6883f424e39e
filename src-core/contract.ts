/**
 * @file Every procedure and event between a page and the core, with its input and output. The only core file the
 * page and the preload import. Limits stand here: what does not fit is refused before anything is done with it.
 *
 * Pictures do not pass here: they travel beside it as binary (`paths` below), in every host under the same paths.
 */
import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { exports } from './contract/exporting.ts';
import { addImage, FileFrom, FilePath, inspect, models } from './contract/inspecting.ts';
import { RunInfo, RunName, runs, training } from './contract/training.ts';

/** Longest text a person types: a name of a dataset, class or filter. */
const nameLength = 120;
/** Largest selection sent by id; a larger one is a filter. */
export const selectionMax = 100_000;
/** Files dropped together: as many as a browser may upload. */
const importPathsMax = 200_000;
/** Classes of a dataset. */
const classesMax = 4096;

const Id = z.int().min(1);
const Count = z.int().min(0);
const Name = z.string().trim().min(1).max(nameLength);
const Share = z.number().min(0).max(1);
export const Part = z.enum(['train', 'validation', 'test']);
export type Part = z.infer<typeof Part>;
/** `#rrggbb` */
const Color = z.string().regex(/^#[0-9a-f]{6}$/);
/** What `KeyboardEvent.key` says, lower case: `7`, `a`. */
const Key = z.string().min(1).max(20);

export const ClassInfo = z.object({
  id: Id,
  name: Name,
  /** From 0: the class index of labels. */
  position: Count,
  color: Color,
  /** The key that labels with it; null where there are more classes than keys. */
  key: Key.nullable(),
  count: Count,
});
export type ClassInfo = z.infer<typeof ClassInfo>;

export const DatasetInfo = z.object({
  id: Id,
  name: Name,
  createdAt: z.number(),
  images: Count,
  unlabeled: Count,
  flagged: Count,
  classes: z.array(ClassInfo),
  splits: z.object({ train: Count, validation: Count, test: Count, none: Count }),
  /** What undo and redo would take back or repeat, in words; null: nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable(),
});
export type DatasetInfo = z.infer<typeof DatasetInfo>;

/** Which images: every given condition holds. Absent: no condition. */
export const ImageFilter = z.object({
  /** Class ids; 0 is "unlabeled". */
  classes: z.array(Count).max(classesMax).optional(),
  parts: z.array(z.enum(['train', 'validation', 'test', 'none'])).optional(),
  /** Marked as unsure. */
  flagged: z.boolean().optional(),
  /** True: images whose content occurs more than once. */
  duplicate: z.boolean().optional(),
  /** Who gave the current label. */
  origins: z.array(z.enum(['human', 'import', 'model'])).optional(),
  /** Part of the name it was imported under. */
  text: z.string().max(nameLength).optional(),
  /** The evaluation (`inspect.evaluate`) whose predictions the three conditions below and two orders are about. */
  evaluation: z.string().max(64).optional(),
  /** Class ids; 0 is a class of the model's that the dataset does not have. */
  predicted: z.array(Count).max(classesMax).optional(),
  /** Predicted otherwise than labeled now; an image without a label is neither. */
  wrong: z.boolean().optional(),
  /** Probability of the class predicted, both ends included. */
  confidence: z.object({ min: Share, max: Share }).optional(),
});
export type ImageFilter = z.infer<typeof ImageFilter>;

export const ImageSort = z.object({
  /**
   * Of an evaluation: `confidence`, ascending the least certain first; `labelProbability`, which the model gives to
   * the label the image has now, ascending probably wrong first. Ascending, images without either come last.
   */
  by: z.enum(['added', 'name', 'class', 'labeled', 'random', 'confidence', 'labelProbability']),
  descending: z.boolean(),
});
export type ImageSort = z.infer<typeof ImageSort>;

/** What a change is about: chosen images, or all of a view (an opened filter). */
export const Target = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('images'), ids: z.array(Id).min(1).max(selectionMax) }),
  z.object({ kind: z.literal('view'), view: z.string().max(64) }),
]);
export type Target = z.infer<typeof Target>;

/** How many images each value of a filter would leave, the other conditions kept. */
const Facets = z.object({
  classes: z.array(z.object({ id: Count, count: Count })),
  parts: z.object({ train: Count, validation: Count, test: Count, none: Count }),
  flagged: Count,
  duplicate: Count,
  origins: z.object({ human: Count, import: Count, model: Count }),
  /** Of the filter's evaluation; null without one. */
  predictions: z
    .object({ predicted: z.array(z.object({ id: Count, count: Count })), wrong: Count })
    .nullable(),
});
export type Facets = z.infer<typeof Facets>;

/** An opened filter: images are asked for by position in it. It lives until the host forgets old ones. */
export const View = z.object({ view: z.string(), count: Count, facets: Facets });
export type View = z.infer<typeof View>;

export const ImageInfo = z.object({
  id: Id,
  /** The name it was imported under. */
  name: z.string(),
  class: Id.nullable(),
  part: Part.nullable(),
  flagged: z.boolean(),
  width: Count,
  height: Count,
  channels: Count,
  depth: Count,
  encoding: z.string(),
  bytes: Count,
  /** Newest first. */
  history: z.array(
    z.object({
      at: z.number(),
      origin: z.enum(['human', 'import', 'model']),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  /** Other images with the same content. */
  duplicates: z.array(z.object({ id: Id, name: z.string() })),
});
export type ImageInfo = z.infer<typeof ImageInfo>;

/** Where an import reads: paths (desktop), or files that were uploaded (browser). */
export const ImportFrom = z.discriminatedUnion('kind', [
  ...FileFrom.options,
  /** Several that were dropped together: they stand for a folder that holds them. */
  z.object({ kind: z.literal('paths'), paths: z.array(FilePath).min(1).max(importPathsMax) }),
]);
export type ImportFrom = z.infer<typeof ImportFrom>;

const SplitCounts = z.object({ train: Count, validation: Count, test: Count, none: Count });
const SkippedFile = z.object({ path: z.string(), code: z.string(), reason: z.string() });

export const ImportPreview = z.object({
  format: z.string(),
  items: Count,
  classes: z.array(z.object({ name: z.string().nullable(), count: Count })),
  splits: SplitCounts,
  /** What reading showed: of a large source, of its first `items` alone. */
  read: z.object({
    items: Count,
    /** Pictures that are the same as one before them. */
    duplicates: Count,
    /** The first of those that cannot be read; `unreadableCount` counts all. */
    unreadable: z.array(SkippedFile),
    unreadableCount: Count,
  }),
});
export type ImportPreview = z.infer<typeof ImportPreview>;

export const ImportReport = z.object({
  dataset: z.string(),
  format: z.string(),
  images: Count,
  duplicates: Count,
  classes: z.array(z.object({ name: z.string(), count: Count })),
  splits: SplitCounts,
  skipped: z.array(SkippedFile),
  skippedCount: Count,
});
export type ImportReport = z.infer<typeof ImportReport>;

/** A failure a user can meet, as data. */
export const Problem = z.object({ code: z.string(), message: z.string(), hint: z.string() });
export type Problem = z.infer<typeof Problem>;

/** Something that takes a while. It is kept after its end until it is dismissed. */
export const Job = z.object({
  id: z.string(),
  kind: z.enum(['import', 'sample', 'export', 'evaluation', 'embedding']),
  title: z.string(),
  done: Count,
  total: Count.nullable(),
  startedAt: z.number(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('running') }),
    z.object({
      kind: z.literal('done'),
      report: ImportReport.nullable(),
      file: z.string().nullable(),
    }),
    z.object({ kind: z.literal('failed'), problem: Problem }),
    z.object({ kind: z.literal('canceled') }),
  ]),
});
export type Job = z.infer<typeof Job>;

/** What a page is told without asking. */
export const AppEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('job'), job: Job }),
  z.object({ kind: z.literal('jobGone'), id: z.string() }),
  /** Its images, labels, classes or splits changed. */
  z.object({ kind: z.literal('dataset'), dataset: Id }),
  z.object({ kind: z.literal('datasets') }),
  z.object({ kind: z.literal('run'), run: RunInfo }),
  z.object({ kind: z.literal('runGone'), run: RunName }),
]);
export type AppEvent = z.infer<typeof AppEvent>;

export const datasetExportFormats = ['folder', 'zip', 'idx', 'csv', 'imagefolder'] as const;

const AppInfo = z.object({
  version: z.string(),
  workspace: z.string(),
  writable: z.boolean(),
  device: z.string(),
  threads: z.int(),
  /** `desktop` may use paths and dialogs; `browser` uploads and downloads. */
  host: z.enum(['desktop', 'browser']),
  platform: z.string(),
});
export type AppInfo = z.infer<typeof AppInfo>;

const Doctor = z.object({
  versions: z.record(z.string(), z.string()),
  threads: z.int(),
  workspace: z.object({
    folder: z.string(),
    writable: z.boolean(),
    problems: z.array(z.string()),
    counts: z.record(z.string(), Count),
  }),
  devices: z.array(
    z.object({
      engine: z.string(),
      id: z.string(),
      label: z.string(),
      available: z.boolean(),
      training: z.boolean().optional(),
      reason: z.string().optional(),
      hint: z.string().optional(),
    }),
  ),
});
export type Doctor = z.infer<typeof Doctor>;

const dataset = z.object({ dataset: Id });

export const contract = {
  app: {
    info: oc.output(AppInfo),
    doctor: oc.output(Doctor),
    events: oc.output(eventIterator(AppEvent)),
  },
  settings: {
    get: oc.input(z.object({ key: z.string().max(200) })).output(z.unknown()),
    set: oc.input(z.object({ key: z.string().max(200), value: z.unknown() })),
  },
  jobs: {
    list: oc.output(z.array(Job)),
    cancel: oc.input(z.object({ id: z.string() })),
    dismiss: oc.input(z.object({ id: z.string() })),
  },
  datasets: {
    list: oc.output(z.array(DatasetInfo)),
    get: oc.input(dataset).output(DatasetInfo),
    create: oc
      .input(z.object({ name: Name, classes: z.array(Name).max(classesMax) }))
      .output(DatasetInfo),
    rename: oc.input(dataset.extend({ name: Name })),
    remove: oc.input(dataset),
    /** The built-in sample, as a job. */
    sample: oc
      .input(z.object({ name: Name, count: z.int().min(1).max(1_000_000), seed: z.int().min(0) }))
      .output(z.object({ job: z.string() })),
    /** Writes the dataset as files: to a folder (desktop), or to a file that the browser downloads. */
    export: oc
      .input(
        dataset.extend({
          format: z.enum(datasetExportFormats),
          folder: z.string().max(4096).nullable(),
        }),
      )
      .output(z.object({ job: z.string() })),
  },
  imports: {
    preview: oc.input(z.object({ from: ImportFrom })).output(ImportPreview),
    start: oc
      .input(z.object({ from: ImportFrom, dataset: Name }))
      .output(z.object({ job: z.string() })),
  },
  classes: {
    add: oc.input(dataset.extend({ name: Name })).output(ClassInfo),
    rename: oc.input(dataset.extend({ class: Id, name: Name })),
    /** All labels of `class` become `into`, and `class` is gone. */
    merge: oc.input(dataset.extend({ class: Id, into: Id })),
    recolor: oc.input(dataset.extend({ class: Id, color: Color })),
    /** Null: back to the usual key. */
    setKey: oc.input(dataset.extend({ class: Id, key: Key.nullable() })),
    /** All class ids in their new order. */
    reorder: oc.input(dataset.extend({ classes: z.array(Id).max(classesMax) })),
    /** Only a class without images. */
    remove: oc.input(dataset.extend({ class: Id })),
  },
  images: {
    add: addImage,
    open: oc.input(dataset.extend({ filter: ImageFilter, sort: ImageSort })).output(View),
    info: oc.input(z.object({ image: Id })).output(ImageInfo),
    /** Position of an image in a view, or null. */
    locate: oc
      .input(z.object({ view: z.string(), image: Id }))
      .output(z.object({ position: Count.nullable() })),
    /** All ids from one position to another, both included: Shift-click. */
    range: oc
      .input(z.object({ view: z.string(), from: Count, to: Count }))
      .output(z.object({ ids: z.array(Id).max(selectionMax) })),
    remove: oc.input(dataset.extend({ target: Target })).output(z.object({ changed: Count })),
    flag: oc
      .input(dataset.extend({ target: Target, flagged: z.boolean() }))
      .output(z.object({ changed: Count })),
  },
  labels: {
    /** Stored before it answers. Null takes the label away. */
    set: oc
      .input(dataset.extend({ target: Target, class: Id.nullable() }))
      .output(z.object({ changed: Count })),
    undo: oc.input(dataset).output(z.object({ changed: Count.nullable() })),
    redo: oc.input(dataset).output(z.object({ changed: Count.nullable() })),
  },
  training,
  runs,
  exports,
  models,
  inspect,
  splits: {
    /** Draws all images anew in these shares, which add up to 1; equal pictures stay together. */
    redraw: oc.input(
      dataset.extend({ train: Share, validation: Share, test: Share, seed: z.int().min(0) }),
    ),
    assign: oc
      .input(dataset.extend({ target: Target, part: Part.nullable() }))
      .output(z.object({ changed: Count })),
  },
};
export type Contract = typeof contract;

/** Most tiles in one page of thumbnails. */
export const pageTilesMax = 4096;

/**
 * Binary beside the bridge, GET unless said otherwise; the host puts its own origin and token in front.
 *
 * `page`: thumbnails of positions start … start + count − 1 of a view, packed little-endian:
 *   uint32 count n, uint32 side s, then n records of 12 bytes (uint32 image id, int32 class position or −1,
 *   uint8 part 0 none 1 train 2 validation 3 test, uint8 flagged, uint16 zero), then n tiles of s·s RGBA bytes.
 * `image`: one image as PNG, upright, 8 bit. `original`: its bytes as they came.
 * `upload` (PUT): one file of an upload, its path inside it in `path`; streamed to disk.
 * `download`: the file a finished export job made.
 */
export const paths = {
  page: (view: string, start: number, count: number, side: number): string =>
    `/page?view=${encodeURIComponent(view)}&start=${start}&count=${count}&side=${side}`,
  image: (id: number): string => `/image?id=${id}`,
  original: (id: number): string => `/original?id=${id}`,
  upload: (upload: string, path: string): string =>
    `/upload?upload=${upload}&path=${encodeURIComponent(path)}`,
  download: (job: string): string => `/download?job=${encodeURIComponent(job)}`,
};

/** What a desktop window has besides: absent in a browser. `window.inkling`, set by the preload. */
export type Desktop = {
  /** Asks for a path to read or write; null: nothing chosen. */
  choose(kind: DesktopChoice): Promise<string | null>;
  /** Where a dropped file or folder lies; '' for one that is on no disk. */
  pathOf(file: object): string;
};

export const desktopChoices = [
  'importFile',
  'importFolder',
  'exportFolder',
  'modelFile',
  'capsule',
] as const;
export type DesktopChoice = (typeof desktopChoices)[number];

/** The message with which a desktop page gives away one end of its channel: `window.postMessage(…, '*', [port])`. */
export const desktopPortMessage = 'inkling-port';
