/**
 * @file What pages and the core say to each other about looking into trained networks and trying them out. Part of
 * the contract: limits stand here, and what does not fit is refused before anything is done with it.
 *
 * Everything is computed by the engine from the parameters a run stored. Numbers that would be many (weights,
 * activations, maps) do not pass here: a call answers with the name of its tensors, which `inspectPaths.tensors`
 * gives as one binary file and `readTensors` reads. Names are good until the core forgets the oldest
 * (`result-gone`: ask again).
 */
import { oc } from '@orpc/contract';
import { z } from 'zod';
import { ActivationSpec, ImageShape } from '../model/spec.ts';
import { Measured, RunName } from './training.ts';

const Id = z.int().min(1);
const Count = z.int().min(0);
const Part = z.enum(['train', 'validation', 'test']);
/** The name of something the core keeps for a while: an evaluation, tensors, an opened file. */
const Kept = z.string().min(1).max(64);
const Problem = z.object({ code: z.string(), message: z.string(), hint: z.string() });

/** Images whose neighbors a map shows: what UMAP does in a few seconds. */
export const embeddingImagesMax = 10_000;
/** Models that answer one drawing side by side. */
export const modelsAtOnceMax = 8;
/** Base64 of the largest input a network here can have: 3 × 512 × 512 bytes. */
const pixelCharsMax = 4 * Math.ceil((3 * 512 * 512) / 3);
/** All inputs of one call: a call is 2 MiB at most. Models with larger inputs are asked in calls of their own. */
const pixelCharsAtOnceMax = 1_500_000;
/** A drawing or a photograph that is added to a dataset, as base64; a call is 2 MiB at most. */
export const pictureCharsMax = 1_500_000;
/** Evaluations and lists of mistakes are read in pieces of a screenful or a few. */
const mistakesMax = 1000;

/**
 * Parameters of a run after an epoch; 0 is before the first step. Null: those the run kept, or where it has not
 * finished, those of its last checkpoint.
 */
const Epoch = z.int().min(0).max(1_000_000).nullable();

/** What answers: a run's network, or an ONNX file that `models.open` opened. */
export const ModelRef = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), run: RunName, epoch: Epoch }),
  z.object({ kind: z.literal('file'), file: Kept }),
]);
export type ModelRef = z.infer<typeof ModelRef>;

export const ModelInfo = z.object({
  model: ModelRef,
  /** `r3 · ReLU`, or the name of the file. */
  name: z.string(),
  input: ImageShape,
  /** Names in order: the order of probabilities. */
  classes: z.array(z.string()),
  /** Of a run: whether it has finished; what it learned from. Null for a file. */
  isFinished: z.boolean().nullable(),
  dataset: z.object({ id: Id, name: z.string() }).nullable(),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

/** uint8 [C, H, W] of the model's input size, as base64. */
const Pixels = z.base64().min(1).max(pixelCharsMax);

/** The image to look at: one of a dataset, or pixels as the model is to see them. */
export const Shown = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('image'), image: Id }),
  z.object({ kind: z.literal('pixels'), pixels: Pixels }),
]);
export type Shown = z.infer<typeof Shown>;

export const PredictionInfo = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('answer'),
    /** In the order of the model's classes. */
    probabilities: z.array(Measured),
    /** Index of the largest. */
    predicted: Count,
    milliseconds: z.number(),
  }),
  z.object({ kind: z.literal('failed'), problem: Problem }),
]);
export type PredictionInfo = z.infer<typeof PredictionInfo>;

/** Which images are judged: a part of the run's own snapshot, as it was frozen, or images of a dataset as they are now. */
export const EvaluatedOn = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('snapshot'), part: Part }),
  /** Part null: all images, those without a label too: they get a prediction, and count in no figure. */
  z.object({ kind: z.literal('dataset'), dataset: Id, part: Part.nullable() }),
]);
export type EvaluatedOn = z.infer<typeof EvaluatedOn>;

const ClassFigures = z.object({
  support: Count,
  predicted: Count,
  /** Null: nothing to divide by. */
  precision: Measured.nullable(),
  recall: Measured.nullable(),
  f1: Measured.nullable(),
});

export const MistakeInfo = z.object({
  /** Null: the image has been removed since. */
  image: Id.nullable(),
  label: Count,
  predicted: Count,
  confidence: Measured,
  labelProbability: Measured,
});
export type MistakeInfo = z.infer<typeof MistakeInfo>;

/** What an evaluation says of one image; label null: it was judged without one. */
export const ImagePrediction = z.object({
  image: Id,
  label: Count.nullable(),
  predicted: Count,
  confidence: Measured,
});
export type ImagePrediction = z.infer<typeof ImagePrediction>;

/**
 * All predictions stay with the core under `evaluation`: `images.open` filters and sorts a dataset by them
 * (`ImageFilter.evaluation`), `inspect.cell` opens the images of a cell.
 */
export const EvaluationInfo = z.object({
  evaluation: Kept,
  model: ModelRef,
  on: EvaluatedOn,
  /** The epoch whose parameters were judged; null for a file. */
  epoch: Count.nullable(),
  /** Whose images they are; null: the dataset has been removed. */
  dataset: Id.nullable(),
  /** Of the model. Labels and predictions are indices into them. */
  classes: z.array(z.string()),
  /** Judged; and images left out of the figures because they have no label, or one the model does not know. */
  samples: Count,
  unjudged: Count,
  accuracy: Measured.nullable(),
  /** As training defines it; null for a file, whose loss nobody knows, and without samples. */
  loss: Measured.nullable(),
  /** [K, K] counts: rows are labels, columns predictions. */
  confusion: z.array(z.array(Count)),
  perClass: z.array(ClassFigures),
  calibration: z.object({
    /** Expected calibration error; null without samples. */
    error: Measured.nullable(),
    bins: z.array(
      z.object({
        from: z.number(),
        to: z.number(),
        count: Count,
        confidence: Measured.nullable(),
        accuracy: Measured.nullable(),
      }),
    ),
  }),
  mistakeCount: Count,
});
export type EvaluationInfo = z.infer<typeof EvaluationInfo>;

/** Images in a view of their own, for the grid, `paths.page` and label changes. */
const OpenedView = z.object({ view: z.string(), count: Count });

export const CheckpointInfo = z.object({
  epoch: Count,
  /** The epoch the run kept: what is used, tested and exported. */
  isKept: z.boolean(),
  bytes: Count,
});
export type CheckpointInfo = z.infer<typeof CheckpointInfo>;

export const LayerInfo = z.object({
  /** As parameters and health name it: `conv2d1`. The last is `output`. */
  name: z.string(),
  kind: z.string(),
  /** The residual block it is inside of; null: none. */
  within: z.string().nullable(),
  /** [C, H, W] or [units]. */
  input: z.array(Count),
  output: z.array(Count),
  /** Null: the layer has none. */
  activation: ActivationSpec.nullable(),
  /** Kernels: dense [in, out], convolution [out, in, kH, kW]; others one value per unit or channel. */
  parameters: z.array(
    z.object({ name: z.string(), role: z.string(), shape: z.array(Count), count: Count }),
  ),
});
export type LayerInfo = z.infer<typeof LayerInfo>;

export const NetworkInfo = z.object({
  run: RunName,
  epoch: Count,
  input: ImageShape,
  classes: z.array(z.string()),
  output: z.enum(['softmax', 'sigmoid']),
  layers: z.array(LayerInfo),
  parameterCount: Count,
});
export type NetworkInfo = z.infer<typeof NetworkInfo>;

/**
 * `tensors`: for each layer `NAME/output`, and where it has an activation `NAME/before` (before it); shapes as
 * `LayerInfo.output`, `before` of maxout is larger. `image`: what the network reads, 0 … 1. `logits`, `probabilities`.
 */
export const ActivationsInfo = z.object({
  tensors: Kept,
  epoch: Count,
  probabilities: z.array(Measured),
  predicted: Count,
});
export type ActivationsInfo = z.infer<typeof ActivationsInfo>;

/** One unit for one image: z = Σ weight · input + bias, and what its activation makes of z. */
export const NeuronInfo = z.object({
  layer: z.string(),
  unit: Count,
  /** Row and column in the layer's output: of a convolution; null for a list of units. */
  position: z.tuple([Count, Count]).nullable(),
  activation: ActivationSpec,
  bias: Measured,
  /** The largest in size first. `from`: index into the layer's input, row-major. */
  terms: z.array(z.object({ from: Count, input: Measured, weight: Measured, product: Measured })),
  /** How many more there are, and their sum. */
  restCount: Count,
  restSum: Measured,
  /** As the engine computed them for this image. */
  before: Measured,
  after: Measured,
  /** f around `before`, computed by the engine; null for maxout, which is no function of one number. */
  curve: z.object({ x: z.array(z.number()), y: z.array(Measured) }).nullable(),
  /** `weight`: the unit's weights, shaped as one row of the layer's input or [C, kH, kW]. */
  tensors: Kept,
});
export type NeuronInfo = z.infer<typeof NeuronInfo>;

/** Images by how much they excite a unit: of a convolution, its largest place. */
const Excited = z.object({
  part: Part,
  /** Images looked at. */
  samples: Count,
  images: z.array(z.object({ image: Id.nullable(), value: Measured })),
});

/**
 * What one step on this image alone would do, dropout off and statistics as they are. `tensors`: for each trained
 * parameter `gradient/NAME` and `nudge/NAME` (new minus old).
 */
export const GradientInfo = z.object({
  tensors: Kept,
  epoch: Count,
  label: Count,
  loss: Measured,
  /** Of the run, without its schedule. */
  learningRate: z.number(),
  optimizer: z.string(),
  /** The optimizer's memory was not kept for this epoch: the nudge is that of its first step. */
  isFresh: z.boolean(),
  /** L2 norms by parameter. */
  norms: z.array(z.object({ name: z.string(), gradient: Measured, nudge: Measured })),
});
export type GradientInfo = z.infer<typeof GradientInfo>;

export const saliencyMethods = ['gradient-input', 'integrated-gradients', 'occlusion'] as const;

/**
 * `tensors`: `saliency` [C, H, W]; of occlusion [1, H, W], how far the probability falls when a place is covered.
 * `gap`: integrated gradients should add up to the difference of the score from that of a black image; how far they
 * are off. Null for other methods.
 */
export const SaliencyInfo = z.object({
  tensors: Kept,
  class: Count,
  score: Measured,
  gap: Measured.nullable(),
});
export type SaliencyInfo = z.infer<typeof SaliencyInfo>;

/** Counts of values in `bins` of equal width from `from` to `to`; what is not finite is counted apart. */
const Histogram = z.object({
  epoch: Count,
  counts: z.array(Count),
  notFinite: Count,
  mean: Measured,
  sd: Measured,
});
export const Histograms = z.object({
  /** Parameters (`dense1/kernel`) or layers (`dense1`): what the layer gives on, after its activation. */
  series: z.array(
    z.object({ name: z.string(), from: z.number(), to: z.number(), epochs: z.array(Histogram) }),
  ),
});
export type Histograms = z.infer<typeof Histograms>;

export const embeddingMethods = ['pca', 'umap'] as const;

/** `tensors`: `points` [N, 2], x and y. Images, labels and predictions in the same order. */
export const EmbeddingInfo = z.object({
  tensors: Kept,
  epoch: Count,
  method: z.enum(embeddingMethods),
  layer: z.string(),
  dataset: Id.nullable(),
  classes: z.array(z.string()),
  /** 0: the image has been removed since. */
  images: z.array(Count),
  labels: z.array(Count),
  predicted: z.array(Count),
  /** PCA: share of the variance of each axis; null for UMAP. */
  explained: z.array(Measured).nullable(),
});
export type EmbeddingInfo = z.infer<typeof EmbeddingInfo>;

/** Two evaluations on the same images. */
export const Disagreement = z.object({
  /** Compared: judged by both. */
  samples: Count,
  bothRight: Count,
  onlyA: OpenedView,
  onlyB: OpenedView,
  bothWrong: OpenedView,
  /** Recall of each class, by the classes of A that B has too. */
  perClass: z.array(
    z.object({
      name: z.string(),
      support: Count,
      a: Measured.nullable(),
      b: Measured.nullable(),
    }),
  ),
});
export type Disagreement = z.infer<typeof Disagreement>;

const network = z.object({ run: RunName, epoch: Epoch });
const looking = network.extend({ shown: Shown });
const evaluation = z.object({ evaluation: Kept });
const LayerName = z.string().min(1).max(60);

export const FilePath = z.string().min(1).max(4096);
/** Where a file lies: a path (desktop), or an upload (browser). */
export const FileFrom = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('path'), path: FilePath }),
  z.object({ kind: z.literal('upload'), upload: z.string().regex(/^[a-z0-9]{16,64}$/) }),
]);
export type FileFrom = z.infer<typeof FileFrom>;

export const models = {
  /** Runs that have parameters, newest first, then the files that are open. */
  list: oc.output(z.array(ModelInfo)),
  /** Opens an ONNX file in a process of its own; it stays open until it is closed or the program ends. */
  open: oc.input(z.object({ from: FileFrom })).output(ModelInfo),
  close: oc.input(z.object({ file: Kept })),
  /** Each model with pixels of its own input size; failures of one do not touch the others. */
  predict: oc
    .input(
      z.object({
        asked: z
          .array(z.object({ model: ModelRef, pixels: Pixels }))
          .min(1)
          .max(modelsAtOnceMax)
          .refine(
            (asked) =>
              asked.reduce((sum, { pixels }) => sum + pixels.length, 0) <= pixelCharsAtOnceMax,
            'the images are too large for one call',
          ),
      }),
    )
    .output(z.object({ answers: z.array(PredictionInfo) })),
};

export const inspect = {
  /** Epochs whose parameters are there, ascending; 0 is always. */
  checkpoints: oc.input(z.object({ run: RunName })).output(z.array(CheckpointInfo)),
  /** Resolves when it is done; meanwhile it is a job, with progress, that can be canceled (`canceled`). */
  evaluate: oc.input(z.object({ model: ModelRef, on: EvaluatedOn })).output(EvaluationInfo),
  /** Mistakes, the most confident first. */
  mistakes: oc
    .input(evaluation.extend({ start: Count, count: z.int().min(1).max(mistakesMax) }))
    .output(z.array(MistakeInfo)),
  /** Of images on screen; those that were not judged are left out. */
  predictions: oc
    .input(evaluation.extend({ images: z.array(Id).max(mistakesMax) }))
    .output(z.array(ImagePrediction)),
  /** Images of a cell, row or column, or all mistakes, by the labels they were judged by. Null: any. */
  cell: oc
    .input(
      evaluation.extend({
        label: Count.nullable(),
        predicted: Count.nullable(),
        onlyWrong: z.boolean(),
      }),
    )
    .output(OpenedView),
  /** Image ids in the order given, as a view: what a lasso took. */
  pick: oc
    .input(z.object({ dataset: Id, images: z.array(Id).max(embeddingImagesMax) }))
    .output(OpenedView),
  disagreement: oc.input(z.object({ a: Kept, b: Kept })).output(Disagreement),
  network: oc.input(network).output(NetworkInfo),
  /** Tensors of parameters, under their names. */
  weights: oc
    .input(network.extend({ names: z.array(z.string().max(80)).min(1).max(256) }))
    .output(z.object({ tensors: Kept })),
  activations: oc.input(looking).output(ActivationsInfo),
  neuron: oc
    .input(
      looking.extend({
        layer: LayerName,
        unit: Count,
        /** Of a convolution; null: where it is most active. */
        position: z.tuple([Count, Count]).nullable(),
      }),
    )
    .output(NeuronInfo),
  /** The first call for a layer looks at the part's images, 10 000 at most; then it is remembered. */
  exciting: oc.input(network.extend({ layer: LayerName, unit: Count, part: Part })).output(Excited),
  /** Label: index of the class it should be. */
  gradients: oc.input(looking.extend({ label: Count })).output(GradientInfo),
  /** Class null: the one predicted. */
  saliency: oc
    .input(looking.extend({ method: z.enum(saliencyMethods), class: Count.nullable() }))
    .output(SaliencyInfo),
  histograms: oc
    .input(z.object({ run: RunName, of: z.enum(['weights', 'activations']) }))
    .output(Histograms),
  /** A job as `evaluate`. `count` images of the part, drawn with a seed where it has more. */
  embedding: oc
    .input(
      network.extend({
        part: Part,
        count: z.int().min(3).max(embeddingImagesMax),
        method: z.enum(embeddingMethods),
        seed: z.int().min(0).max(2_147_483_647),
      }),
    )
    .output(EmbeddingInfo),
};

/** Adds one picture to a dataset, by the way and with the checks of any import. Null: unlabeled. */
export const addImage = oc
  .input(
    z.object({
      dataset: Id,
      class: Id.nullable(),
      /** What it is called in the dataset: `drawing 2026-11-21 12.00.05.png`. */
      name: z.string().trim().min(1).max(200),
      /** A file of any picture format the program reads. */
      picture: z.base64().min(1).max(pictureCharsMax),
    }),
  )
  /** `isNew` false: this very picture was there already under this name. */
  .output(z.object({ image: Id, isNew: z.boolean() }));

/** Beside the bridge, as `paths`: the tensors a call named, in the format safetensors, float32. */
export const inspectPaths = {
  tensors: (name: string): string => `/tensors?name=${encodeURIComponent(name)}`,
};

export type ReadTensor = { readonly shape: readonly number[]; readonly data: Float32Array };

const TensorHeader = z.record(
  z.string(),
  z.object({ shape: z.array(Count), data_offsets: z.tuple([Count, Count]) }),
);

/** The tensors of a file from `inspectPaths.tensors`, by name. Views of `bytes`, nothing is copied. */
export function readTensors(bytes: ArrayBuffer): Map<string, ReadTensor> {
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(bytes, 8, length));
  const { __metadata__: _, ...entries } = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  return new Map(
    Object.entries(TensorHeader.parse(entries)).map(([name, { shape, data_offsets }]) => {
      const [from, to] = data_offsets;
      return [name, { shape, data: new Float32Array(bytes, 8 + length + from, (to - from) / 4) }];
    }),
  );
}
