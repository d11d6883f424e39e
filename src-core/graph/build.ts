/**
 * @file The words the graph is written in: one small function per op, with the attributes it needs. Shapes are
 * checked here, once, by the op's row.
 */
import { broadcast, dtypeNumber, row, WHOLE, type Attrs, type OpName } from './ops.ts';
import { constant, type Dims, type DType, type Value } from './value.ts';

/** The layer whose values are being built. */
let label = '';

/** Builds with every new value carrying `name`. */
export function labeled<T>(name: string, build: () => T): T {
  const outer = label;
  label = name;
  try {
    return build();
  } finally {
    label = outer;
  }
}

/** Applies an op: the only place where values come to be. */
export function apply(op: OpName, inputs: readonly Value[], attrs: Attrs = {}): Value {
  const rule = row(op);
  const shape = rule.shape(attrs, ...inputs.map((x) => x.shape));
  const dtype = rule.dtype?.(attrs, ...inputs.map((x) => x.dtype)) ?? 'float32';
  return { kind: 'op', op, inputs, attrs, shape, dtype, label };
}

export const add = (a: Value, b: Value): Value => apply('Add', [a, b]);
export const sub = (a: Value, b: Value): Value => apply('Sub', [a, b]);
export const mul = (a: Value, b: Value): Value => apply('Mul', [a, b]);
export const div = (a: Value, b: Value): Value => apply('Div', [a, b]);
export const maximum = (a: Value, b: Value): Value => apply('Max', [a, b]);
export const minimum = (a: Value, b: Value): Value => apply('Min', [a, b]);
export const neg = (x: Value): Value => apply('Neg', [x]);
export const exp = (x: Value): Value => apply('Exp', [x]);
export const log = (x: Value): Value => apply('Log', [x]);
export const sqrt = (x: Value): Value => apply('Sqrt', [x]);
export const tanh = (x: Value): Value => apply('Tanh', [x]);
export const erf = (x: Value): Value => apply('Erf', [x]);
export const relu = (x: Value): Value => apply('Relu', [x]);
export const sigmoid = (x: Value): Value => apply('Sigmoid', [x]);
export const softplus = (x: Value): Value => apply('Softplus', [x]);
export const elu = (x: Value, alpha: number): Value => apply('Elu', [x], { alpha });
export const leakyRelu = (x: Value, alpha: number): Value => apply('LeakyRelu', [x], { alpha });
export const prelu = (x: Value, slopes: Value): Value => apply('PRelu', [x, slopes]);
export const softmax = (x: Value): Value => apply('Softmax', [x]);
export const greater = (a: Value, b: Value): Value => apply('Greater', [a, b]);
export const greaterOrEqual = (a: Value, b: Value): Value => apply('GreaterOrEqual', [a, b]);
export const equal = (a: Value, b: Value): Value => apply('Equal', [a, b]);
export const where = (condition: Value, a: Value, b: Value): Value =>
  apply('Where', [condition, a, b]);
export const matmul = (a: Value, b: Value): Value => apply('MatMul', [a, b]);
export const argMax = (x: Value, axis: number): Value => apply('ArgMax', [x], { axis });

/** The same value, as a value of its own. */
export const identity = (x: Value): Value => apply('Identity', [x]);

export const cast = (x: Value, to: DType): Value =>
  x.dtype === to ? x : apply('Cast', [x], { to: dtypeNumber(to) });

/** x·k. Constants fold, so that scaling twice costs once. */
export function scaled(x: Value, k: number): Value {
  return k === 1 ? x : mul(x, constant([], [k]));
}

/** A·B + c with A = aᵀ if transA, B = bᵀ if transB. */
export function gemm(a: Value, b: Value, transA: boolean, transB: boolean, c?: Value): Value {
  const attrs = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 };
  return apply('Gemm', c ? [a, b, c] : [a, b], attrs);
}

/** x where the condition holds, zero elsewhere. A product: faster than Where, and NaN stays NaN. */
export const masked = (x: Value, condition: Value): Value => mul(x, cast(condition, 'float32'));
export const unlessMasked = (x: Value, condition: Value): Value => masked(x, not(condition));
export const and = (a: Value, b: Value): Value => apply('And', [a, b]);
export const not = (x: Value): Value => apply('Not', [x]);
export const flip = (x: Value, axis: number): Value => apply('Flip', [x], { axis });

/** The last two axes swapped. */
export function swapLast(x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => axis);
  return transpose(x, perm.with(rank - 1, rank - 2).with(rank - 2, rank - 1));
}

export function reshape(x: Value, shape: Dims): Value {
  return same(x.shape, shape) ? x : apply('Reshape', [x], { shape });
}

export function transpose(x: Value, perm: readonly number[]): Value {
  return perm.every((axis, i) => axis === i) ? x : apply('Transpose', [x], { perm });
}

export function expand(x: Value, shape: Dims): Value {
  return same(x.shape, shape) ? x : apply('Expand', [x], { shape });
}

/** Elements start … end − 1 along one axis, every `step`-th. */
export function slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
  if (start === 0 && end === x.shape[axis] && step === 1) return x;
  const of = (whole: number, value: number) => x.shape.map((_, i) => (i === axis ? value : whole));
  return apply('Slice', [x], { starts: of(0, start), ends: of(WHOLE(), end), steps: of(1, step) });
}

export function concat(xs: readonly Value[], axis: number): Value {
  return xs.length === 1 ? xs[0]! : apply('Concat', xs, { axis });
}

/** Values around x, zeros unless said otherwise: [before of every axis, after of every axis]. */
export function pad(x: Value, pads: readonly number[], value = 0): Value {
  return pads.every((n) => n === 0) ? x : apply('Pad', [x], { pads, value });
}

export function reduceSum(x: Value, axes: readonly number[], keepdims: boolean): Value {
  return axes.length === 0 ? x : apply('ReduceSum', [x], { axes, keepdims: keepdims ? 1 : 0 });
}

export function reduceMean(x: Value, axes: readonly number[], keepdims: boolean): Value {
  return apply('ReduceMean', [x], { axes, keepdims: keepdims ? 1 : 0 });
}

export function reduceMax(x: Value, axes: readonly number[], keepdims: boolean): Value {
  return apply('ReduceMax', [x], { axes, keepdims: keepdims ? 1 : 0 });
}

/** Mean over `axes`, x around it, variance (divided by n) and 1/√(variance + ε); the axes are kept as 1. */
export function moments(x: Value, axes: readonly number[], epsilon: number) {
  const mean = reduceMean(x, axes, true);
  const centered = sub(x, mean);
  const variance = reduceMean(mul(centered, centered), axes, true);
  const inverseSd = div(constant([], [1]), sqrt(add(variance, constant([], [epsilon]))));
  return { mean, centered, variance, inverseSd };
}

export const normalize = (x: Value, axes: readonly number[], epsilon: number): Value =>
  apply('Normalize', [x], { axes, epsilon });
export const crossEntropy = (logits: Value, target: Value): Value =>
  apply('CrossEntropy', [logits, target]);

/** Sum over everything, as a scalar. */
export function sumAll(x: Value): Value {
  return reduceSum(
    x,
    x.shape.map((_, axis) => axis),
    false,
  );
}

/** Undoes broadcasting: sums dy over the dimensions in which `shape` was repeated. */
export function sumTo(dy: Value, shape: Dims): Value {
  const extra = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((dim, i) =>
    i < extra || (shape[i - extra] === 1 && dim !== 1) ? [i] : [],
  );
  const summed = reshape(reduceSum(dy, axes, true), shape);
  // The other factor may have been the larger one: then dy is already smaller than the broadcast shape.
  return same(summed.shape, shape) ? summed : expand(summed, broadcast(summed.shape, shape));
}

/** Stride and padding of a sliding window, as ONNX writes them. */
export type Window = { readonly strides: Dims; readonly pads: Dims };

export function conv(x: Value, w: Value, b: Value | null, window: Window): Value {
  const attrs = { strides: window.strides, pads: window.pads };
  return apply('Conv', b ? [x, w, b] : [x, w], attrs);
}

/** max pooling over `pool` of conv(x, w) + b, the windows side by side. */
export function pooledConv(x: Value, w: Value, b: Value, window: Window, pool: Dims): Value {
  return apply('PooledConv', [x, w, b], { strides: window.strides, pads: window.pads, pool });
}

export function maxPool(x: Value, kernel: Dims, window: Window): Value {
  return apply('MaxPool', [x], { kernel_shape: kernel, ...window });
}

export function averagePool(x: Value, kernel: Dims, window: Window): Value {
  return apply('AveragePool', [x], { kernel_shape: kernel, ...window });
}

export const convInputGrad = (dy: Value, w: Value, input: Dims, attrs: Attrs): Value =>
  apply('ConvInputGrad', [dy, w], { ...attrs, input });
export const convFilterGrad = (x: Value, dy: Value, kernel: Dims, attrs: Attrs): Value =>
  apply('ConvFilterGrad', [x, dy], { ...attrs, kernel });
export const convTranspose = (dy: Value, w: Value, attrs: Attrs): Value =>
  apply('ConvTranspose', [dy, w], attrs);
export const maxPoolGrad = (x: Value, y: Value, dy: Value, attrs: Attrs): Value =>
  apply('MaxPoolGrad', [x, y, dy], attrs);
export const avgPoolGrad = (dy: Value, input: Dims, attrs: Attrs): Value =>
  apply('AvgPoolGrad', [dy], { ...attrs, input });

function same(a: Dims, b: Dims): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
