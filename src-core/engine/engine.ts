/**
 * @file What every engine offers. An engine turns a spec and parameters into a trainer or a predictor on one
 * device. It knows nothing of datasets, files, runs or processes.
 */
import type { ImageShape, ModelSpec, TrainOptions } from '../model/spec.ts';

/** A float32 array with its shape, row-major. */
export type Tensor = { readonly shape: readonly number[]; readonly data: Float32Array };

/** Tensors by name, in a fixed order: `conv1/kernel`, `conv1/bias`, … */
export type Tensors = Readonly<Record<string, Tensor>>;

/** The engines, and the names of the devices each can be asked for, whether this computer has them or not. */
export const engineDevices = {
  onnx: ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'],
  tfjs: ['cpu', 'tensorflow'],
} as const;
export type EngineName = keyof typeof engineDevices;

/** One place to compute. `available: false` carries why, and how to get it. */
export type Device = {
  readonly engine: EngineName;
  /** Unique within an engine: `cpu`, `webgpu`, `cuda`, `dml`, `coreml`, `tensorflow`. */
  readonly id: string;
  readonly label: string;
} & (
  | { readonly available: true; readonly training: boolean }
  | { readonly available: false; readonly reason: string; readonly hint: string }
);

/** Everything that changes while training, by name. `average` is null unless averaging is on. */
export type TrainState = {
  readonly params: Tensors;
  readonly optimizer: Tensors;
  readonly average: Tensors | null;
};

/** One step's input. All arrays are owned by the caller and may be reused once `step` has resolved. */
export type Batch = {
  /** uint8 [N, C, H, W]. */
  readonly pixels: Uint8Array;
  /** int32 [N], class indices. */
  readonly labels: Int32Array;
  /** Uniform bytes for dropout, `noiseBytes` of them; empty for a network without dropout. */
  readonly noise: Uint8Array;
};

/** `step` counts from 1 (Adam's bias correction); `learningRate` already includes the schedule. */
export type StepPosition = { readonly step: number; readonly learningRate: number };

/** `loss` is the mean over the batch, before weight decay; `correct` counts right answers of `batchSize`. */
export type StepResult = { readonly loss: number; readonly correct: number };

/** One layer's state on a probe batch. Shares are 0 … 1, over units (dense) or channels (conv). */
export type LayerHealth = {
  readonly layer: string;
  readonly activation: string;
  /** L2 norm of the gradient of the loss by this layer's kernel. */
  readonly gradientNorm: number;
  /** Share of units whose output never leaves the flat part of the activation over the batch. */
  readonly deadShare: number;
  /** Share of single outputs where |f′| < 0.01, the flat ends of sigmoid, tanh, ELU … */
  readonly saturatedShare: number;
  readonly activationMean: number;
  readonly activationSd: number;
  /** PReLU: the learned slopes' mean, smallest and largest; null for other activations. */
  readonly slopes: { readonly mean: number; readonly min: number; readonly max: number } | null;
};

export interface Trainer {
  /** The batch size this trainer was built for; every step takes exactly this many samples. */
  readonly batchSize: number;
  readonly noiseBytes: number;
  step(batch: Batch, at: StepPosition): Promise<StepResult>;
  /** Forward and gradient on one batch of `batchSize`, without dropout and without changing anything. */
  probe(pixels: Uint8Array, labels: Int32Array): Promise<readonly LayerHealth[]>;
  /** A copy of the current state, safe to keep. */
  state(): Promise<TrainState>;
  dispose(): Promise<void>;
}

/** Both [N, classes]: scores before the output function, and what it makes of them. */
export type Prediction = { readonly logits: Float32Array; readonly probabilities: Float32Array };

export interface Predictor {
  /** Any number of images, uint8 [N, C, H, W]; worked through in chunks. */
  predict(pixels: Uint8Array): Promise<Prediction>;
  dispose(): Promise<void>;
}

export type TrainerRequest = {
  readonly spec: ModelSpec;
  readonly options: TrainOptions;
  /** The batch size to build for; equals `options.batchSize` or the training split if that is smaller. */
  readonly batchSize: number;
  /** Null starts from freshly initialised parameters (`options.seed`). */
  readonly start: TrainState | null;
  readonly device: string;
  /** 0 or 1 for each value of a trained parameter: every step ends with the value times it. Those not named are free. */
  readonly masks?: Tensors;
};

export type PredictorRequest = {
  readonly spec: ModelSpec;
  readonly params: Tensors;
  readonly device: string;
  readonly threads: number;
};

export interface Engine {
  readonly name: EngineName;
  /** @throws InklingError `device-unavailable`, `layer-shape` */
  trainer(request: TrainerRequest): Promise<Trainer>;
  /** @throws InklingError `device-unavailable`, `layer-shape` */
  predictor(request: PredictorRequest): Promise<Predictor>;
}

/** Number of values of one image. */
export function imageSize(shape: ImageShape): number {
  return shape.channels * shape.height * shape.width;
}
