/**
 * @file From a spec to the exact list of layers: names, shapes, parameters. The one place where output shapes
 * and parameter counts are computed; the graph, the engines and error messages all read its result.
 */
import { failure } from '../errors.ts';
import { activationLabel, activations } from './activations.ts';
import type { ActivationSpec, LayerSpec, ModelSpec } from './spec.ts';

/** Shape of one sample, without the batch: [C, H, W] or [units]. */
export type Shape = readonly number[];

/** What a parameter is for; decides its initial value, whether weight decay applies, and whether it trains. */
export type ParamRole = 'kernel' | 'bias' | 'slopes' | 'scale' | 'offset' | 'mean' | 'variance';

export type Param = {
  /** `dense1/kernel`; unique in a network. */
  readonly name: string;
  readonly role: ParamRole;
  /** kernel: [in, out] for dense, [out, in, kH, kW] for conv; everything else [units or channels]. */
  readonly shape: Shape;
  readonly fanIn: number;
  readonly fanOut: number;
  /** The activation that follows, which picks the initializer. */
  readonly activation: ActivationSpec;
};

type Common = { readonly name: string; readonly input: Shape; readonly output: Shape };
type Of<K extends LayerSpec['kind']> = Extract<LayerSpec, { kind: K }>;

/** One resolved layer. `pads` is [top, left, bottom, right] in pixels, as ONNX orders them. */
export type Layer = Common &
  (
    | {
        readonly kind: 'dense';
        readonly activation: ActivationSpec;
        readonly params: readonly Param[];
      }
    | {
        readonly kind: 'conv2d';
        readonly kernel: number;
        readonly stride: number;
        readonly pads: Pads;
        readonly activation: ActivationSpec;
        readonly params: readonly Param[];
      }
    | {
        readonly kind: 'maxPool' | 'avgPool';
        readonly size: number;
        readonly stride: number;
        readonly pads: Pads;
      }
    | { readonly kind: 'globalAvgPool' | 'flatten' }
    | { readonly kind: 'dropout'; readonly rate: number }
    | {
        readonly kind: 'batchNorm';
        readonly momentum: number;
        readonly epsilon: number;
        readonly params: readonly Param[];
      }
    | {
        readonly kind: 'activation';
        readonly activation: ActivationSpec;
        readonly params: readonly Param[];
      }
    | {
        readonly kind: 'residual';
        readonly layers: readonly Layer[];
        /** 1×1 convolution on the way past, where the block changes the shape. */
        readonly shortcut: Extract<Layer, { kind: 'conv2d' }> | null;
        readonly activation: ActivationSpec;
        readonly params: readonly Param[];
      }
  );

export type Pads = readonly [top: number, left: number, bottom: number, right: number];

export type Network = {
  readonly spec: ModelSpec;
  /** Ends with the output layer, a dense layer named `output`. */
  readonly layers: readonly Layer[];
  /** All parameters in the order they are stored, hashed and exported. */
  readonly params: readonly Param[];
  /** Values that training changes by gradient; running means and variances are not counted. */
  readonly parameterCount: number;
  /** Random bytes dropout needs for one sample: one per unit of every dropout layer. */
  readonly noiseBytesPerSample: number;
};

/**
 * Resolves a spec into layers with shapes and parameters.
 *
 * @throws InklingError `layer-shape`, naming the layer, when shapes do not fit.
 */
export function resolveNetwork(spec: ModelSpec): Network {
  const names = new Map<string, number>();
  const layers: Layer[] = [];
  let shape: Shape = [spec.input.channels, spec.input.height, spec.input.width];
  for (const layer of spec.layers) {
    const resolved = resolveLayer(layer, shape, names);
    layers.push(resolved);
    shape = resolved.output;
  }
  if (shape.length > 1) {
    const flat = resolveLayer({ kind: 'flatten' }, shape, names);
    layers.push(flat);
    shape = flat.output;
  }
  // The output function is not part of the layer: the loss is computed from the scores before it.
  layers.push(dense('output', spec.classes, { name: 'linear' }, shape));
  const params = layers.flatMap(layerParams);
  return {
    spec,
    layers,
    params,
    parameterCount: params.filter(isTrained).reduce((sum, param) => sum + size(param.shape), 0),
    noiseBytesPerSample: layers.reduce((sum, layer) => sum + noiseBytes(layer), 0),
  };
}

/** Running statistics follow the data; everything else follows the gradient. */
export function isTrained(param: Param): boolean {
  return param.role !== 'mean' && param.role !== 'variance';
}

/** All parameters of a layer, those of the layers inside a residual block first. */
export function layerParams(layer: Layer): readonly Param[] {
  if (layer.kind !== 'residual') return 'params' in layer ? layer.params : [];
  const inner = layer.layers.flatMap(layerParams);
  return [...inner, ...(layer.shortcut ? layer.shortcut.params : []), ...layer.params];
}

/** The layers in order of computation, residual blocks opened. */
export function flatLayers(layers: readonly Layer[]): readonly Layer[] {
  return layers.flatMap((layer) =>
    layer.kind === 'residual'
      ? [...flatLayers(layer.layers), ...(layer.shortcut ? [layer.shortcut] : []), layer]
      : [layer],
  );
}

/** The layers whose values a jump depends on: all up to the last that ends in one. */
export function layersBeforeJump({ layers }: Network): readonly Layer[] {
  const flat = flatLayers(layers);
  const jumps = (layer: Layer) => 'activation' in layer && activations[layer.activation.name].jumps;
  return flat.slice(0, flat.findLastIndex(jumps) + 1);
}

/** Number of values in an array of this shape. */
export function size(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

function noiseBytes(layer: Layer): number {
  if (layer.kind === 'dropout') return size(layer.input);
  if (layer.kind === 'residual')
    return layer.layers.reduce((sum, inner) => sum + noiseBytes(inner), 0);
  return 0;
}

function resolveLayer(spec: LayerSpec, input: Shape, names: Map<string, number>): Layer {
  const count = (names.get(spec.kind) ?? 0) + 1;
  names.set(spec.kind, count);
  const name = `${spec.kind}${count}`;
  switch (spec.kind) {
    case 'dense':
      return dense(name, spec.units, spec.activation, wantFlat(name, input));
    case 'conv2d':
      return conv2d(name, spec, wantImage(name, input));
    case 'maxPool':
    case 'avgPool':
      return pool(name, spec, wantImage(name, input));
    case 'globalAvgPool':
      return { kind: spec.kind, name, input, output: [wantImage(name, input)[0]] };
    case 'flatten':
      return { kind: spec.kind, name, input, output: [size(input)] };
    case 'dropout':
      return { kind: spec.kind, name, input, output: input, rate: spec.rate };
    case 'batchNorm':
      return batchNorm(name, spec, input);
    case 'activation':
      return {
        kind: spec.kind,
        name,
        input,
        output: activationOutput(name, spec.activation, input),
        activation: spec.activation,
        params: slopes(name, spec.activation, input),
      };
    case 'residual':
      return residual(name, spec, input, names);
    default:
      return spec satisfies never;
  }
}

function dense(
  name: string,
  units: number,
  activation: ActivationSpec,
  input: Shape,
): Extract<Layer, { kind: 'dense' }> {
  const fanIn = size(input);
  const width = units * pieces(activation);
  const fan = { fanIn, fanOut: units, activation };
  return {
    kind: 'dense',
    name,
    input,
    output: [units],
    activation,
    params: [
      { name: `${name}/kernel`, role: 'kernel', shape: [fanIn, width], ...fan },
      { name: `${name}/bias`, role: 'bias', shape: [width], ...fan },
      ...slopes(name, activation, [units]),
    ],
  };
}

function conv2d(
  name: string,
  spec: Of<'conv2d'>,
  input: ImageDims,
): Extract<Layer, { kind: 'conv2d' }> {
  const [channels, height, width] = input;
  const { filters, kernel, stride, activation } = spec;
  const rows = windowed(name, height, kernel, stride, spec.padding);
  const columns = windowed(name, width, kernel, stride, spec.padding);
  const area = kernel * kernel;
  const fan = { fanIn: channels * area, fanOut: filters * area, activation };
  const outputs = filters * pieces(activation);
  return {
    kind: 'conv2d',
    name,
    input,
    output: [filters, rows.count, columns.count],
    kernel,
    stride,
    pads: [rows.before, columns.before, rows.after, columns.after],
    activation,
    params: [
      {
        name: `${name}/kernel`,
        role: 'kernel',
        shape: [outputs, channels, kernel, kernel],
        ...fan,
      },
      { name: `${name}/bias`, role: 'bias', shape: [outputs], ...fan },
      ...slopes(name, activation, [filters]),
    ],
  };
}

function pool(name: string, spec: Of<'maxPool'> | Of<'avgPool'>, input: ImageDims): Layer {
  const [channels, height, width] = input;
  const stride = spec.stride ?? spec.size;
  const rows = windowed(name, height, spec.size, stride, spec.padding);
  const columns = windowed(name, width, spec.size, stride, spec.padding);
  return {
    kind: spec.kind,
    name,
    input,
    output: [channels, rows.count, columns.count],
    size: spec.size,
    stride,
    pads: [rows.before, columns.before, rows.after, columns.after],
  };
}

function batchNorm(name: string, spec: Of<'batchNorm'>, input: Shape): Layer {
  const shape = [input[0]!];
  const fan = { fanIn: 1, fanOut: 1, activation: { name: 'linear' } as const };
  const role = (role: ParamRole): Param => ({ name: `${name}/${role}`, role, shape, ...fan });
  return {
    kind: 'batchNorm',
    name,
    input,
    output: input,
    momentum: spec.momentum,
    epsilon: spec.epsilon,
    params: [role('scale'), role('offset'), role('mean'), role('variance')],
  };
}

function residual(
  name: string,
  spec: Of<'residual'>,
  input: Shape,
  names: Map<string, number>,
): Layer {
  const layers: Layer[] = [];
  let shape = input;
  for (const inner of spec.layers) {
    const layer = resolveLayer(inner, shape, names);
    layers.push(layer);
    shape = layer.output;
  }
  return {
    kind: 'residual',
    name,
    input,
    output: activationOutput(name, spec.activation, shape),
    layers,
    shortcut: shortcut(name, input, shape),
    activation: spec.activation,
    params: slopes(name, spec.activation, shape),
  };
}

/** Null when the input can be added as it is. */
function shortcut(
  name: string,
  input: Shape,
  output: Shape,
): Extract<Layer, { kind: 'conv2d' }> | null {
  if (input.join() === output.join()) return null;
  const [channels, height, width] = output;
  if (output.length !== 3 || input.length !== 3 || !channels || !height || !width)
    throw misfit(
      name,
      `its branch turns ${show(input)} into ${show(output)}, which cannot be added`,
    );
  const stride = Math.max(1, Math.round(input[1]! / height));
  const adapted = conv2d(
    `${name}-shortcut`,
    {
      kind: 'conv2d',
      filters: channels,
      kernel: 1,
      stride,
      padding: 'valid',
      activation: { name: 'linear' },
    },
    wantImage(name, input),
  );
  if (adapted.output.join() !== output.join())
    throw misfit(
      name,
      `its branch turns ${show(input)} into ${show(output)}, which cannot be added`,
    );
  return adapted;
}

/** How many pre-activations make one output: maxout takes the largest of several. */
function pieces(activation: ActivationSpec): number {
  return activation.name === 'maxout' ? activation.pieces : 1;
}

/** A standalone maxout takes its pieces from the channels it gets. */
function activationOutput(name: string, activation: ActivationSpec, input: Shape): Shape {
  const [channels, ...rest] = input;
  const k = pieces(activation);
  if (channels! % k !== 0)
    throw misfit(name, `maxout of ${k} pieces needs a multiple of ${k} channels, not ${channels}`);
  return [channels! / k, ...rest];
}

function slopes(name: string, activation: ActivationSpec, input: Shape): readonly Param[] {
  if (activation.name !== 'prelu') return [];
  return [
    { name: `${name}/slopes`, role: 'slopes', shape: [input[0]!], fanIn: 1, fanOut: 1, activation },
  ];
}

type ImageDims = readonly [channels: number, height: number, width: number];
type Window = { readonly count: number; readonly before: number; readonly after: number };

/** Positions of a sliding window; `same` pads so that count = ⌈size / stride⌉, the odd pixel after (TensorFlow's rule). */
function windowed(
  name: string,
  length: number,
  kernel: number,
  stride: number,
  padding: 'valid' | 'same',
): Window {
  if (padding === 'same') {
    const count = Math.ceil(length / stride);
    const total = Math.max(0, (count - 1) * stride + kernel - length);
    return { count, before: Math.floor(total / 2), after: Math.ceil(total / 2) };
  }
  const count = Math.floor((length - kernel) / stride) + 1;
  if (count < 1) throw misfit(name, `a window of ${kernel} does not fit into ${length} pixels`);
  return { count, before: 0, after: 0 };
}

function wantImage(name: string, input: Shape): ImageDims {
  const [channels, height, width] = input;
  if (input.length !== 3 || !channels || !height || !width)
    throw misfit(name, `it needs an image [channels, height, width] but gets ${show(input)}`);
  return [channels, height, width];
}

function wantFlat(name: string, input: Shape): Shape {
  if (input.length !== 1)
    throw misfit(
      name,
      `it needs a list of units but gets ${show(input)}; put a flatten layer before it`,
    );
  return input;
}

function misfit(layer: string, problem: string): Error {
  return failure('layer-shape', { layer, problem });
}

function show(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Labels of the activations of the hidden layers in order of appearance, each once; linear ones are none. */
export function hiddenActivations(spec: Pick<ModelSpec, 'layers'>): readonly string[] {
  const seen = new Set<string>();
  const visit = (layer: LayerSpec): void => {
    if ('activation' in layer) seen.add(activationLabel(layer.activation));
    if (layer.kind === 'residual') layer.layers.forEach(visit);
  };
  spec.layers.forEach(visit);
  return [...seen].filter((name) => name !== 'linear');
}
