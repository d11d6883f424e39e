/**
 * @file Looking inside a run's network: each call finds the run, the epoch and the image, asks the inspector process,
 * and keeps what is large for the page to fetch.
 */
import type {
  ActivationsInfo,
  GradientInfo,
  LayerInfo,
  NetworkInfo,
  NeuronInfo,
  SaliencyInfo,
  saliencyMethods,
  Shown,
} from '../contract/inspecting.ts';
import { decodeToTensor } from '../data/decode/decode.ts';
import type { Tensor, Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import type { Measured } from '../contract/training.ts';
import type { Inspector } from '../inspect/client.ts';
import type { CallOutput } from '../inspect/messages.ts';
import { largestIndex } from '../inspect/largest.ts';
import { flatLayers, resolveNetwork, size, type Layer } from '../model/layers.ts';
import { encodeSafetensors } from '../training/safetensors.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { measured } from './evaluations.ts';
import { KeptThings } from './kept.ts';
import { pixelsOf } from './models.ts';
import { runNetwork } from './networkSources.ts';

/** A file of tensors, under the name a call gave it. */
export type KeptTensors = { readonly name: string; readonly file: Buffer };

/** A page fetches a result right after it was named; the rest is for going back a step or two. */
const tensorLimits = { count: 64, bytes: 256 * 1024 * 1024 };

export function keptTensors(startedAt: number): KeptThings<KeptTensors> {
  return new KeptThings(`t${startedAt.toString(36)}`, tensorLimits, () =>
    failure('result-gone', undefined),
  );
}

/** Keeps tensors for the page. Returns their name. */
export function keepTensors(kept: KeptThings<KeptTensors>, tensors: Tensors): string {
  const file = encodeSafetensors({ tensors: new Map(Object.entries(tensors)), metadata: {} });
  return kept.add((name) => ({ name, file }), file.length).name;
}

export type LookTools = {
  readonly workspace: Workspace;
  readonly inspector: Inspector;
  readonly tensors: KeptThings<KeptTensors>;
};

type At = { readonly run: string; readonly epoch: number | null };
type Looking = At & { readonly shown: Shown };
type Position = readonly [number, number] | null;

export function lookCalls(tools: LookTools) {
  return { ...flowCalls(tools), ...causeCalls(tools) };
}

/** The network, and what it is shown. */
async function look(workspace: Workspace, { run: name, epoch: wanted, shown }: Looking) {
  const { run, epoch, source } = runNetwork(workspace, name, wanted);
  return { run, epoch, source, pixels: await pixelsShown(workspace, run, shown) };
}

/** What there is, and what flows through it. */
function flowCalls({ workspace, inspector, tensors }: LookTools) {
  const keep = (found: Tensors): string => keepTensors(tensors, found);
  return {
    network(at: At): NetworkInfo {
      const { run, epoch } = runNetwork(workspace, at.run, at.epoch);
      const { classes } = workspace.snapshots.about(run.snapshot);
      return networkInfo(run, epoch, classes);
    },

    async weights({ names, ...at }: At & { names: string[] }) {
      const { source } = runNetwork(workspace, at.run, at.epoch);
      return { tensors: keep(await inspector.call('parameters', { source, names })) };
    },

    async activations(asked: Looking): Promise<ActivationsInfo> {
      const { source, epoch, pixels } = await look(workspace, asked);
      const found = await inspector.call('trace', { source, pixels });
      const { data } = found['probabilities']!;
      return {
        tensors: keep(found),
        epoch,
        probabilities: Array.from(data, measured),
        predicted: largestIndex(data),
      };
    },

    async neuron(
      asked: Looking & { layer: string; unit: number; position: Position },
    ): Promise<NeuronInfo> {
      const { layer, unit, position } = asked;
      const { run, source, pixels } = await look(workspace, asked);
      const place = position && ([...position] as [number, number]); // as the message wants it
      const about = { layer, unit, position: place };
      const found = await inspector.call('neuron', { source, pixels, ...about });
      const { weight } = found;
      const of = flatLayers(resolveNetwork(run.spec).layers).find(({ name }) => name === layer)!;
      return {
        layer,
        unit,
        activation: activationOf(of) ?? { name: 'linear' },
        ...neuronFigures(found),
        tensors: keep({ weight }),
      };
    },
  };
}

/** Why: what a step would change, and what the answer depends on. */
function causeCalls({ workspace, inspector, tensors }: LookTools) {
  const keep = (found: Tensors): string => keepTensors(tensors, found);
  return {
    async gradients(asked: Looking & { label: number }): Promise<GradientInfo> {
      const { label } = asked;
      const { run, epoch, source, pixels } = await look(workspace, asked);
      // The run's own, without its schedule, which may have ended at zero: epochs can be compared.
      const { learningRate } = run.options;
      const found = await inspector.call('nudge', { source, pixels, label, learningRate });
      const { gradients, nudges } = found;
      return {
        tensors: keep({ ...prefixed('gradient', gradients), ...prefixed('nudge', nudges) }),
        epoch,
        label,
        loss: measured(found.loss),
        learningRate,
        optimizer: run.options.optimizer.kind,
        isFresh: found.isFresh,
        norms: Object.entries(gradients).map(([name, gradient]) => ({
          name,
          gradient: norm(gradient),
          nudge: norm(nudges[name]!),
        })),
      };
    },

    async saliency(
      asked: Looking & { method: (typeof saliencyMethods)[number]; class: number | null },
    ): Promise<SaliencyInfo> {
      const { method, class: wanted } = asked;
      const { source, pixels } = await look(workspace, asked);
      const input = { source, pixels, method, class: wanted };
      const { saliency, class: chosen, score, gap } = await inspector.call('saliency', input);
      return {
        tensors: keep({ saliency }),
        class: chosen,
        score: measured(score),
        gap: gap === null ? null : measured(gap),
      };
    },
  };
}

/** @throws InklingError `image-gone`, `pixels-unfit` */
async function pixelsShown(workspace: Workspace, run: Run, shown: Shown): Promise<Uint8Array> {
  const { input } = run.spec;
  if (shown.kind === 'pixels') return pixelsOf(shown.pixels, { name: run.id, input });
  const blob = workspace.blobs.ofImage(shown.image);
  if (!blob) throw failure('image-gone', undefined);
  return decodeToTensor(blob, input);
}

function networkInfo(run: Run, epoch: number, classes: readonly string[]): NetworkInfo {
  const network = resolveNetwork(run.spec);
  return {
    run: run.id,
    epoch,
    input: run.spec.input,
    classes: [...classes],
    output: run.spec.output,
    layers: layerInfos(network.layers, null),
    parameterCount: network.parameterCount,
  };
}

/** In order of computation; the layers of a block before the block. */
function layerInfos(layers: readonly Layer[], within: string | null): LayerInfo[] {
  return layers.flatMap((layer) => {
    if (layer.kind !== 'residual') return [layerInfo(layer, within)];
    const inner = [...layer.layers, ...(layer.shortcut ? [layer.shortcut] : [])];
    return [...layerInfos(inner, layer.name), layerInfo(layer, within)];
  });
}

function layerInfo(layer: Layer, within: string | null): LayerInfo {
  const { name, kind, input, output } = layer;
  const parameters = 'params' in layer ? layer.params : [];
  return {
    name,
    kind,
    within,
    input: [...input],
    output: [...output],
    activation: activationOf(layer),
    parameters: parameters.map((param) => ({
      name: param.name,
      role: param.role,
      shape: [...param.shape],
      count: size(param.shape),
    })),
  };
}

function activationOf(layer: Layer): LayerInfo['activation'] {
  return 'activation' in layer ? layer.activation : null;
}

function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [`${prefix}/${name}`, tensor]),
  );
}

function norm({ data }: Tensor): Measured {
  return measured(Math.sqrt(data.reduce((sum, value) => sum + value * value, 0)));
}

/** What is no number is told as a word. */
function neuronFigures({ position, terms, restCount, curve, ...sums }: CallOutput<'neuron'>) {
  return {
    position,
    terms: terms.map(({ from, input, weight, product }) => ({
      from,
      input: measured(input),
      weight: measured(weight),
      product: measured(product),
    })),
    restCount,
    restSum: measured(sums.restSum),
    bias: measured(sums.bias),
    before: measured(sums.before),
    after: measured(sums.after),
    curve: curve && { x: curve.x, y: curve.y.map(measured) },
  };
}
