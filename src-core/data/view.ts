/**
 * @file Filters, counts and orders the images of a dataset by their columns: which rows a filter leaves, how many
 * each value of a condition would leave, and in which order they are shown.
 */
import type { ImageColumns } from './columns.ts';
import { originCode } from '../workspace/images.ts';
import { partCode } from '../workspace/records.ts';

/** Absent: no condition. Class 0 is "unlabeled". */
export type ViewFilter = {
  readonly classes?: readonly number[] | undefined;
  readonly parts?: readonly (keyof typeof partCode)[] | undefined;
  readonly flagged?: boolean | undefined;
  readonly duplicate?: boolean | undefined;
  readonly origins?: readonly ('human' | 'import' | 'model')[] | undefined;
  /** The next three are about predictions, and no row without one passes them. Class 0 is none of the dataset's. */
  readonly predicted?: readonly number[] | undefined;
  readonly wrong?: boolean | undefined;
  readonly confidence?: { readonly min: number; readonly max: number } | undefined;
};

/** What a model said of the rows. */
export type ViewPredictions = {
  /** uint16 [count]: class numbers of the columns, or `notPredicted`. */
  readonly predicted: Uint16Array;
  /** float32 [count]: probability of the class predicted; NaN without a prediction. */
  readonly confidence: Float32Array;
  /** Probability of the class the row is labeled with now; NaN where there is none. */
  readonly labelProbability: (row: number) => number;
};

/** More classes than a dataset can have. */
export const notPredicted = 0xffff;

/** How many images each value would leave, the other conditions kept. */
export type ViewFacets = {
  /** By class id, 0 for unlabeled. */
  readonly classes: ReadonlyMap<number, number>;
  readonly parts: Readonly<Record<keyof typeof partCode, number>>;
  readonly flagged: number;
  readonly duplicate: number;
  readonly origins: Readonly<Record<'human' | 'import' | 'model', number>>;
  /** Null without predictions. `predicted` by class id. */
  readonly predictions: {
    readonly predicted: ReadonlyMap<number, number>;
    readonly wrong: number;
  } | null;
};

export type ViewRows = {
  /** int32, ascending. */
  readonly rows: Int32Array;
  readonly facets: ViewFacets;
};

/** One bit for each condition a row fails. */
const fails = {
  classes: 1,
  parts: 2,
  flagged: 4,
  duplicate: 8,
  origins: 16,
  text: 32,
  predicted: 64,
  wrong: 128,
  confidence: 256,
} as const;

/**
 * One pass over all rows. A row that fails no condition is in the view; one that fails a single condition still
 * counts for the values of that condition.
 *
 * @param withText  uint8 [count]: 1 where the name holds the text looked for; null: no such condition.
 */
export function filterRows(
  columns: ImageColumns,
  filter: ViewFilter,
  withText: Uint8Array | null,
  predictions: ViewPredictions | null = null,
): ViewRows {
  const { count, classes, parts, flagged, duplicate, origins } = columns;
  const failing = failTables(columns, filter);
  const counts = {
    classes: new Uint32Array(columns.classIds.length),
    parts: new Uint32Array(4),
    flagged: new Uint32Array(2),
    duplicate: new Uint32Array(2),
    origins: new Uint32Array(4),
  };
  const judge = predictions && predictionJudge(columns, filter, predictions);
  const rows = new Int32Array(count);
  let found = 0;
  for (let row = 0; row < count; row++) {
    const classNumber = classes[row]!;
    const part = parts[row]!;
    const flag = flagged[row]!;
    const twin = duplicate[row]!;
    const origin = origins[row]!;
    const failed =
      failing.classes[classNumber]! |
      failing.parts[part]! |
      failing.flagged[flag]! |
      failing.duplicate[twin]! |
      failing.origins[origin]! |
      (withText !== null && withText[row] === 0 ? fails.text : 0) |
      (judge === null ? 0 : judge.failed(row));
    if (failed === 0) rows[found++] = row;
    if ((failed & ~fails.classes) === 0) counts.classes[classNumber]!++;
    if ((failed & ~fails.parts) === 0) counts.parts[part]!++;
    if ((failed & ~fails.flagged) === 0) counts.flagged[flag]!++;
    if ((failed & ~fails.duplicate) === 0) counts.duplicate[twin]!++;
    if ((failed & ~fails.origins) === 0) counts.origins[origin]!++;
    judge?.count(row, failed);
  }
  const facets = { ...facetsOf(columns, counts), predictions: judge?.facets() ?? null };
  return { rows: rows.slice(0, found), facets };
}

/** The conditions about predictions: which of them a row fails, and the counts of their values. */
function predictionJudge(columns: ImageColumns, filter: ViewFilter, said: ViewPredictions) {
  const { classes, classIds } = columns;
  const { predicted, confidence } = said;
  const allowed = filter.predicted && new Set(filter.predicted);
  const byNumber = new Uint32Array(classIds.length);
  let wrong = 0;
  const isWrong = (row: number): boolean =>
    classes[row] !== 0 && predicted[row] !== notPredicted && predicted[row] !== classes[row];
  const isRight = (row: number): boolean => classes[row] !== 0 && predicted[row] === classes[row];
  const hasClass = (row: number): boolean =>
    predicted[row] !== notPredicted && (allowed?.has(classIds[predicted[row]!]!) ?? true);
  const hasOutcome = (row: number): boolean => (filter.wrong ? isWrong(row) : isRight(row));
  const { min, max } = filter.confidence ?? { min: 0, max: 1 };
  return {
    failed: (row: number): number =>
      (allowed === undefined || hasClass(row) ? 0 : fails.predicted) |
      (filter.wrong === undefined || hasOutcome(row) ? 0 : fails.wrong) |
      // Written so that NaN, no prediction or a broken one, lies in no range.
      (filter.confidence === undefined || (confidence[row]! >= min && confidence[row]! <= max)
        ? 0
        : fails.confidence),
    count(row: number, failed: number): void {
      if ((failed & ~fails.predicted) === 0 && predicted[row] !== notPredicted)
        byNumber[predicted[row]!]!++;
      if ((failed & ~fails.wrong) === 0 && isWrong(row)) wrong++;
    },
    facets: () => ({
      predicted: new Map(classIds.map((id, number) => [id, byNumber[number]!])),
      wrong,
    }),
  };
}

/** For each value of each condition 0, or the condition's bit where the filter refuses it. */
function failTables(columns: ImageColumns, filter: ViewFilter) {
  const { classIds } = columns;
  const wantedClasses = filter.classes && new Set(filter.classes);
  const codes = ['none', 'train', 'validation', 'test'] as const;
  const origins = [null, 'human', 'import', 'model'] as const;
  const table = (bit: number, allowed: readonly boolean[]): Uint8Array =>
    Uint8Array.from(allowed, (isAllowed) => (isAllowed ? 0 : bit));
  const onOff = (bit: number, wanted: boolean | undefined): Uint8Array =>
    table(bit, [wanted !== true, wanted !== false]);
  return {
    classes: table(
      fails.classes,
      classIds.map((id) => wantedClasses?.has(id) ?? true),
    ),
    parts: table(
      fails.parts,
      codes.map((part) => filter.parts?.includes(part) ?? true),
    ),
    flagged: onOff(fails.flagged, filter.flagged),
    duplicate: onOff(fails.duplicate, filter.duplicate),
    origins: table(
      fails.origins,
      origins.map((origin) =>
        filter.origins === undefined ? true : origin !== null && filter.origins.includes(origin),
      ),
    ),
  };
}

type Counted = 'classes' | 'parts' | 'flagged' | 'duplicate' | 'origins';
type Counts = Readonly<Record<Counted, Uint32Array>>;

function facetsOf({ classIds }: ImageColumns, counts: Counts): Omit<ViewFacets, 'predictions'> {
  const part = (name: keyof typeof partCode): number => counts.parts[partCode[name]]!;
  const origin = (name: 'human' | 'import' | 'model'): number => counts.origins[originCode[name]]!;
  return {
    classes: new Map(classIds.map((id, number) => [id, counts.classes[number]!])),
    parts: {
      train: part('train'),
      validation: part('validation'),
      test: part('test'),
      none: part('none'),
    },
    flagged: counts.flagged[1]!,
    duplicate: counts.duplicate[1]!,
    origins: { human: origin('human'), import: origin('import'), model: origin('model') },
  };
}

export type ViewOrder =
  | { readonly by: 'added' }
  | { readonly by: 'labeled' }
  /** `positions`: of each class by its number in the columns; unlabeled last. */
  | { readonly by: 'class'; readonly positions: readonly number[] }
  /** `ranks` int32 [count]: place of each row in the order of names. */
  | { readonly by: 'name'; readonly ranks: Int32Array }
  | { readonly by: 'random'; readonly seed: number }
  /** `shareOf`: 0 … 1 of each row; NaN comes last. */
  | { readonly by: 'share'; readonly shareOf: (row: number) => number };

/** Shares as whole numbers: as fine as float32 is near 1. */
const shareLevels = 2 ** 24;

/** The image ids of `rows` (ascending) in the order wanted; equals by age. Descending is the exact reverse. */
export function orderIds(
  columns: ImageColumns,
  rows: Int32Array,
  order: ViewOrder,
  descending: boolean,
): Int32Array {
  const sorted = order.by === 'added' ? rows : sortByKey(rows, keyOf(columns, order));
  const ids = sorted.map((row) => columns.ids[row]!);
  return descending ? ids.reverse() : ids;
}

/** Sort keys are whole numbers from 0 below 2³², by row. */
function keyOf(
  columns: ImageColumns,
  order: Exclude<ViewOrder, { by: 'added' }>,
): (row: number) => number {
  const { labeled, classes, ids } = columns;
  if (order.by === 'labeled') return (row) => labeled[row]!;
  if (order.by === 'name') return (row) => order.ranks[row]!;
  if (order.by === 'share')
    return (row) => {
      const share = order.shareOf(row);
      return Number.isNaN(share) ? shareLevels + 1 : Math.round(share * shareLevels);
    };
  if (order.by === 'class') return (row) => order.positions[classes[row]!]!;
  return (row) => scattered(ids[row]!, order.seed);
}

/**
 * Key and place in one number, sorted without a comparison function: exact as long as key · rows stays below 2⁵³,
 * that is up to two million rows for keys of 32 bits.
 */
function sortByKey(rows: Int32Array, keyOfRow: (row: number) => number): Int32Array {
  const count = rows.length;
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = keyOfRow(rows[i]!) * count + i;
  keys.sort();
  const sorted = new Int32Array(count);
  for (let i = 0; i < count; i++) sorted[i] = rows[keys[i]! % count]!;
  return sorted;
}

/**
 * A number that depends on the id and the seed alone, so that an image keeps its place among the others whatever
 * is filtered, added or removed. 24 bits, so that it sorts exactly among half a billion rows. (The finalizer of
 * MurmurHash3, by Austin Appleby, public domain.)
 */
function scattered(id: number, seed: number): number {
  let x = Math.imul(id, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca77);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 8) & 0xffffff;
}
