/**
 * @file A trained network that is open for looking into: what predicts, and what shows its inside, each opened when
 * it is first asked for and kept until the network is closed.
 */
import type { Engine, Predictor, Tensors } from '../engine/engine.ts';
import { imageSize } from '../engine/engine.ts';
import { openGraph, type Feeds, type GraphRunner } from '../engine/graphRunner.ts';
import { failure } from '../errors.ts';
import { inference, type Flow, type Forward } from '../graph/network.ts';
import type { Value } from '../graph/value.ts';
import { resolveNetwork, size, type Network } from '../model/layers.ts';
import type { NetworkSource } from './messages.ts';

/** Everything that is stored of a network at one moment. */
export type StoredNetwork = {
  readonly params: Tensors;
  /** The optimizer's memory; null where only parameters were kept. */
  readonly optimizer: Tensors | null;
  /** Steps done. */
  readonly step: number;
};

export type OpenNetwork = {
  readonly source: NetworkSource;
  readonly network: Network;
  readonly stored: StoredNetwork;
  /** With every layer's own output visible. */
  readonly pass: Forward;
  /** On the engine and device of the run: its answers are those the run was tested with. */
  predictor(): Promise<Predictor>;
  /** A graph of this network, opened once for each name. */
  graph(name: string, build: () => Readonly<Record<string, Value>>): Promise<GraphRunner>;
  dispose(): Promise<void>;
};

export function openNetwork(
  source: NetworkSource,
  stored: StoredNetwork,
  loadEngine: (name: string) => Promise<Engine>,
): OpenNetwork {
  const { spec, options, device } = source;
  const { threads } = options;
  const network = resolveNetwork(spec);
  const opened = new Map<string, Promise<GraphRunner>>();
  let predictor: Promise<Predictor> | null = null;
  return {
    source,
    network,
    stored,
    pass: inference(network, stored.params, { traced: true }),
    predictor: () =>
      (predictor ??= loadEngine(source.engine).then((engine) =>
        engine.predictor({ spec, params: stored.params, device, threads }),
      )),
    graph(name, build) {
      const known = opened.get(name) ?? openGraph(build(), threads);
      opened.set(name, known);
      return known;
    },
    async dispose() {
      for (const graph of opened.values()) await (await graph).dispose();
      await (await predictor)?.dispose();
    },
  };
}

/** uint8 [N, C, H, W] as the network is fed. */
export function pixelFeed({ network }: OpenNetwork, pixels: Uint8Array): Feeds {
  const { input } = network.spec;
  const count = pixels.length / imageSize(input);
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`${pixels.length} bytes are no images of ${imageSize(input)}`);
  return { pixels: { shape: [count, input.channels, input.height, input.width], data: pixels } };
}

/** What all layers give for the images looked at together: bounded, whatever the network. */
const outputBytesMax = 128 * 1024 * 1024;

/** Images whose layers are looked at together, `limit` at most. */
export function imagesAtOnce({ pass }: OpenNetwork, limit: number): number {
  const values = pass.flows.reduce((sum, { layer }) => sum + size(layer.output), 0);
  return Math.max(1, Math.min(limit, Math.floor(outputBytesMax / (4 * values))));
}

/** What flows into and out of a layer. @throws InklingError `network-place` */
export function flowOf({ pass }: OpenNetwork, layer: string): Flow {
  const flow = pass.flows.find((each) => each.layer.name === layer);
  if (!flow) throw failure('network-place', { problem: `no layer ${layer}` });
  return flow;
}

/** As a message carries them. */
export function plain(tensors: Tensors) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape: [...shape], data }]),
  );
}

/** One array after another, as one. */
export function joined(arrays: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
