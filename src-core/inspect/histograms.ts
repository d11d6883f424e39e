/** @file Histograms of weights and activations, one for each of several moments of a run, over one range. */
import { imageSize } from '../engine/engine.ts';
import { tracing } from './activations.ts';
import type { HistogramSeries } from './messages.ts';
import { imagesAtOnce, joined, pixelFeed, type OpenNetwork } from './openNetwork.ts';

/** As many as can be told apart in a small chart. */
const binCount = 50;

/** Of every parameter that has more than one value. */
export function weightHistograms(networks: AsyncIterable<OpenNetwork>): Promise<HistogramSeries> {
  return collect(networks, async ({ stored }) =>
    Object.fromEntries(Object.entries(stored.params).map(([name, { data }]) => [name, data])),
  );
}

/** Of what every layer with an activation gives on, over some images. */
export function activationHistograms(
  networks: AsyncIterable<OpenNetwork>,
  pixels: Uint8Array,
): Promise<HistogramSeries> {
  return collect(networks, (open) => activationsOf(open, pixels));
}

/** Of each layer a sample of its values, gathered in pieces. */
async function activationsOf(open: OpenNetwork, pixels: Uint8Array): Promise<Values> {
  const graph = await tracing(open);
  const bytes = imageSize(open.network.spec.input);
  const pieceBytes = imagesAtOnce(open, pixels.length / bytes) * bytes;
  const pieces = Math.ceil(pixels.length / pieceBytes);
  const found: Record<string, Float32Array[]> = {};
  for (let at = 0; at < pixels.length; at += pieceBytes) {
    const results = await graph.run(pixelFeed(open, pixels.subarray(at, at + pieceBytes)));
    for (const { layer } of open.pass.traces) {
      const { data } = results[`${layer.name}/output`]!;
      (found[layer.name] ??= []).push(sampled(data, Math.ceil(valuesMax / pieces)));
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, parts]) => [name, joined(parts)]));
}

/** Values by name, in any order. */
type Values = Readonly<Record<string, Float32Array>>;

type Series = { readonly name: string; readonly moments: Float32Array[] };

async function collect(
  networks: AsyncIterable<OpenNetwork>,
  valuesOf: (open: OpenNetwork) => Promise<Values>,
): Promise<HistogramSeries> {
  const series = new Map<string, Series>();
  for await (const open of networks)
    for (const [name, data] of Object.entries(await valuesOf(open))) {
      const known = series.get(name) ?? { name, moments: [] };
      series.set(name, known);
      known.moments.push(sampled(data, valuesMax));
    }
  return { series: [...series.values()].map(histogramsOf) };
}

/** A histogram of more values looks the same; an epoch's worth of a large network would not fit in memory. */
const valuesMax = 100_000;

/** Every n-th value where there are too many. */
function sampled(data: Float32Array, limit: number): Float32Array {
  const step = Math.ceil(data.length / limit);
  if (step <= 1) return data;
  return Float32Array.from({ length: Math.floor(data.length / step) }, (_, i) => data[i * step]!);
}

function histogramsOf({ name, moments }: Series): HistogramSeries['series'][number] {
  let from = Infinity;
  let to = -Infinity;
  for (const values of moments)
    for (const value of values)
      if (Number.isFinite(value)) {
        from = Math.min(from, value);
        to = Math.max(to, value);
      }
  if (from > to) [from, to] = [0, 0]; // not one number among them
  return { name, from, to, histograms: moments.map((values) => histogram(values, from, to)) };
}

function histogram(values: Float32Array, from: number, to: number) {
  const counts = Array.from({ length: binCount }, () => 0);
  const width = (to - from) / binCount;
  let notFinite = 0;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    if (!Number.isFinite(value)) notFinite++;
    else counts[width === 0 ? 0 : Math.min(binCount - 1, Math.floor((value - from) / width))]!++;
  }
  const mean = sum / values.length;
  for (const value of values) squares += (value - mean) ** 2;
  return { counts, notFinite, mean, sd: Math.sqrt(squares / values.length) };
}
