/** @file What an export format is: how a trained network is written to files, and how those are opened again. */
import type { Tensors } from '../engine/engine.ts';
import type { ImageShape, ModelSpec } from '../model/spec.ts';

/** All that goes into a file. */
export type TrainedNetwork = {
  /** Files are named by it: `r12`. */
  readonly name: string;
  readonly spec: ModelSpec;
  /** Those that predict: averaged ones where the run averages. */
  readonly params: Tensors;
  /** Names, one for each class of `spec`. */
  readonly classes: readonly string[];
  readonly confidence: Confidence;
  /** Of pruned `params`: the share of kernel values that are zero. */
  readonly sparsity?: number;
  /** Where it came from, kept in the file. */
  readonly origin: Origin;
};

/** What was done so that answers can be relied on. */
export type Confidence = {
  /** `params` were divided by it, see `temperature.ts`; null: they are as they were trained. */
  readonly temperature: number | null;
  /** The file calls answers unsure whose largest probability is below; null: it never does. */
  readonly unsureBelow: number | null;
};

export type Origin = {
  readonly snapshotHash: string;
  readonly parametersHash: string;
  readonly programVersion: string;
};

/** A file opened for use. */
export type OpenedModel = {
  readonly input: ImageShape;
  /** Names, or numbers where the file has no names. */
  readonly classes: readonly string[];
  /**
   * Any number of images, uint8 [N, C, H, W], to probabilities [N, classes].
   * @throws InklingError `model-unfit` when the file cannot do what it says.
   */
  predict(pixels: Uint8Array): Promise<Float32Array>;
  /** What runs it, where that may differ from computer to computer. */
  readonly by?: string;
  dispose(): Promise<void>;
};

/** A file whose arrays were read back and compared, where the software that could run it is missing. */
export type ReadBack = {
  readonly kind: 'read-back';
  /** Arrays compared, every value of each. */
  readonly arrays: number;
  /** Why no image was given to it. */
  readonly reason: string;
};

/** Nothing on this computer can open the file: it was written, and nothing is known of its answers. */
export type Unchecked = { readonly kind: 'unchecked'; readonly reason: string };

/** How close to the run's network a file has to come. */
export type Closeness = {
  /** Images compared, at most. */
  readonly samplesMax: number;
  /** Images per call: between two calls the process can breathe. */
  readonly chunkSamples: number;
  /** Largest difference allowed between two probabilities. */
  readonly maxAbsDiff: number;
  /** The run's network is undecided between two classes whose probabilities differ by no more. */
  readonly undecided: number;
  /** Of the samples, how many have to agree. */
  readonly agreeShare: number;
};

export type Format = {
  readonly title: string;
  /** What it is good for, in a sentence. */
  readonly purpose: string;
  /** Endings of its files. */
  readonly extensions: readonly string[];
  /** Where rounding alone is not the measure. */
  readonly closeness?: Closeness;
  /** The code to use the files of a network of this name, as it can be run beside them. */
  readonly use?: (name: string, unsureBelow?: number | null) => string;
  /** About what its files take, measured on dense networks: known before anything is written. */
  readonly size?: {
    readonly fixedBytes: number;
    readonly bytesPerParameter: number;
    /** Of a format that rounds: for parameters of layers that it does not, see `floatLayers.ts`. */
    readonly bytesPerFloat?: number;
  };
  /** What it does with networks of this spec, where its purpose does not hold for them; else null. */
  readonly note?: (spec: ModelSpec) => string | null;
  /** For a format that makes the network smaller: the bytes of the file it would be otherwise. */
  readonly originalBytes?: (network: TrainedNetwork) => number;
  /** Its networks are pruned, see `prune.ts`, by who asks for the export. */
  readonly isPruned?: true;
  /**
   * Writes into `folder` and returns the names of the files, the one to open first.
   *
   * @param calibration  uint8 [N, C, H, W], training images to choose ranges of values by; may be empty.
   */
  write(
    network: TrainedNetwork,
    folder: string,
    calibration: Uint8Array,
  ): Promise<readonly string[]>;
  /** Opens what `write` wrote, with the software that others would open it with. */
  open(path: string, network: TrainedNetwork): Promise<OpenedModel | ReadBack>;
  /** Why this computer cannot open files of this format, or null where it can; without it, every computer can. */
  unavailable?(): Promise<string | null>;
};
