/**
 * @file What one training step on a single image would do to every parameter: the gradient of the loss and the
 * difference the run's optimizer makes of it. By the graph that trains, without dropout and with the statistics of
 * batch normalization as they are: a batch of one has none of its own.
 */
import type { Tensors } from '../engine/engine.ts';
import type { Feeds } from '../engine/graphRunner.ts';
import { failure } from '../errors.ts';
import { optimizer } from '../graph/optimizers.ts';
import { packed, unpacked, type Pack } from '../graph/packing.ts';
import { next, slotName, trainingStep, type StepGraph } from '../graph/step.ts';
import type { CallInput, CallOutput } from './messages.ts';
import { pixelFeed, plain, type OpenNetwork } from './openNetwork.ts';

const gradientName = (pack: string): string => `gradient of ${pack}`;

export async function nudge(
  open: OpenNetwork,
  { pixels, label, learningRate }: CallInput<'nudge'>,
): Promise<CallOutput<'nudge'>> {
  const { source, network, stored } = open;
  if (label >= network.spec.classes)
    throw failure('network-place', { problem: `no class ${label}` });
  const step = trainingStep(network, { ...source.options, averaging: null }, 1, {
    training: false,
  });
  const graph = await open.graph('nudge', () => ({
    ...step.outputs,
    ...Object.fromEntries(
      Object.entries(step.gradients).map(([pack, value]) => [gradientName(pack), value]),
    ),
  }));
  const isFresh = stored.optimizer === null || stored.step === 0;
  const results = await graph.run({
    ...pixelFeed(open, pixels),
    labels: { shape: [1], data: Int32Array.of(label) },
    ...stateFeeds(open, step, isFresh),
    ...scalarFeeds(open, learningRate, isFresh ? 1 : stored.step + 1),
  });
  const tensors = (nameOf: (pack: Pack) => string): Tensors =>
    Object.assign(
      {},
      ...step.packing.trained.map((pack) => unpacked(pack, results[nameOf(pack)]!.data)),
    ) as Tensors;
  return {
    loss: results['loss']!.data[0]!,
    isFresh,
    gradients: plain(tensors((pack) => gradientName(pack.name))),
    nudges: plain(
      differences(
        tensors((pack) => next(pack.name)),
        stored.params,
      ),
    ),
  };
}

function stateFeeds(
  { source, stored }: OpenNetwork,
  { packing }: StepGraph,
  isFresh: boolean,
): Feeds {
  const feeds: Record<string, Feeds[string]> = {};
  const put = (name: string, data: Float32Array) => (feeds[name] = { shape: [data.length], data });
  for (const pack of [...packing.trained, ...packing.statistics])
    put(pack.name, packed(pack, stored.params));
  for (const pack of packing.trained)
    for (const slot of optimizer(source.options.optimizer).slots)
      put(
        slotName(pack, slot),
        isFresh ? new Float32Array(pack.size) : packed(pack, stored.optimizer!, `${slot}/`),
      );
  return feeds;
}

function scalarFeeds({ source }: OpenNetwork, learningRate: number, step: number): Feeds {
  const { rate, epsilon } = optimizer(source.options.optimizer).scalars(learningRate, step);
  const one = (value: number) => ({ shape: [1], data: Float32Array.of(value) });
  return { rate: one(rate), epsilon: one(epsilon), decayRate: one(learningRate) };
}

function differences(after: Tensors, before: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(after).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value, i) => value - before[name]!.data[i]!) },
    ]),
  );
}
