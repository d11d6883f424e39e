/** @file What an inspector process does for each call: one row each. */
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { trace } from './activations.ts';
import { embed } from './embedding.ts';
import { exciting } from './exciting.ts';
import { activationHistograms, weightHistograms } from './histograms.ts';
import type { Call, Handlers } from './inspectorPort.ts';
import type { CallInput, CallOutput, ModelSource } from './messages.ts';
import { neuron } from './neuron.ts';
import { nudge } from './nudge.ts';
import { imagesAtOnce, joined, plain, type OpenNetwork } from './openNetwork.ts';
import { saliency } from './saliency.ts';

/** A fraction of a second on a slow machine: whoever draws meanwhile is answered between two of them. */
const chunkSamples = 256;

export const handlers: Handlers = {
  async describe({ path }, call) {
    const { input, classes } = await call.file(path);
    return { input, classes: [...classes] };
  },

  predict: ({ source, pixels }, call) => predict(source, pixels, call),

  async judge({ source, samples }, call) {
    const found: CallOutput<'predict'>[] = [];
    await inChunks(samples, call, chunkSamples, async (pixels) => {
      found.push(await predict(source, pixels, call));
    });
    const logits = found.map((each) => each.logits ?? new Float32Array(0));
    return {
      probabilities: joined(found.map((each) => each.probabilities)),
      logits: found.some((each) => each.logits === null) ? null : joined(logits),
    };
  },

  async parameters({ source, names }, call) {
    const { stored } = await call.network(source);
    return Object.fromEntries(names.map((name) => [name, parameter(stored.params, name)]));
  },

  trace: async ({ source, pixels }, call) => plain(await trace(await call.network(source), pixels)),

  neuron: async (input, call) => neuron(await call.network(input.source), input),

  async exciting({ source, samples, layer }, call) {
    const open = await call.network(source);
    const atOnce = imagesAtOnce(open, chunkSamples);
    return exciting(open, layer, (work) => inChunks(samples, call, atOnce, work));
  },

  nudge: async (input, call) => nudge(await call.network(input.source), input),

  saliency: async (input, call) => saliency(await call.network(input.source), input),

  weightHistograms: ({ sources }, call) => weightHistograms(eachNetwork(sources, call)),

  activationHistograms: ({ sources, samples }, call) => {
    const { start, end, folder, snapshot } = samples;
    const pixels = call.port.openSamples(folder, snapshot).readPixels({ start, end });
    return activationHistograms(eachNetwork(sources, call), pixels);
  },

  async embed({ source, samples, chosen, method, seed }, call) {
    const open = await call.network(source);
    const file = call.port.openSamples(samples.folder, samples.snapshot);
    const read = (sample: number) => {
      const start = samples.start + sample;
      return file.readPixels({ start, end: start + 1 });
    };
    return embed(open, { chosen, read, method, seed }, call);
  },

  export: (work, call) => call.port.exportRun(work, call),
};

async function predict(source: ModelSource, pixels: Uint8Array, call: Call) {
  if (source.kind === 'file') {
    const file = await call.file(source.path);
    return { probabilities: await file.predict(pixels), logits: null };
  }
  const predictor = await (await call.network(source)).predictor();
  return predictor.predict(pixels);
}

/** Reads samples piece by piece and says how far it is; stops where the call was canceled. */
async function inChunks(
  { folder, snapshot, start, end }: CallInput<'judge'>['samples'],
  { port, signal, progress }: Call,
  atOnce: number,
  work: (pixels: Uint8Array, first: number) => Promise<void>,
): Promise<void> {
  const file = port.openSamples(folder, snapshot);
  for (let from = start; from < end; from += atOnce) {
    signal.throwIfAborted();
    const to = Math.min(from + atOnce, end);
    await work(file.readPixels({ start: from, end: to }), from - start);
    progress(to - start, end - start);
    await port.breathe();
  }
}

/** Networks one after another; they are opened as they are reached. */
async function* eachNetwork(
  sources: CallInput<'weightHistograms'>['sources'],
  call: Call,
): AsyncGenerator<OpenNetwork> {
  for (const [i, source] of sources.entries()) {
    call.signal.throwIfAborted();
    yield await call.network(source);
    call.progress(i + 1, sources.length);
    await call.port.breathe();
  }
}

function parameter(params: Tensors, name: string) {
  const found = params[name];
  if (!found) throw failure('network-place', { problem: `no parameter ${name}` });
  return { shape: [...found.shape], data: found.data };
}
