/**
 * @file A program: a network for one image at a time as a flat list of instructions over buffers of known size and place.
 * It is made from the forward graph, and made once: each language that a network can be written in spells it in its
 * own words, see `calls.ts`.
 *
 * Functions of single numbers are not instructions of their own. They are joined to expressions, so that an activation is
 * one loop, in place where it can be.
 */
import type { OpName } from '../../graph/ops.ts';
import type { Layer } from '../../model/layers.ts';

/** Memory that instructions write: float32 values, except the pixels, which are bytes and are only read. */
export type Buffer = { readonly kind: 'pixels' | 'work' | 'probabilities'; readonly size: number };

/** Numbers that are part of the program. */
export type Table = { readonly kind: 'table'; readonly data: Float32Array };

/** Ops that work number by number. */
export type ElementOp = Extract<
  OpName,
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Max'
  | 'Sqrt'
  | 'Tanh'
  | 'Sigmoid'
  | 'Erf'
  | 'Relu'
  | 'Softplus'
  | 'Elu'
  | 'LeakyRelu'
  | 'PRelu'
  | 'Greater'
>;

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  /** The element at offset + Σ index·stride, over the loops of the instruction. */
  | {
      readonly kind: 'read';
      readonly from: Buffer | Table;
      readonly offset: number;
      readonly strides: readonly number[];
    }
  | {
      readonly kind: 'apply';
      readonly op: ElementOp;
      /** The constant of Elu and LeakyRelu. */
      readonly alpha: number;
      readonly inputs: readonly Expression[];
    };

/** A window of size [height, width] over an image [channels, height, width]. */
export type Window = {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [down: number, across: number];
  readonly padTop: number;
  readonly padLeft: number;
  /** Positions of the window. */
  readonly rows: number;
  readonly columns: number;
};

type Between = {
  readonly input: Buffer;
  readonly output: Buffer;
  /** The layer it belongs to. */
  readonly label: string;
};

export type Instruction =
  /** output[Σ index·stride] = value, over nested loops of these lengths. */
  | {
      readonly kind: 'map';
      readonly output: Buffer;
      readonly label: string;
      readonly lengths: readonly number[];
      readonly value: Expression;
    }
  /** output[o] = Σ input[i]·kernel[o, i] + bias[o] */
  | (Between & { readonly kind: 'dense'; readonly kernel: Kernel })
  /** Then the largest of every pool of [height, width]; the plane holds one channel before that, null without pool. */
  | (Between & {
      readonly kind: 'conv';
      readonly kernel: Kernel;
      readonly window: Window;
      readonly pool: {
        readonly height: number;
        readonly width: number;
        readonly plane: Buffer;
      } | null;
    })
  | (Between & { readonly kind: 'maxPool' | 'averagePool'; readonly window: Window })
  /** The mean of each channel, `length` values one after another. */
  | (Between & { readonly kind: 'mean'; readonly channels: number; readonly length: number })
  /** Over all of the input. */
  | (Between & { readonly kind: 'softmax'; readonly length: number });

/** Weights, one row of `inputs` numbers for each output, and a bias for each. */
export type Kernel = {
  readonly outputs: number;
  readonly inputs: number;
  readonly weights: Table;
  readonly bias: Table;
};

/** A value that is still there when the program ends. */
export type Kept = {
  readonly layer: Layer;
  readonly shape: readonly number[];
  readonly buffer: Buffer;
};

export type Program = {
  readonly pixels: Buffer;
  readonly probabilities: Buffer;
  readonly instructions: readonly Instruction[];
  readonly kept: readonly Kept[];
  /** Of each work buffer, in floats from the start of the work memory. */
  readonly offsets: ReadonlyMap<Buffer, number>;
  readonly workFloats: number;
};

/** What a instruction reads, its memory for planes among it. */
export function readBuffers(instruction: Instruction): readonly Buffer[] {
  if (instruction.kind === 'map')
    return readsOf(instruction.value).flatMap(({ from }) => (from.kind === 'table' ? [] : [from]));
  return instruction.kind === 'conv' && instruction.pool
    ? [instruction.input, instruction.pool.plane]
    : [instruction.input];
}

export function readsOf(value: Expression): readonly Extract<Expression, { kind: 'read' }>[] {
  if (value.kind === 'read') return [value];
  return value.kind === 'apply' ? value.inputs.flatMap(readsOf) : [];
}

/** Strides of an array without gaps, row-major. */
export function denseStrides(lengths: readonly number[]): number[] {
  return lengths.map((_, axis) => lengths.slice(axis + 1).reduce((n, length) => n * length, 1));
}
