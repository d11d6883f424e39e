/**
 * @file The gradient of every op, row for row with the op table: a forgotten rule does not compile. `dy` is
 * dloss/dy; a rule returns dloss/dx for each input x, null where none flows. With `gradients.ts` this is all of
 * automatic differentiation.
 */
import {
  add,
  apply,
  avgPoolGrad,
  cast,
  convFilterGrad,
  convInputGrad,
  div,
  exp,
  expand,
  flip,
  gemm,
  greater,
  greaterOrEqual,
  masked,
  matmul,
  maxPoolGrad,
  minimum,
  moments,
  mul,
  neg,
  pad,
  reduceMean,
  reduceSum,
  reshape,
  scaled,
  sigmoid,
  slice,
  softmax,
  sub,
  sumTo,
  swapLast,
  transpose,
  unlessMasked,
  where,
} from './build.ts';
import { list, num, sliceParts, type OpName } from './ops.ts';
import { BATCH, scalar, type OpValue, type Value } from './value.ts';

export type Rule = (
  dy: Value,
  y: OpValue,
  ...x: readonly [Value, Value, Value, ...Value[]]
) => readonly (Value | null)[];

/** No gradient flows through a choice; what is used in gradients alone is never differentiated itself. */
const flat = null;
const backwardOnly = null;

export const rules: Record<OpName, Rule | null> = {
  // Broadcasting repeats values, so the gradient is summed back over the repeated dimensions.
  Add: (dy, _, a, b) => [sumTo(dy, a.shape), sumTo(dy, b.shape)],
  Sub: (dy, _, a, b) => [sumTo(dy, a.shape), sumTo(neg(dy), b.shape)],
  Mul: (dy, _, a, b) => [sumTo(mul(dy, b), a.shape), sumTo(mul(dy, a), b.shape)],
  // y = a/b ⇒ db = −dy·y/b
  Div: (dy, y, a, b) => [sumTo(div(dy, b), a.shape), sumTo(neg(mul(dy, div(y, b))), b.shape)],
  // The first of two equal values takes the gradient.
  Max: (dy, _, a, b) => chosen(dy, greaterOrEqual(a, b), a, b),
  Min: (dy, _, a, b) => chosen(dy, greaterOrEqual(b, a), a, b),

  Identity: (dy) => [dy],
  Neg: (dy) => [neg(dy)],
  Exp: (dy, y) => [mul(dy, y)],
  Log: (dy, _, x) => [div(dy, x)],
  Sqrt: (dy, y) => [div(dy, scaled(y, 2))],
  // 1 − y²
  Tanh: (dy, y) => [mul(dy, sub(scalar(1), mul(y, y)))],
  // y(1 − y)
  Sigmoid: (dy, y) => [mul(dy, mul(y, sub(scalar(1), y)))],
  // 2/√π · e^(−x²)
  Erf: (dy, _, x) => [mul(dy, scaled(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
  // From the output alone, so that the input need not be kept.
  Relu: (dy, y) => [masked(dy, greater(y, scalar(0)))],
  Softplus: (dy, _, x) => [mul(dy, sigmoid(x))],
  // α·eˣ = y + α below zero, 1 above; min(y, 0) = 0 above makes it min(y, 0) + (α or 1)
  Elu: (dy, y) => {
    const positive = cast(greater(y, scalar(0)), 'float32');
    const below = add(minimum(y, scalar(0)), scalar(num(y.attrs, 'alpha')));
    return [mul(dy, add(below, scaled(positive, 1 - num(y.attrs, 'alpha'))))];
  },
  LeakyRelu: (dy, y, x) => {
    const alpha = num(y.attrs, 'alpha');
    return [mul(dy, add(scaled(cast(greater(x, scalar(0)), 'float32'), 1 - alpha), scalar(alpha)))];
  },
  PRelu: (dy, _, x, slopes) => [
    where(greater(x, scalar(0)), dy, mul(dy, slopes)),
    sumTo(mul(dy, minimum(x, scalar(0))), slopes.shape),
  ],

  Greater: flat,
  GreaterOrEqual: flat,
  Equal: flat,
  And: flat,
  Not: flat,
  Where: (dy, _, condition, a, b) => [null, ...chosen(dy, condition, a, b)],
  Cast: flat,
  ArgMax: flat,

  Reshape: (dy, _, x) => [reshape(dy, x.shape)],
  Transpose: (dy, y) => [transpose(dy, inverse(list(y.attrs, 'perm')))],
  Expand: (dy, _, x) => [sumTo(dy, x.shape)],
  Slice: (dy, y, x) => [unslice(dy, y, x)],
  Flip: (dy, y) => [flip(dy, num(y.attrs, 'axis'))],
  Concat: (dy, y, ...xs) => unconcat(dy, num(y.attrs, 'axis'), xs),
  Pad: (dy, y, x) => [unpad(dy, list(y.attrs, 'pads'), x)],

  ReduceSum: (dy, y, x) => [spread(dy, y, x)],
  ReduceMean: (dy, y, x) => {
    const count = list(y.attrs, 'axes').reduce((n, axis) => n * x.shape[axis]!, 1);
    return [spread(scaled(dy, 1 / count), y, x)];
  },
  // Only keeps exponentials in range, where its gradient cancels.
  ReduceMax: flat,
  // y·(dy − Σ dy·y)
  Softmax: (dy, y) => [mul(y, sub(dy, reduceSum(mul(dy, y), [y.shape.length - 1], true)))],
  // (dy − mean(dy) − y·mean(dy·y)) / sd
  Normalize: (dy, y, x) => {
    const axes = list(y.attrs, 'axes');
    const mean = (value: Value) => reduceMean(value, axes, true);
    const { inverseSd } = moments(x, axes, num(y.attrs, 'epsilon'));
    return [mul(inverseSd, sub(sub(dy, mean(dy)), mul(y, mean(mul(dy, y)))))];
  },
  // (softmax(logits) − target)/N
  CrossEntropy: (dy, _, logits, target) => [
    mul(sub(softmax(logits), target), scaled(dy, 1 / logits.shape[0]!)),
    null,
  ],

  // y = a·b ⇒ da = dy·bᵀ, db = aᵀ·dy
  MatMul: (dy, _, a, b) => [
    sumTo(matmul(dy, swapLast(b)), a.shape),
    sumTo(matmul(swapLast(a), dy), b.shape),
  ],
  Gemm: (dy, y, a, b, c) => {
    const transA = num(y.attrs, 'transA') === 1;
    const transB = num(y.attrs, 'transB') === 1;
    const da = transA ? gemm(b, dy, transB, true) : gemm(dy, b, false, !transB);
    const db = transB ? gemm(dy, a, true, transA) : gemm(a, dy, !transA, false);
    return y.inputs.length > 2 ? [da, db, sumTo(dy, c.shape)] : [da, db];
  },

  Conv: (dy, y, x, w) => {
    const dx = convInputGrad(dy, w, x.shape, y.attrs);
    const dw = convFilterGrad(x, dy, w.shape, y.attrs);
    return y.inputs.length > 2 ? [dx, dw, reduceSum(dy, [0, 2, 3], false)] : [dx, dw];
  },
  DirectConv: backwardOnly,
  ConvInputGrad: backwardOnly,
  ConvFilterGrad: backwardOnly,
  ConvTranspose: backwardOnly,
  // The bias moves all places of a window alike, so the winners do not depend on it.
  PooledConv: (dy, y, x, w) => [
    apply('PooledConvInputGrad', [x, w, dy], y.attrs),
    apply('PooledConvFilterGrad', [x, w, dy], y.attrs),
    reduceSum(dy, [0, 2, 3], false),
  ],
  PooledConvInputGrad: backwardOnly,
  PooledConvFilterGrad: backwardOnly,
  MaxPool: (dy, y, x) => [maxPoolGrad(x, y, dy, y.attrs)],
  MaxPoolGrad: backwardOnly,
  AveragePool: (dy, y, x) => [avgPoolGrad(dy, x.shape, y.attrs)],
  AvgPoolGrad: backwardOnly,
};

function chosen(dy: Value, condition: Value, a: Value, b: Value): Value[] {
  return [sumTo(masked(dy, condition), a.shape), sumTo(unlessMasked(dy, condition), b.shape)];
}

function inverse(perm: readonly number[]): number[] {
  return perm.map((_, axis) => perm.indexOf(axis));
}

/** The gradient of a sum: dy repeated over the axes that were summed. */
function spread(dy: Value, y: OpValue, x: Value): Value {
  const axes = list(y.attrs, 'axes');
  const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return expand(reshape(dy, kept), x.shape);
}

/** Zeros wherever the slice did not look: first between its steps, then around it. */
function unslice(dy: Value, y: OpValue, x: Value): Value {
  const [starts, , steps] = sliceParts(y.attrs);
  const spaced = steps.reduce((value, step, axis) => withGaps(value, axis, step), dy);
  const after = x.shape.map((dim, axis) =>
    dim === BATCH ? 0 : dim - starts[axis]! - spaced.shape[axis]!,
  );
  return pad(spaced, [...starts, ...after]);
}

/** step − 1 zeros between neighbors along an axis. */
function withGaps(x: Value, axis: number, step: number): Value {
  if (step === 1) return x;
  const count = x.shape[axis]!;
  const [before, behind] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const column = reshape(x, [...before, count, 1, ...behind]);
  const zeros = column.shape.map(() => 0);
  const widened = pad(column, [...zeros, ...zeros.with(axis + 1, step - 1)]);
  return slice(
    reshape(widened, [...before, count * step, ...behind]),
    axis,
    0,
    (count - 1) * step + 1,
  );
}

function unconcat(dy: Value, axis: number, xs: readonly Value[]): Value[] {
  let start = 0;
  return xs.map((x) => {
    const end = start + x.shape[axis]!;
    const part = slice(dy, axis, start, end);
    start = end;
    return part;
  });
}

function unpad(dy: Value, pads: readonly number[], x: Value): Value {
  return x.shape.reduce(
    (part, dim, axis) =>
      dim === part.shape[axis] ? part : slice(part, axis, pads[axis]!, pads[axis]! + dim),
    dy,
  );
}
