/**
 * @file Rewrites the ops that ONNX does not have into those it has, in the form that suits the provider that will
 * run the graph. The one place where providers differ.
 */
import {
  and,
  convFilterGrad as convFilterGradOf,
  convInputGrad as convInputGradOf,
  apply,
  concat,
  convTranspose,
  equal,
  exp,
  flip,
  log,
  masked,
  maxPool,
  matmul,
  moments,
  mul,
  not,
  pad,
  reduceMax,
  reduceSum,
  reshape,
  scaled,
  slice,
  sub,
  sumAll,
  swapLast,
  transpose,
} from './build.ts';
import { list, num, row, type Attrs, type OpName } from './ops.ts';
import {
  convByProduct,
  filterGradByProduct,
  interleaved,
  pooledByProduct,
  pooledFilterGrad,
  pooledOutputGrad,
  tallConv,
} from './products.ts';
import { rewrite } from './rewrite.ts';
import { constant, type Dims, type OpValue, type Value } from './value.ts';

/**
 * `portable`: what every provider has, and what a model for use is written in. `cpu-training`: convolutions as
 * matrix products, which took a step of `cnn-32-64` on one core from 78 to about 50 ms.
 */
export type Target = 'portable' | 'cpu-training';

/** The same roots in ops that ONNX has. */
export function lower(roots: readonly Value[], target: Target): Value[] {
  return rewrite(roots, (value) => {
    const rule = lowerings[value.op];
    return rule ? rule(value, target) : null;
  });
}

/** Null keeps the op as it is. */
type Lowering = (y: OpValue, target: Target) => Value | null;

const lowerings: Partial<Record<OpName, Lowering>> = {
  Normalize: (y) => {
    const { centered, inverseSd } = moments(
      y.inputs[0]!,
      list(y.attrs, 'axes'),
      num(y.attrs, 'epsilon'),
    );
    return mul(centered, inverseSd);
  },
  // log Σ exp(x − max x) − Σ target·(x − max x), averaged: never the logarithm of zero
  CrossEntropy: (y) => {
    const [logits, target] = pair(y);
    const shifted = sub(logits, reduceMax(logits, [1], true));
    const logSum = log(reduceSum(exp(shifted), [1], true));
    const perSample = sub(logSum, reduceSum(mul(target, shifted), [1], true));
    return scaled(sumAll(perSample), 1 / logits.shape[0]!);
  },
  Conv: (y, target) => (target === 'cpu-training' ? convByProduct(y) : null),
  ConvInputGrad: (y, target) => convInputGrad(y, target),
  ConvFilterGrad: (y, target) =>
    target === 'cpu-training' ? filterGradByProduct(y) : convFilterGrad(y),
  PooledConv: (y, target) => (target === 'cpu-training' ? pooledByProduct(y) : pooled(y)),
  PooledConvFilterGrad: (y, target) => {
    if (target === 'cpu-training') return pooledFilterGrad(y);
    return convFilterGradOf(y.inputs[0]!, unpooled(y), y.shape, y.attrs);
  },
  PooledConvInputGrad: (y, target) => {
    const [x, w, dy] = [y.inputs[0]!, y.inputs[1]!, y.inputs[2]!];
    const whole = target === 'cpu-training' ? pooledOutputGrad(x, w, dy, y.attrs) : unpooled(y);
    return convInputGradOf(whole, w, y.shape, y.attrs);
  },
  MaxPoolGrad: (y) => maxPoolGrad(y),
  AvgPoolGrad: (y) => avgPoolGrad(y),
};

/** Every op can be written: it has its ONNX form or a lowering. Checked by a test. */
export function isWritable(op: OpName): boolean {
  return row(op).onnx !== undefined || op in lowerings;
}

function pair(y: OpValue): [Value, Value] {
  return [y.inputs[0]!, y.inputs[1]!];
}

/**
 * dx = dy convolved with w turned around. With stride 1 that is a plain convolution, which runs at twice the speed
 * of ConvTranspose; with a larger stride dy would need gaps, and ConvTranspose has them built in.
 */
function convInputGrad(y: OpValue, target: Target): Value {
  const [dy, w] = pair(y);
  const input = list(y.attrs, 'input');
  const pads = list(y.attrs, 'pads');
  const axes = [0, 1].map((axis) => {
    const [length, positions, kernel] = [input[axis + 2]!, dy.shape[axis + 2]!, w.shape[axis + 2]!];
    const before = kernel - 1 - pads[axis]!;
    // Windows may end before the image does: pixels beyond the last one have no gradient.
    const reached = Math.min(length, positions + before);
    return { before, after: reached - positions - before + kernel - 1, unseen: length - reached };
  });
  const strided = list(y.attrs, 'strides').some((stride) => stride !== 1);
  if (strided || axes.some(({ before, after }) => before < 0 || after < 0))
    return transposedConv(dy, w, input, y.attrs, 1);
  const around = [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)];
  const dx =
    (target === 'cpu-training' ? tallConv(dy, turned(w), around) : null) ??
    apply('DirectConv', [dy, turned(w)], { strides: [1, 1], pads: around });
  return pad(dx, [0, 0, 0, 0, 0, 0, ...axes.map(({ unseen }) => unseen)]);
}

/** w [O, C, kH, kW] with O and C exchanged and every kernel rotated by 180°. */
function turned(w: Value): Value {
  const [O, C, kernelH, kernelW] = four(w.shape);
  const swapped = reshape(transpose(w, [1, 0, 2, 3]), [C, O, kernelH * kernelW]);
  return reshape(flip(swapped, 2), [C, O, kernelH, kernelW]);
}

/** Spreads dy over the windows it came from; the result has the shape `input`. */
function transposedConv(dy: Value, w: Value, input: Dims, attrs: Attrs, group: number): Value {
  const strides = list(attrs, 'strides');
  const pads = list(attrs, 'pads');
  // Windows reach from `before` pixels ahead of the image to `covered` pixels further; the image may end earlier or later.
  const axes = [0, 1].map((axis) => {
    const before = pads[axis]!;
    const covered = strides[axis]! * (dy.shape[axis + 2]! - 1) + w.shape[axis + 2]!;
    const beyond = covered - before - input[axis + 2]!;
    return { before, after: Math.max(0, beyond), unseen: Math.max(0, -beyond) };
  });
  const reached = axes.map(({ unseen }, axis) => input[axis + 2]! - unseen);
  const dx = convTranspose(dy, w, {
    input: [input[0]!, input[1]!, ...reached],
    strides,
    pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
    output_padding: [0, 0],
    group,
  });
  return pad(dx, [0, 0, 0, 0, 0, 0, ...axes.map(({ unseen }) => unseen)]);
}

/**
 * dw[o, c, i, j] = Σ over samples and positions of dy[o] · x[c, shifted by (i, j)]: for each sample one matrix
 * product of dy [O, positions] with the patches of x [positions, kH·kW·C], then the sum over samples.
 */
function convFilterGrad(y: OpValue): Value {
  const [x, dy] = pair(y);
  const [O, C, kernelH, kernelW] = four(list(y.attrs, 'kernel'));
  const [N, , outH, outW] = four(dy.shape);
  const columns = patches(x, [kernelH, kernelW], [outH, outW], y.attrs, 0);
  const flat = columns.map((part) => reshape(part, [N, C, outH * outW]));
  const perSample = matmul(reshape(dy, [N, O, outH * outW]), swapLast(concat(flat, 1)));
  const summed = reduceSum(perSample, [0], false);
  return transpose(reshape(summed, [O, kernelH, kernelW, C]), [0, 3, 1, 2]);
}

/** What each place of the window sees: kH·kW values [N, C, outH, outW], row by row. */
function patches(x: Value, kernel: Dims, out: Dims, attrs: Attrs, fill: number): Value[] {
  const [top, left, bottom, right] = four(list(attrs, 'pads'));
  const [strideH, strideW] = two(list(attrs, 'strides'));
  const padded = pad(x, [0, 0, top, left, 0, 0, bottom, right], fill);
  const [kernelH, kernelW] = two(kernel);
  const [outH, outW] = two(out);
  const parts: Value[] = [];
  for (let i = 0; i < kernelH; i++) {
    const rows = slice(padded, 2, i, i + strideH * (outH - 1) + 1, strideH);
    for (let j = 0; j < kernelW; j++)
      parts.push(slice(rows, 3, j, j + strideW * (outW - 1) + 1, strideW));
  }
  return parts;
}

/** The same two steps as they would be without the fused op. */
function pooled(y: OpValue): Value {
  const [x, w, b] = y.inputs;
  return maxPool(convolution(y, x!, w!, b!), list(y.attrs, 'pool'), poolWindow(y.attrs));
}

/** dloss/d(convolution) of a pooled convolution, from its inputs [x, w, dy]. */
function unpooled(y: OpValue): Value {
  const [x, w, dy] = y.inputs;
  const whole = convolution(y, x!, w!);
  const maxima = maxPool(whole, list(y.attrs, 'pool'), poolWindow(y.attrs));
  const attrs = { kernel_shape: list(y.attrs, 'pool'), ...poolWindow(y.attrs) };
  return apply('MaxPoolGrad', [whole, maxima, dy!], attrs);
}

function convolution(y: OpValue, ...inputs: readonly Value[]): Value {
  return apply('Conv', inputs, { strides: list(y.attrs, 'strides'), pads: list(y.attrs, 'pads') });
}

function poolWindow(attrs: Attrs) {
  return { strides: list(attrs, 'pool'), pads: [0, 0, 0, 0] };
}

/** For each place of the window, dy where that place is the first to equal the maximum; then put back in place. */
function maxPoolGrad(y: OpValue): Value {
  const [x, maxima, dy] = y.inputs;
  const kernel = list(y.attrs, 'kernel_shape');
  const LOWEST = -3.4e38; // padding never wins
  const places = patches(x!, kernel, maxima!.shape.slice(2), y.attrs, LOWEST);
  let free: Value | null = null;
  const parts = places.map((place) => {
    const isMaximum = equal(place, maxima!);
    const wins = free ? and(isMaximum, free) : isMaximum;
    free = free ? and(free, not(isMaximum)) : not(isMaximum);
    return masked(dy!, wins);
  });
  const apart =
    list(y.attrs, 'pads').every((n) => n === 0) &&
    list(y.attrs, 'strides').every((stride, axis) => stride === kernel[axis]);
  return apart ? sideBySide(parts, kernel, x!.shape) : putBack(parts, kernel, x!.shape, y.attrs);
}

/** Windows that neither overlap nor leave gaps: every pixel comes from exactly one place of one window. */
function sideBySide(parts: readonly Value[], kernel: Dims, input: Dims): Value {
  const [N, C, outH, outW] = four(parts[0]!.shape);
  const [kernelH, kernelW] = two(kernel);
  const [, , H, W] = four(input);
  const image = interleaved(parts, [kernelH, kernelW], [N * C, outH, outW]);
  const missing = [H - outH * kernelH, W - outW * kernelW];
  return pad(reshape(image, [N, C, outH * kernelH, outW * kernelW]), [
    0,
    0,
    0,
    0,
    0,
    0,
    ...missing,
  ]);
}

/** Adds up values [N, C, outH, outW], one per place of the window, at the pixels they came from. */
function putBack(parts: readonly Value[], kernel: Dims, input: Dims, attrs: Attrs): Value {
  const [N, C, outH, outW] = four(parts[0]!.shape);
  const [kernelH, kernelW] = two(kernel);
  const K = kernelH * kernelW;
  const wide = parts.map((part) => reshape(part, [N, C, 1, outH, outW]));
  const stacked = reshape(concat(wide, 2), [N, C * K, outH, outW]);
  // One kernel per (channel, place) that is 1 at this place and 0 elsewhere.
  const picks = new Float32Array(C * K * K);
  for (let c = 0; c < C; c++) for (let k = 0; k < K; k++) picks[(c * K + k) * K + k] = 1;
  return transposedConv(stacked, constant([C * K, 1, kernelH, kernelW], picks), input, attrs, C);
}

/** dy over the number of pixels inside the image, spread over the window. */
function avgPoolGrad(y: OpValue): Value {
  const dy = y.inputs[0]!;
  const input = list(y.attrs, 'input');
  const kernel = list(y.attrs, 'kernel_shape');
  const shares = constant(
    [1, 1, ...dy.shape.slice(2)],
    insideShares(dy.shape, input, kernel, y.attrs),
  );
  const ones = constant(
    [input[1]!, 1, ...kernel],
    new Float32Array(input[1]! * kernel[0]! * kernel[1]!).fill(1),
  );
  return transposedConv(mul(dy, shares), ones, input, y.attrs, input[1]!);
}

/** 1 / pixels inside the image, for every window position. */
function insideShares(out: Dims, input: Dims, kernel: Dims, attrs: Attrs): number[] {
  const [strideH, strideW] = two(list(attrs, 'strides'));
  const [top, left] = four(list(attrs, 'pads'));
  const inside = (at: number, stride: number, before: number, size: number, length: number) => {
    const start = at * stride - before;
    return Math.min(length, start + size) - Math.max(0, start);
  };
  const shares: number[] = [];
  for (let i = 0; i < out[2]!; i++)
    for (let j = 0; j < out[3]!; j++) {
      const rows = inside(i, strideH, top, kernel[0]!, input[2]!);
      const columns = inside(j, strideW, left, kernel[1]!, input[3]!);
      shares.push(1 / (rows * columns));
    }
  return shares;
}

function two(dims: Dims): [number, number] {
  return [dims[0]!, dims[1]!];
}

function four(dims: Dims): [number, number, number, number] {
  return [dims[0]!, dims[1]!, dims[2]!, dims[3]!];
}
