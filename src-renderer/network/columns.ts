/**
 * @file What of a network stands beside what: a column for the image, one for each layer that is worth seeing, and one
 * for the classes. Layers that only change what the one before gives on (normalization, activation, dropout, flatten)
 * are folded into its column.
 */
import type { LayerInfo, NetworkInfo } from '../../src-core/contract/inspecting.ts';

export type Column = {
  readonly kind: 'image' | 'maps' | 'units' | 'classes';
  readonly title: string;
  /** Its size, and what it consists of. */
  readonly details: readonly string[];
  /** Which of the traced tensors it shows. */
  readonly tensor: string;
  /** [C, H, W] or [units]. */
  readonly shape: readonly number[];
  /** The layer whose weights lead here; null: none. */
  readonly weighted: LayerInfo | null;
  /** Things that can be pointed at: maps, units, classes, or the image as one. */
  readonly count: number;
};

const titles: Readonly<Record<string, string>> = {
  dense: 'Dense',
  conv2d: 'Convolution',
  maxPool: 'Max pooling',
  avgPool: 'Mean pooling',
  globalAvgPool: 'Global mean',
  batchNorm: 'Normalization',
  activation: 'Activation',
  dropout: 'Dropout',
  flatten: 'Flatten',
  residual: 'Residual sum',
};
/** What they are called beside the layer they are folded into; null: not worth a word. */
const folded: Readonly<Record<string, string | null>> = {
  batchNorm: 'normalized',
  activation: null,
  dropout: 'dropout',
  flatten: null,
};
/** Those that change the values, so that theirs are the ones to show. */
const changing = ['batchNorm', 'activation'];

export function columnsOf({ input, layers, classes, output }: NetworkInfo): Column[] {
  const shape = [input.channels, input.height, input.width];
  const columns: Column[] = [imageColumn(shape)];
  let within: string | null = null;
  for (const layer of layers) {
    const last = columns.at(-1)!;
    if (layer.name === 'output') columns.push(classColumn(layer, classes, output));
    else if (layer.kind in folded && last.kind === 'image' && layer.kind === 'flatten') continue;
    else if (layer.kind in folded && last.kind !== 'image' && layer.within === within)
      columns.splice(-1, 1, withFolded(last, layer));
    else columns.push(layerColumn(layer));
    ({ within } = layer);
  }
  return columns;
}

const imageColumn = (shape: readonly number[]): Column => ({
  kind: 'image',
  title: 'Image',
  details: [sizeText(shape)],
  tensor: 'image',
  shape,
  weighted: null,
  count: 1,
});

const classColumn = (
  layer: LayerInfo,
  classes: readonly string[],
  output: NetworkInfo['output'],
): Column => ({
  kind: 'classes',
  title: 'Probabilities',
  details: [`${classes.length} classes`, output],
  tensor: 'probabilities',
  shape: [classes.length],
  weighted: layer,
  count: classes.length,
});

function layerColumn(layer: LayerInfo): Column {
  const { kind, name, output } = layer;
  const isWeighted = kind === 'dense' || kind === 'conv2d';
  return {
    kind: output.length === 3 ? 'maps' : 'units',
    title: `${titles[kind] ?? kind}${/ ?\d+$/.exec(name)?.[0].replace(/^ ?/, ' ') ?? ''}`,
    details: [sizeText(output), ...activationWords(layer)],
    tensor: `${name}/output`,
    shape: output,
    weighted: isWeighted ? layer : null,
    count: output[0]!,
  };
}

function withFolded(column: Column, layer: LayerInfo): Column {
  const word = folded[layer.kind] ?? null;
  const words = [...(word === null ? [] : [word]), ...activationWords(layer)];
  return {
    ...column,
    details: [...column.details, ...words.filter((each) => !column.details.includes(each))],
    tensor: changing.includes(layer.kind) ? `${layer.name}/output` : column.tensor,
  };
}

function activationWords({ activation }: LayerInfo): readonly string[] {
  return activation === null || activation.name === 'linear' ? [] : [activation.name];
}

/** `1 × 28 × 28`: channels, height, width; or `16 units`. */
function sizeText(shape: readonly number[]): string {
  if (shape.length === 1) return `${shape[0]} units`;
  const [channels, height, width] = shape;
  return channels === 1 ? `${height} × ${width}` : `${channels} × ${height} × ${width}`;
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, dim) => product * dim, 1);

/** The column a dense layer's weights come from: the one before, if its numbers are what the layer reads. */
export function readsFrom(columns: readonly Column[], at: number): number | null {
  const kernel = columns[at]?.weighted?.parameters.find(({ name }) => name.endsWith('/kernel'));
  const before = columns[at - 1];
  if (!kernel || !before || kernel.shape.length !== 2) return null;
  return sizeOf(before.shape) === kernel.shape[0] ? at - 1 : null;
}
