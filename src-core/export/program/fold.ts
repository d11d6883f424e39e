/**
 * @file Makes a forward graph smaller before it becomes code: what depends on parameters alone is computed now, and
 * scales and shifts behind a convolution or a dense layer move into its weights. Batch normalization disappears.
 */
import { add, apply, labeled, mul } from '../../graph/build.ts';
import type { OpName } from '../../graph/ops.ts';
import { rewrite } from '../../graph/rewrite.ts';
import { constant, topological, type OpValue, type Value } from '../../graph/value.ts';

type Constant = Extract<Value, { kind: 'constant' }>;

/** The same roots over a smaller graph; results differ by rounding alone. */
export function fold(roots: readonly Value[]): Value[] {
  return absorb(rewrite(roots, simpler));
}

/** On numbers, in double precision. */
const evaluators: Partial<Record<OpName, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Sqrt: (a) => Math.sqrt(a),
};

function simpler(value: OpValue): Value | null {
  const evaluate = evaluators[value.op];
  const [a, b] = value.inputs;
  if (value.op === 'Reshape' && isConstant(a)) return constant(value.shape, a.data);
  if (evaluate && value.inputs.every(isConstant))
    return constant(
      value.shape,
      broadcastOver(value.shape, value.inputs.filter(isConstant), evaluate),
    );
  if (!isConstant(b)) return null;
  if (value.op === 'Sub') return add(a!, mul(b, constant([], [-1])));
  return a?.kind === 'op' && isConstant(a.inputs[1]) ? combined(value, b, a, a.inputs[1]) : null;
}

/** (x + c)·k = x·k + c·k, (x + c) + d = x + (c + d), (x·c)·k = x·(c·k) */
function combined(outer: OpValue, k: Constant, inner: OpValue, c: Constant): Value | null {
  const x = inner.inputs[0]!;
  if (outer.op === 'Mul' && inner.op === 'Add') return add(mul(x, k), mul(c, k));
  if (outer.op === 'Mul' && inner.op === 'Mul') return mul(x, mul(c, k));
  if (outer.op === 'Add' && inner.op === 'Add') return add(x, add(c, k));
  return null;
}

function broadcastOver(
  shape: readonly number[],
  inputs: readonly Constant[],
  evaluate: (a: number, b: number) => number,
): Float32Array {
  const strides = inputs.map((input) => broadcastStrides(input.shape, shape));
  const result = new Float32Array(shape.reduce((n, dim) => n * dim, 1));
  for (let i = 0; i < result.length; i++) {
    const [a, b] = inputs.map(({ data }, k) => data[place(i, shape, strides[k]!)]!);
    result[i] = evaluate(a!, b ?? NaN);
  }
  return result;
}

/** Where an array of shape `from` is read when it is broadcast to `to`: a stride for each axis, 0 where it repeats. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = to.map(() => 0);
  let stride = 1;
  for (let axis = from.length - 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[to.length - from.length + axis] = stride;
    stride *= from[axis]!;
  }
  return strides;
}

function place(index: number, shape: readonly number[], strides: readonly number[]): number {
  let [rest, at] = [index, 0];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    at += (rest % shape[axis]!) * strides[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return at;
}

/** Moves x·k and x + k into the weights of x where x is a convolution or a product that nothing else reads. */
function absorb(roots: readonly Value[]): Value[] {
  const uses = countUses(roots);
  const done = new Map<Value, Value>();
  for (const value of topological(roots)) {
    if (value.kind !== 'op') {
      done.set(value, value);
      continue;
    }
    const rebuilt = { ...value, inputs: value.inputs.map((x) => done.get(x)!) };
    done.set(value, (uses.get(value.inputs[0]!) === 1 && absorbed(rebuilt)) || rebuilt);
  }
  return roots.map((root) => done.get(root)!);
}

/** How often each value is read; once more where it is a root. */
export function countUses(roots: readonly Value[]): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
  roots.forEach(use);
  for (const value of topological(roots)) if (value.kind === 'op') value.inputs.forEach(use);
  return uses;
}

function absorbed({ op, inputs }: OpValue): Value | null {
  const [x, k] = inputs;
  if ((op !== 'Mul' && op !== 'Add') || x?.kind !== 'op' || !isConstant(k)) return null;
  // The largest of some values times a negative number is not the largest of the products.
  if (x.op !== 'Conv' && x.op !== 'Gemm' && !(x.op === 'PooledConv' && op === 'Add')) return null;
  const [from, w, b] = x.inputs;
  const channels = x.shape[1]!;
  const factors = perChannel(k, x.shape);
  if (!factors || !isConstant(w) || !isConstant(b)) return null;
  const wChannel = channelOfWeight(x, channels);
  const scale = op === 'Mul' ? factors : null;
  const weights = scale ? w.data.map((value, i) => value * scale[wChannel(i)]!) : w.data;
  const bias = b.data.map((value, o) => (scale ? value * factors[o]! : value + factors[o]!));
  const kernel = [constant(w.shape, weights), constant(b.shape, bias)];
  return labeled(x.label, () => apply(x.op, [from!, ...kernel], x.attrs));
}

/** Which output channel a weight belongs to: kernels are [in, out] of Gemm and [out, in, kH, kW] of Conv. */
function channelOfWeight(x: OpValue, channels: number): (index: number) => number {
  if (x.op === 'Gemm') return (index) => index % channels;
  const each = x.inputs[1]!.shape.slice(1).reduce((n, dim) => n * dim, 1);
  return (index) => Math.floor(index / each);
}

/** A number for each channel of [1, C, …], or null where the constant varies within a channel. */
function perChannel({ shape, data }: Constant, out: readonly number[]): Float32Array | null {
  const strides = broadcastStrides(shape, out);
  const channels = out[1]!;
  if (strides.some((stride, axis) => axis !== 1 && stride !== 0)) return null;
  return Float32Array.from({ length: channels }, (_, o) => data[o * strides[1]!]!);
}

function isConstant(value: Value | undefined): value is Constant {
  return value?.kind === 'constant';
}
