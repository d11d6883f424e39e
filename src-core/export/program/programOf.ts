/**
 * @file From a graph to its program, op by op through one table. An op that no row covers does not compile, and one
 * that only training uses says so when it is met.
 */
import { list, num, sliceParts, type OpName } from '../../graph/ops.ts';
import { topological, type OpValue, type Value } from '../../graph/value.ts';
import type { Layer } from '../../model/layers.ts';
import { broadcastStrides, countUses, fold } from './fold.ts';
import { collapsed } from './loops.ts';
import { planMemory } from './plan.ts';
import {
  denseStrides,
  type Buffer,
  type ElementOp,
  type Expression,
  type Kernel,
  type Kept,
  type Program,
  type Instruction,
  type Table,
  type Window,
} from './program.ts';

/** A value to keep until the end, the output of a layer. */
export type Wanted = { readonly layer: Layer; readonly value: Value };

/** @param probabilities the end of a forward graph for one image, without open dimensions. */
export function programOf(probabilities: Value, wanted: readonly Wanted[] = []): Program {
  const [root, ...keptValues] = fold([probabilities, ...wanted.map(({ value }) => value)]);
  const build = startBuild([root!, ...keptValues]);
  for (const value of topological([root!, ...keptValues]))
    if (value.kind === 'op') rows[value.op](build, value);
  const kept = keptValues.map((value, i): Kept => ({
    layer: wanted[i]!.layer,
    shape: value.shape.slice(1),
    buffer: whole(build, value),
  }));
  const { instructions, pixels } = build;
  const plan = planMemory(
    instructions,
    kept.map(({ buffer }) => buffer),
  );
  return { pixels, probabilities: whole(build, root!), instructions, kept, ...plan };
}

/** An array that lies in a buffer or table, perhaps with gaps. */
type View = {
  readonly from: Buffer | Table;
  readonly offset: number;
  readonly strides: readonly number[];
};

type Build = {
  readonly pixels: Buffer;
  readonly root: Value;
  readonly instructions: Instruction[];
  readonly views: Map<Value, View>;
  /** Values that are computed where they are read. */
  readonly inlined: Map<Value, Expression>;
  readonly uses: ReadonlyMap<Value, number>;
  /** The last reader of each value: the only one where it has one use. */
  readonly readers: ReadonlyMap<Value, OpValue>;
};

function startBuild(roots: readonly Value[]): Build {
  const readers = new Map<Value, OpValue>();
  const views = new Map<Value, View>();
  let pixels: Buffer = { kind: 'pixels', size: 0 };
  for (const value of topological(roots)) {
    if (value.kind === 'op') for (const x of value.inputs) readers.set(x, value);
    if (value.kind === 'input') {
      pixels = { kind: 'pixels', size: count(value.shape) };
      views.set(value, { from: pixels, offset: 0, strides: denseStrides(value.shape) });
    }
  }
  const uses = countUses(roots);
  return { pixels, root: roots[0]!, instructions: [], views, inlined: new Map(), uses, readers };
}

type Row = (build: Build, value: OpValue) => void;

const rows: Record<OpName, Row> = {
  Add: element('Add'),
  Sub: element('Sub'),
  Mul: element('Mul'),
  Div: element('Div'),
  Max: element('Max'),
  Sqrt: element('Sqrt'),
  Tanh: element('Tanh'),
  Sigmoid: element('Sigmoid'),
  Erf: element('Erf'),
  Relu: element('Relu'),
  Softplus: element('Softplus'),
  Elu: element('Elu'),
  LeakyRelu: element('LeakyRelu'),
  PRelu: element('PRelu'),
  // 1 or 0, so that the Cast that follows has nothing to do.
  Greater: element('Greater'),
  Cast: (build, value) => settle(build, value, operand(build, value.inputs[0]!, value.shape)),
  Identity: (build, value) => settle(build, value, operand(build, value.inputs[0]!, value.shape)),
  Reshape: (build, value) => {
    const from = whole(build, value.inputs[0]!);
    build.views.set(value, { from, offset: 0, strides: denseStrides(value.shape) });
  },
  Slice: (build, value) => {
    const { from, offset, strides } = viewOf(build, value.inputs[0]!);
    const [starts, , steps] = sliceParts(value.attrs);
    build.views.set(value, {
      from,
      offset: offset + strides.reduce((sum, stride, axis) => sum + stride * starts[axis]!, 0),
      strides: strides.map((stride, axis) => stride * steps[axis]!),
    });
  },
  Gemm: (build, value) => {
    const [x, w, b] = value.inputs;
    const [inputs, outputs] = [w!.shape[0]!, w!.shape[1]!];
    const columns = data(w!);
    const weights = new Float32Array(columns.length);
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) weights[o * inputs + i] = columns[i * outputs + o]!;
    const kernel: Kernel = { outputs, inputs, weights: table(weights), bias: table(data(b!)) };
    emit(build, value, { kind: 'dense', input: whole(build, x!), kernel });
  },
  Conv: (build, value) => convolve(build, value, null),
  PooledConv: (build, value) => {
    const [height, width] = list(value.attrs, 'pool');
    convolve(build, value, { height: height!, width: width! });
  },
  MaxPool: (build, value) => pool(build, value, 'maxPool'),
  AveragePool: (build, value) => pool(build, value, 'averagePool'),
  ReduceMean: (build, value) => {
    const x = value.inputs[0]!;
    const axes = list(value.attrs, 'axes');
    if (
      axes.join() !==
      x.shape
        .slice(2)
        .map((_, i) => i + 2)
        .join()
    )
      throw unknown(value);
    const length = count(x.shape.slice(2));
    emit(build, value, {
      kind: 'mean',
      input: whole(build, x),
      channels: x.shape[1]!,
      length,
    });
  },
  Softmax: (build, value) => {
    const x = value.inputs[0]!;
    if (x.shape.length !== 2) throw unknown(value);
    emit(build, value, { kind: 'softmax', input: whole(build, x), length: x.shape[1]! });
  },

  Min: training,
  Neg: training,
  Exp: training,
  Log: training,
  GreaterOrEqual: training,
  Equal: training,
  And: training,
  Not: training,
  Where: training,
  ArgMax: training,
  Transpose: training,
  Expand: training,
  Flip: training,
  Concat: training,
  Pad: training,
  ReduceSum: training,
  ReduceMax: training,
  Normalize: training,
  CrossEntropy: training,
  MatMul: training,
  DirectConv: training,
  ConvInputGrad: training,
  ConvFilterGrad: training,
  ConvTranspose: training,
  PooledConvInputGrad: training,
  PooledConvFilterGrad: training,
  MaxPoolGrad: training,
  AvgPoolGrad: training,
};

function element(op: ElementOp): Row {
  return (build, value) => {
    const inputs = value.inputs.map((x) => operand(build, x, value.shape));
    const alpha = op === 'Elu' || op === 'LeakyRelu' ? num(value.attrs, 'alpha') : 0;
    settle(build, value, { kind: 'apply', op, alpha, inputs });
  };
}

/** For ops that no network in use has. */
function training(_build: Build, value: OpValue): never {
  throw unknown(value);
}

function unknown({ op, label }: OpValue): Error {
  return new Error(`${op} of ${label} has no form in a program`);
}

/** Leaves the value to its only reader where that works on the same numbers, else computes it. */
function settle(build: Build, value: OpValue, expression: Expression): void {
  const reader = build.readers.get(value);
  const joins =
    build.uses.get(value) === 1 &&
    reader !== undefined &&
    isElement(reader.op) &&
    reader.shape.join() === value.shape.join();
  if (joins) build.inlined.set(value, expression);
  else map(build, value, value.shape, expression, value.label);
}

const shaping: ReadonlySet<OpName> = new Set(['Reshape', 'Slice']);
const computing: ReadonlySet<OpName> = new Set([
  'Gemm',
  'Conv',
  'PooledConv',
  'MaxPool',
  'AveragePool',
  'ReduceMean',
  'Softmax',
]);

function isElement(op: OpName): boolean {
  return !shaping.has(op) && !computing.has(op);
}

/** How an element of `x` is read by something of shape `shape`. */
function operand(build: Build, x: Value, shape: readonly number[]): Expression {
  const inlined = build.inlined.get(x);
  if (inlined) return inlined;
  if (x.kind === 'constant' && x.data.length === 1) return { kind: 'number', value: x.data[0]! };
  const { from, offset, strides } = viewOf(build, x);
  const repeats = broadcastStrides(x.shape, shape).map((stride, axis) => {
    const own = axis - (shape.length - x.shape.length);
    return stride === 0 ? 0 : strides[own]!;
  });
  return { kind: 'read', from, offset, strides: repeats };
}

function viewOf(build: Build, x: Value): View {
  const known = build.views.get(x);
  if (known) return known;
  if (x.kind !== 'constant') throw new Error('a value is read before it is computed');
  const view = { from: table(data(x)), offset: 0, strides: denseStrides(x.shape) };
  build.views.set(x, view);
  return view;
}

/** The buffer that holds x and nothing else, without gaps: a copy where x lies otherwise. */
function whole(build: Build, x: Value): Buffer {
  const { from, offset, strides } = viewOf(build, x);
  const gapless = x.shape.every(
    (dim, axis) => dim === 1 || strides[axis] === denseStrides(x.shape)[axis],
  );
  if (from.kind !== 'table' && offset === 0 && gapless && from.size === count(x.shape)) return from;
  return map(build, x, x.shape, { kind: 'read', from, offset, strides }, '');
}

function map(
  build: Build,
  value: Value,
  shape: readonly number[],
  expression: Expression,
  label: string,
): Buffer {
  const output = outputFor(build, value);
  build.instructions.push({ kind: 'map', output, label, ...collapsed(shape, expression) });
  return output;
}

type Body<I = Instruction> = I extends Instruction ? Omit<I, 'output' | 'label'> : never;

function emit(build: Build, value: OpValue, body: Exclude<Body, { kind: 'map' }>): void {
  build.instructions.push({ ...body, output: outputFor(build, value), label: value.label });
}

function outputFor(build: Build, value: Value): Buffer {
  const kind = value === build.root ? 'probabilities' : 'work';
  const output: Buffer = { kind, size: count(value.shape) };
  build.views.set(value, { from: output, offset: 0, strides: denseStrides(value.shape) });
  return output;
}

function convolve(
  build: Build,
  value: OpValue,
  pool: { readonly height: number; readonly width: number } | null,
): void {
  const [x, w, b] = value.inputs;
  const [outputs, ...each] = w!.shape;
  const window = windowOf(value, [each[1]!, each[2]!]);
  emit(build, value, {
    kind: 'conv',
    input: whole(build, x!),
    kernel: {
      outputs: outputs!,
      inputs: count(each),
      weights: table(data(w!)),
      bias: table(data(b!)),
    },
    window,
    pool: pool && { ...pool, plane: { kind: 'work', size: window.rows * window.columns } },
  });
}

function pool(build: Build, value: OpValue, kind: 'maxPool' | 'averagePool'): void {
  const [height, width] = list(value.attrs, 'kernel_shape');
  const window = windowOf(value, [height!, width!]);
  emit(build, value, { kind, input: whole(build, value.inputs[0]!), window });
}

function windowOf({ inputs, attrs }: OpValue, kernel: Window['kernel']): Window {
  const [, channels, height, width] = inputs[0]!.shape;
  const [top, left, bottom, right] = list(attrs, 'pads');
  const [down, across] = list(attrs, 'strides');
  return {
    channels: channels!,
    height: height!,
    width: width!,
    kernel,
    strides: [down!, across!],
    padTop: top!,
    padLeft: left!,
    rows: Math.floor((height! + top! + bottom! - kernel[0]) / down!) + 1,
    columns: Math.floor((width! + left! + right! - kernel[1]) / across!) + 1,
  };
}

function table(data: Float32Array): Table {
  return { kind: 'table', data };
}

function data(value: Value): Float32Array {
  if (value.kind !== 'constant' || !(value.data instanceof Float32Array))
    throw new Error('a program has its parameters as constants');
  return value.data;
}

function count(shape: readonly number[]): number {
  return shape.reduce((n, dim) => n * dim, 1);
}
