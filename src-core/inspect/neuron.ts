/**
 * @file One unit for one image, written out: the products of its weights with what it reads, its bias, their sum as
 * the engine found it, and its activation around that sum.
 */
import { failure } from '../errors.ts';
import { activate } from '../graph/activations.ts';
import type { Trace } from '../graph/network.ts';
import { input, constant } from '../graph/value.ts';
import { size, type Layer } from '../model/layers.ts';
import type { CallInput, Neuron } from './messages.ts';
import { flowOf, pixelFeed, type OpenNetwork } from './openNetwork.ts';

/** A screenful of terms; the rest is told as their sum. */
const termsShown = 30;
/** Points of the curve: one for every other pixel of a small chart. */
const curvePoints = 121;
/** The curve shows at least −6 … 6, where activations bend. */
const curveReach = 6;

type Weighted = Extract<Layer, { kind: 'dense' | 'conv2d' }>;
/** One of the numbers a unit reads: where it is in the layer's input, and the weight it has. */
type Wire = { readonly from: number; readonly weight: number };

/** @throws InklingError `network-place` */
export async function neuron(
  open: OpenNetwork,
  { pixels, layer: name, unit, position }: CallInput<'neuron'>,
): Promise<Neuron> {
  const { layer } = flowOf(open, name);
  if (layer.kind !== 'dense' && layer.kind !== 'conv2d')
    throw failure('network-place', { problem: `${name} has no weights` });
  if (unit >= layer.output[0]!)
    throw failure('network-place', { problem: `${name} has no unit ${unit}` });
  const seen = await observed(open, layer, pixels);
  const after = seen.after.data;
  const area = size(layer.output.slice(1));
  const place = position ? placeOf(layer, position) : largestPlace(after, unit, area);
  // Of maxout's pieces, the one that wins.
  const piece = winningPiece(layer, seen.before.data, unit, area, place);
  const wires =
    layer.kind === 'dense' ? denseWires(open, layer, piece) : convWires(open, layer, piece, place);
  const bias = open.stored.params[`${name}/bias`]!.data[piece]!;
  const before = seen.before.data[piece * area + place]!;
  return {
    position:
      layer.kind === 'dense'
        ? null
        : [Math.floor(place / layer.output[2]!), place % layer.output[2]!],
    bias,
    ...termsOf(wires, seen.input.data),
    before,
    after: after[unit * area + place]!,
    curve: await curve(open, layer, unit, before),
    weight: weightOf(open, layer, piece),
  };
}

async function observed(open: OpenNetwork, layer: Weighted, pixels: Uint8Array) {
  const graph = await open.graph(`unit of ${layer.name}`, () => ({
    input: flowOf(open, layer.name).input,
    before: traceOf(open, layer).before,
    after: flowOf(open, layer.name).output,
  }));
  const { input: read, before, after } = await graph.run(pixelFeed(open, pixels));
  return { input: read!, before: before!, after: after! };
}

function traceOf({ pass }: OpenNetwork, layer: Weighted): Trace {
  return pass.traces.find((each) => each.layer === layer)!; // every layer with weights has an activation, linear or not
}

function placeOf({ name, output }: Weighted, [row, column]: readonly [number, number]): number {
  const [, height = 1, width = 1] = output;
  if (row >= height || column >= width)
    throw failure('network-place', { problem: `${name} has no place ${row}, ${column}` });
  return row * width + column;
}

function largestPlace(after: Float32Array, unit: number, area: number): number {
  let best = 0;
  for (let place = 1; place < area; place++)
    if (after[unit * area + place]! > after[unit * area + best]!) best = place;
  return best;
}

function winningPiece(
  { activation }: Weighted,
  before: Float32Array,
  unit: number,
  area: number,
  place: number,
): number {
  if (activation.name !== 'maxout') return unit;
  const first = unit * activation.pieces;
  let best = first;
  for (let piece = first + 1; piece < first + activation.pieces; piece++)
    if (before[piece * area + place]! > before[best * area + place]!) best = piece;
  return best;
}

/** kernel [in, out] */
function denseWires({ stored }: OpenNetwork, { name }: Weighted, unit: number): Wire[] {
  const { shape, data } = stored.params[`${name}/kernel`]!;
  const [inputs, units] = [shape[0]!, shape[1]!];
  return Array.from({ length: inputs }, (_, from) => ({
    from,
    weight: data[from * units + unit]!,
  }));
}

/** kernel [out, in, kH, kW]; what lies in the padding is no input. */
function convWires(
  { stored }: OpenNetwork,
  layer: Weighted,
  filter: number,
  place: number,
): Wire[] {
  if (layer.kind !== 'conv2d') return [];
  const { name, input: read, output, stride, pads, kernel } = layer;
  const [channels, height, width] = read as readonly [number, number, number]; // a convolution reads images
  const { data } = stored.params[`${name}/kernel`]!;
  const top = Math.floor(place / output[2]!) * stride - pads[0];
  const left = (place % output[2]!) * stride - pads[1];
  const wires: Wire[] = [];
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < kernel; i++)
      for (let j = 0; j < kernel; j++) {
        const [y, x] = [top + i, left + j];
        if (y < 0 || x < 0 || y >= height || x >= width) continue;
        const weight = data[((filter * channels + c) * kernel + i) * kernel + j]!;
        wires.push({ from: (c * height + y) * width + x, weight });
      }
  return wires;
}

function termsOf(wires: readonly Wire[], read: Float32Array) {
  const terms = wires.map(({ from, weight }) => {
    const value = read[from]!;
    return { from, input: value, weight, product: value * weight };
  });
  // What is not a number comes first: it is what made the sum one that is not.
  const rank = ({ product }: { product: number }) =>
    Number.isNaN(product) ? Infinity : Math.abs(product);
  terms.sort((a, b) => rank(b) - rank(a) || a.from - b.from);
  const rest = terms.slice(termsShown);
  return {
    terms: terms.slice(0, termsShown),
    restCount: rest.length,
    restSum: rest.reduce((sum, { product }) => sum + product, 0),
  };
}

function weightOf(
  { stored, network }: OpenNetwork,
  { name, kind, input: read }: Weighted,
  unit: number,
) {
  const { shape, data } = stored.params[`${name}/kernel`]!;
  if (kind === 'conv2d') {
    const count = size(shape.slice(1));
    return { shape: shape.slice(1), data: data.slice(unit * count, (unit + 1) * count) };
  }
  const units = shape[1]!;
  const values = Float32Array.from({ length: shape[0]! }, (_, i) => data[i * units + unit]!);
  const { channels, height, width } = network.spec.input;
  // Straight from the image, a unit's weights are a picture.
  const isPicture =
    firstWeights(network.layers)?.name === name && read[0] === channels * height * width;
  return { shape: isPicture ? [channels, height, width] : [values.length], data: values };
}

function firstWeights(layers: readonly Layer[]): Layer | undefined {
  return layers.find(({ kind }) => kind !== 'flatten' && kind !== 'dropout');
}

/** f over a range around `z`, by the same formula that the network's graph has. */
async function curve(
  open: OpenNetwork,
  layer: Weighted,
  unit: number,
  z: number,
): Promise<Neuron['curve']> {
  const { name, activation } = layer;
  if (activation.name === 'maxout') return null;
  const reach = Number.isFinite(z) ? Math.max(curveReach, Math.abs(z) * 1.2) : curveReach;
  const x = Float32Array.from(
    { length: curvePoints },
    (_, i) => reach * ((2 * i) / (curvePoints - 1) - 1),
  );
  const slope = open.stored.params[`${name}/slopes`]?.data[unit];
  const graph = await open.graph(`curve of ${name} ${slope === undefined ? '' : unit}`, () => ({
    y: activate(
      input('x', 'float32', [curvePoints, 1]),
      activation,
      slope === undefined ? null : constant([1], [slope]),
    ),
  }));
  const { y } = await graph.run({ x: { shape: [curvePoints, 1], data: x } });
  return { x: [...x], y: [...y!.data] };
}
