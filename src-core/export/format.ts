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
  /** Where it came from, kept in the file. */
  readonly origin: Origin;
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

export type Format = {
  readonly title: string;
  /** What it is good for, in a sentence. */
  readonly purpose: string;
  /** Endings of its files. */
  readonly extensions: readonly string[];
  /** Writes into `folder` and returns the names of the files, the one to open first. */
  write(network: TrainedNetwork, folder: string): Promise<readonly string[]>;
  /** Opens what `write` wrote, with the software that others would open it with. */
  open(path: string): Promise<OpenedModel>;
  /** Why this computer cannot open files of this format, or null where it can; without it, every computer can. */
  unavailable?(): Promise<string | null>;
  /** Code to use the file with, as it may be copied; `name` is the network's. */
  use?(name: string): string;
  /** How far answers may be from the network's; without it, as far as rounding goes. */
  readonly tolerance?: Tolerance;
};

export type Tolerance = {
  /** Between two probabilities. */
  readonly maxAbsDiff: number;
  /** Share of the images that have to get the same class, 0 … 1. */
  readonly agreeShare: number;
  /** Two classes are the same answer where the network's probabilities for them differ by no more. */
  readonly undecided: number;
};
