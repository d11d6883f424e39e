/** @file What flows through a network for images: every layer's output, and what it was before its activation. */
import type { Tensor, Tensors } from '../engine/engine.ts';
import type { GraphRunner } from '../engine/graphRunner.ts';
import type { Value } from '../graph/value.ts';
import { size } from '../model/layers.ts';
import { flowOf, pixelFeed, type OpenNetwork } from './openNetwork.ts';

/**
 * For one image: `image`, `NAME/output` of each layer, `NAME/before` where it has an activation, `logits` and
 * `probabilities`; shapes without the batch.
 */
export async function trace(open: OpenNetwork, pixels: Uint8Array): Promise<Tensors> {
  const graph = await tracing(open);
  const found = await graph.run(pixelFeed(open, pixels));
  return Object.fromEntries(
    Object.entries(found).map(([name, { shape, data }]) => [name, { shape: shape.slice(1), data }]),
  );
}

export function tracing(open: OpenNetwork): Promise<GraphRunner> {
  return open.graph('trace', () => {
    const { image, logits, probabilities, flows, traces } = open.pass;
    const outputs: Record<string, Value> = { image, logits, probabilities };
    for (const { layer, output } of flows) outputs[`${layer.name}/output`] = output;
    for (const { layer, before } of traces) outputs[`${layer.name}/before`] = before;
    return outputs;
  });
}

/** The network's last layer before the scores, or null where the scores are computed from the image itself. */
export function lastHidden({ network }: OpenNetwork): string | null {
  return network.layers.at(-2)?.name ?? null;
}

/** float32 [N, units]: what the scores are computed from, and the probabilities. */
export async function features(open: OpenNetwork, pixels: Uint8Array) {
  const graph = await open.graph('features', () => ({
    features: flowOf(open, 'output').input,
    probabilities: open.pass.probabilities,
  }));
  const { features: found, probabilities } = await graph.run(pixelFeed(open, pixels));
  return { features: found!, probabilities: probabilities! };
}

/** One layer's output for many images: [N, …]. */
export async function layerOutput(
  open: OpenNetwork,
  layer: string,
  pixels: Uint8Array,
): Promise<Tensor> {
  const graph = await open.graph(`output of ${layer}`, () => ({
    output: flowOf(open, layer).output,
  }));
  return (await graph.run(pixelFeed(open, pixels)))['output']!;
}

/** float32 [N, units]: of each unit the largest value over its places. */
export function largestByUnit({ shape, data }: Tensor): { units: number; values: Float32Array } {
  const [count, units, ...places] = shape;
  const area = size(places);
  const values = new Float32Array(count! * units!).fill(-Infinity);
  for (let i = 0; i < values.length; i++) {
    let largest = -Infinity;
    for (let place = 0; place < area; place++) {
      const value = data[i * area + place]!;
      // NaN is what a user must see: it wins over every number, and nothing over it.
      if (value > largest || Number.isNaN(value)) largest = value;
      if (Number.isNaN(largest)) break;
    }
    values[i] = largest;
  }
  return { units: units!, values };
}
