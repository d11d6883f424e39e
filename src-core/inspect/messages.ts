/**
 * @file The protocol between the main process and an inspector process, parsed on both sides: calls with a number,
 * and for each an answer, a failure, and progress before it. One row below is one call; adding one is adding a row
 * here and in `inspector.ts`.
 */
import { z } from 'zod';
import { ImageShape, ModelSpec, TrainOptions } from '../model/spec.ts';

const floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'no float32 array');
const ints = z.custom<Int32Array>((value) => value instanceof Int32Array, 'no int32 array');
/** Across processes a Buffer may arrive as what it is, a Uint8Array. */
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'no bytes');
/** z.number() refuses NaN and infinity. */
const measured = z.custom<number>((value) => typeof value === 'number', 'not a number');
const Count = z.int().min(0);
const TensorData = z.strictObject({ shape: z.array(Count), data: floats });
const TensorsData = z.record(z.string(), TensorData);

/** Where the parameters of a network are: a file of a run, or none yet, as training begins. */
const Parameters = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), path: z.string() }),
  z.strictObject({ kind: z.literal('initial') }),
]);

export const NetworkSource = z.strictObject({
  kind: z.literal('network'),
  spec: ModelSpec,
  options: TrainOptions,
  engine: z.string(),
  device: z.string(),
  parameters: Parameters,
});
export type NetworkSource = z.infer<typeof NetworkSource>;

export const ModelSource = z.discriminatedUnion('kind', [
  NetworkSource,
  z.strictObject({ kind: z.literal('file'), path: z.string() }),
]);
export type ModelSource = z.infer<typeof ModelSource>;

/** Samples of a tensor cache: from `start` to before `end`. */
const Samples = z.strictObject({
  folder: z.string(),
  snapshot: z.string().regex(/^[0-9a-f]{64}$/),
  start: Count,
  end: Count,
});
export type Samples = z.infer<typeof Samples>;

const network = z.strictObject({ source: NetworkSource });
/** uint8 [N, C, H, W] */
const looking = network.extend({ pixels: bytes });

const Histogram = z.strictObject({
  counts: z.array(Count),
  notFinite: Count,
  mean: measured,
  sd: measured,
});
const HistogramSeries = z.strictObject({
  series: z.array(
    z.strictObject({
      name: z.string(),
      from: z.number(),
      to: z.number(),
      /** One for each of the sources. */
      histograms: z.array(Histogram),
    }),
  ),
});
export type HistogramSeries = z.infer<typeof HistogramSeries>;

const Prediction = z.strictObject({
  probabilities: floats,
  /** Null where the model gives none: a file. */
  logits: floats.nullable(),
});

const Neuron = z.strictObject({
  position: z.tuple([Count, Count]).nullable(),
  bias: measured,
  terms: z.array(
    z.strictObject({ from: Count, input: measured, weight: measured, product: measured }),
  ),
  restCount: Count,
  restSum: measured,
  before: measured,
  after: measured,
  curve: z.strictObject({ x: z.array(z.number()), y: z.array(measured) }).nullable(),
  weight: TensorData,
});
export type Neuron = z.infer<typeof Neuron>;

export const calls = {
  /** What a file of another program is. */
  describe: {
    input: z.strictObject({ path: z.string() }),
    output: z.strictObject({ input: ImageShape, classes: z.array(z.string()) }),
  },
  predict: {
    input: z.strictObject({ source: ModelSource, pixels: bytes }),
    output: Prediction,
  },
  /** The same for samples of a tensor cache, with progress. */
  judge: {
    input: z.strictObject({ source: ModelSource, samples: Samples }),
    output: Prediction,
  },
  parameters: {
    input: network.extend({ names: z.array(z.string()) }),
    output: TensorsData,
  },
  trace: { input: looking, output: TensorsData },
  neuron: {
    input: looking.extend({
      layer: z.string(),
      unit: Count,
      position: z.tuple([Count, Count]).nullable(),
    }),
    output: Neuron,
  },
  /** For each unit of a layer the samples that excite it most. */
  exciting: {
    input: network.extend({ samples: Samples, layer: z.string() }),
    output: z.strictObject({
      /** One row for each unit: [units, kept]; sample numbers from the first of the samples. */
      kept: Count,
      indices: ints,
      values: floats,
    }),
  },
  nudge: {
    input: looking.extend({ label: Count, learningRate: z.number() }),
    output: z.strictObject({
      loss: measured,
      isFresh: z.boolean(),
      gradients: TensorsData,
      nudges: TensorsData,
    }),
  },
  saliency: {
    input: looking.extend({
      method: z.enum(['gradient-input', 'integrated-gradients', 'occlusion']),
      class: Count.nullable(),
    }),
    output: z.strictObject({
      class: Count,
      score: measured,
      gap: measured.nullable(),
      saliency: TensorData,
    }),
  },
  weightHistograms: {
    input: z.strictObject({ sources: z.array(NetworkSource) }),
    output: HistogramSeries,
  },
  activationHistograms: {
    input: z.strictObject({ sources: z.array(NetworkSource), samples: Samples }),
    output: HistogramSeries,
  },
  embed: {
    input: network.extend({
      samples: Samples,
      /** Of those samples, ascending. */
      chosen: ints,
      method: z.enum(['pca', 'umap']),
      seed: z.int().min(0),
    }),
    output: z.strictObject({
      layer: z.string(),
      points: floats,
      predicted: ints,
      explained: z.array(measured).nullable(),
    }),
  },
  /** Writes a run's network as files and checks them; `app/exportWork.ts` knows what is asked and answered. */
  export: { input: z.unknown(), output: z.unknown() },
} as const;

export type CallName = keyof typeof calls;
export type CallInput<K extends CallName> = z.infer<(typeof calls)[K]['input']>;
export type CallOutput<K extends CallName> = z.infer<(typeof calls)[K]['output']>;

const names = Object.keys(calls) as [CallName, ...CallName[]]; // the keys of the table above

export const ToInspector = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('call'), id: Count, name: z.enum(names), input: z.unknown() }),
  z.strictObject({ kind: z.literal('cancel'), id: Count }),
]);
export type ToInspector = z.infer<typeof ToInspector>;

export const FromInspector = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('result'), id: Count, output: z.unknown() }),
  z.strictObject({ kind: z.literal('progress'), id: Count, done: Count, total: Count }),
  z.strictObject({
    kind: z.literal('failed'),
    id: Count,
    error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
    /** Of a defect; null for a failure of the catalogue. */
    stack: z.string().nullable(),
  }),
]);
export type FromInspector = z.infer<typeof FromInspector>;
