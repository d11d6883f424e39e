/**
 * @file The drawing of a network as data: a figure for every layer that changes the shape, in rows as wide as there is
 * room. Maps are squares behind one another, units are dots in a column.
 */
import type { PlanReport } from '../../src-core/contract/training.ts';

export type NetworkLayer = NonNullable<PlanReport['network']>['layers'][number];

export type FigureShape =
  | { readonly kind: 'maps'; readonly side: number; readonly offsets: readonly number[] }
  /** `hasMore`: dots stand for more units than are drawn. */
  | { readonly kind: 'units'; readonly dots: readonly number[]; readonly hasMore: boolean };

export type Figure = {
  readonly shape: FigureShape;
  /** Middle of the figure, in pixels of the drawing. */
  readonly x: number;
  readonly y: number;
  /** `32 × 14 × 14`, `128`. */
  readonly size: string;
  readonly name: string;
  /** What follows without changing the shape: `+ dropout`. */
  readonly extra: string;
  /** All of it in words. */
  readonly title: string;
  /** The figure before it is in the same row. */
  readonly isJoined: boolean;
};

export type Drawing = { readonly height: number; readonly figures: readonly Figure[] };

/** Of a figure with its words, and of a row. */
export const figureWidth = 104;
const rowHeight = 132;
/** Middle of the figures in their row. */
const middle = 44;
const sideMax = 52;
const sideMin = 10;
const mapsShown = 4;
const mapGap = 5;
const unitsShown = 10;
const dotGap = 7.5;

/** Layers by the word that stands under their figure. */
const words: Readonly<Record<string, string>> = {
  input: 'image',
  conv2d: 'convolution',
  maxPool: 'max pooling',
  avgPool: 'average pooling',
  globalAvgPool: 'global average',
  batchNorm: 'batch norm',
  residual: 'residual block',
};
const wordOf = (kind: string): string => words[kind] ?? kind;

type Group = { readonly layer: NetworkLayer; readonly extras: readonly string[] };

/** @param input  [channels, height, width] @param width  room in pixels */
export function drawNetwork(
  input: readonly number[],
  layers: readonly NetworkLayer[],
  width: number,
): Drawing {
  const image: NetworkLayer = {
    ...{ name: 'input', index: null, kind: 'input', title: 'Image', parameters: 0 },
    ...{ output: [...input], inner: [] },
  };
  const groups = grouped([image, ...layers]);
  const perRow = Math.max(1, Math.floor(width / figureWidth));
  const sides = Math.max(input[1] ?? 1, input[2] ?? 1);
  const figures = groups.map(({ layer, extras }, at): Figure => {
    const [row, column] = [Math.floor(at / perRow), at % perRow];
    const isLast = at === groups.length - 1;
    return {
      shape: shapeOf(layer.output, sides),
      x: (column + 0.5) * figureWidth,
      y: row * rowHeight + middle,
      size: layer.output.join(' × '),
      name: isLast && layer.index === null ? 'classes' : wordOf(layer.kind),
      extra: extraText(extras),
      title: [layer.title, ...extras].join(', '),
      isJoined: column > 0,
    };
  });
  return { height: Math.ceil(groups.length / perRow) * rowHeight, figures };
}

/** Layers that leave the shape as it is are named beside the one before them. */
function grouped(layers: readonly NetworkLayer[]): readonly Group[] {
  const groups: Group[] = [];
  for (const layer of layers) {
    const last = groups.at(-1);
    const isOwn = ['input', 'dense', 'conv2d', 'residual'].includes(layer.kind);
    if (last && !isOwn && layer.output.join() === last.layer.output.join()) {
      groups[groups.length - 1] = { ...last, extras: [...last.extras, wordOf(layer.kind)] };
    } else groups.push({ layer, extras: [] });
  }
  return groups;
}

const extraText = (extras: readonly string[]): string =>
  extras.length === 0 ? '' : extras.length === 1 ? `+ ${extras[0]}` : `+ ${extras.length} more`;

function shapeOf(output: readonly number[], sides: number): FigureShape {
  const [count = 1, height, width] = output;
  if (height === undefined || width === undefined) return unitsOf(count);
  const side = Math.max(sideMin, (sideMax * Math.max(height, width)) / sides);
  const shown = Math.min(count, mapsShown);
  const offsets = Array.from({ length: shown }, (_, at) => (at - (shown - 1) / 2) * mapGap);
  return { kind: 'maps', side: Math.min(sideMax, side), offsets };
}

function unitsOf(count: number): FigureShape {
  const shown = Math.min(count, unitsShown);
  const dots = Array.from({ length: shown }, (_, at) => (at - (shown - 1) / 2) * dotGap);
  return { kind: 'units', dots, hasMore: count > shown };
}
