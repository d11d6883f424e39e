/**
 * @file The op table: for each op its output shape, how it is written as ONNX, and the cases its gradient check
 * uses. Its gradient stands in the twin table of `rules.ts`, which is written in terms of these ops.
 *
 * A row without `onnx` is lowered to other rows first (`lower.ts`), which may differ by provider.
 */
import { BATCH, type Dims, type DType } from './value.ts';

export type Attrs = Readonly<Record<string, number | readonly number[]>>;

/** An ONNX node: attributes by type, and int64 inputs that follow the value inputs. */
export type Written = {
  readonly type: string;
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly intInputs?: readonly (readonly number[])[];
  /** A float32 scalar input after the integer ones (the fill of a Pad). */
  readonly floatInput?: number;
};

/**
 * Shapes and attributes of one gradient check. `positive` draws inputs from 0.5 … 1.5 instead of ±1; the rows of
 * input `simplex` are made to sum to one.
 */
type Check = {
  readonly shapes: readonly Dims[];
  readonly attrs?: Attrs;
  readonly positive?: true;
  readonly simplex?: number;
};

export type Op = {
  /** Output shape; throws where the inputs do not fit. */
  readonly shape: (attrs: Attrs, ...inputs: readonly Dims[]) => Dims;
  /** Float32 unless said otherwise. */
  readonly dtype?: (attrs: Attrs, ...inputs: readonly DType[]) => DType;
  readonly onnx?: (attrs: Attrs, ...inputs: readonly Dims[]) => Written;
  readonly check: readonly Check[];
};

const dense = { strides: [1, 1], pads: [0, 0, 0, 0] };
const unpadded = { strides: [2, 2], pads: [0, 0, 0, 0] };

const convolution = {
  shape: (attrs, x, w, b) => {
    if (x![1] !== w![1] || (b && b[0] !== w![0])) throw mismatch('Conv', x!, w!);
    return [x![0]!, w![0]!, ...windows(attrs, x!, w!.slice(2))];
  },
  onnx: (attrs, _x, w) => ({ type: 'Conv', ints: { ...attrs, kernel_shape: w!.slice(2) } }),
} satisfies Pick<Op, 'shape' | 'onnx'>;

export const ops = {
  // ── arithmetic, with broadcasting ──
  Add: binary('Add', [
    { shapes: [[2, 3], [3]] },
    {
      shapes: [
        [2, 1, 3],
        [4, 1],
      ],
    },
    { shapes: [[], [2, 2]] },
  ]),
  Sub: binary('Sub', [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
    },
  ]),
  Mul: binary('Mul', [{ shapes: [[2, 3], [3]] }]),
  Div: binary('Div', [{ shapes: [[2, 3], [3]], positive: true }]),
  Max: binary('Max', [
    {
      shapes: [
        [3, 4],
        [3, 4],
      ],
    },
  ]),
  Min: binary('Min', [{ shapes: [[3, 4], [4]] }]),

  // ── element by element ──
  Identity: unary('Identity'),
  Neg: unary('Neg'),
  Exp: unary('Exp'),
  Log: unary('Log', true),
  Sqrt: unary('Sqrt', true),
  Tanh: unary('Tanh'),
  Sigmoid: unary('Sigmoid'),
  Erf: unary('Erf'),
  Relu: unary('Relu'),
  Softplus: unary('Softplus'),
  Elu: { ...unary('Elu'), ...alphaOf('Elu') },
  LeakyRelu: { ...unary('LeakyRelu'), ...alphaOf('LeakyRelu') },
  /** x where positive, slope·x elsewhere; the slopes broadcast over x. */
  PRelu: {
    ...binary('PRelu', [
      {
        shapes: [
          [2, 3, 4],
          [3, 1],
        ],
      },
    ]),
    shape: (_, x) => x!,
  },

  // ── choices ──
  Greater: compare('Greater'),
  GreaterOrEqual: compare('GreaterOrEqual'),
  Equal: compare('Equal'),
  And: compare('And'),
  Not: {
    shape: (_, x) => x!,
    dtype: () => 'bool',
    onnx: plain('Not'),
    check: [],
  },
  Where: {
    shape: (_, condition, a, b) => broadcast(broadcast(condition!, a!), b!),
    onnx: plain('Where'),
    check: [],
  },
  Cast: {
    shape: (_, x) => x!,
    dtype: (attrs) => dtypeOf(num(attrs, 'to')),
    onnx: (attrs) => ({ type: 'Cast', ints: { to: num(attrs, 'to') } }),
    check: [],
  },
  /** Position of the largest value along an axis, the first of several. */
  ArgMax: {
    shape: (attrs, x) => x!.filter((_, axis) => axis !== num(attrs, 'axis')),
    dtype: () => 'int64',
    onnx: (attrs) => ({ type: 'ArgMax', ints: { axis: num(attrs, 'axis'), keepdims: 0 } }),
    check: [],
  },

  // ── shape ──
  Reshape: {
    shape: (attrs, x) => reshaped(x!, list(attrs, 'shape')),
    dtype: (_, x) => x!,
    onnx: (attrs) => ({ type: 'Reshape', intInputs: [list(attrs, 'shape')] }),
    check: [{ shapes: [[2, 6]], attrs: { shape: [3, 4] } }],
  },
  Transpose: {
    shape: (attrs, x) => list(attrs, 'perm').map((axis) => x![axis]!),
    dtype: (_, x) => x!,
    onnx: (attrs) => ({ type: 'Transpose', ints: { perm: list(attrs, 'perm') } }),
    check: [{ shapes: [[2, 3, 4]], attrs: { perm: [2, 0, 1] } }],
  },
  Expand: {
    shape: (attrs, x) => broadcast(x!, list(attrs, 'shape')),
    dtype: (_, x) => x!,
    onnx: (attrs) => ({ type: 'Expand', intInputs: [list(attrs, 'shape')] }),
    check: [{ shapes: [[3, 1]], attrs: { shape: [2, 3, 4] } }],
  },
  /** Elements starts … ends − 1 in steps, per axis; an end of `WHOLE` is the end of the axis. */
  Slice: {
    shape: (attrs, x) => sliced(attrs, x!),
    dtype: (_, x) => x!,
    onnx: (attrs) => {
      const [starts, ends, steps] = sliceParts(attrs);
      // Axes taken whole are left out: a dynamic batch has no end to name.
      const axes = starts.flatMap((_, axis) => (isWhole(attrs, axis) ? [] : [axis]));
      const pick = (values: readonly number[]) => axes.map((axis) => values[axis]!);
      return { type: 'Slice', intInputs: [pick(starts), pick(ends), axes, pick(steps)] };
    },
    check: [
      { shapes: [[4, 5]], attrs: { starts: [1, 0], ends: [3, 4], steps: [1, 1] } },
      {
        shapes: [[2, 6, 7]],
        attrs: { starts: [0, 1, 0], ends: [WHOLE(), 6, 7], steps: [1, 2, 3] },
      },
    ],
  },
  /** The axis in reverse order. */
  Flip: {
    shape: (_, x) => x!,
    onnx: (attrs) => ({
      type: 'Slice',
      intInputs: [[-1], [-WHOLE()], [num(attrs, 'axis')], [-1]],
    }),
    check: [{ shapes: [[2, 4]], attrs: { axis: 1 } }],
  },
  Concat: {
    shape: (attrs, ...xs) => {
      const at = num(attrs, 'axis');
      const total = xs.reduce((sum, x) => sum + x[at]!, 0);
      return xs[0]!.map((dim, axis) => (axis === at ? total : dim));
    },
    dtype: (_, x) => x!,
    onnx: (attrs) => ({ type: 'Concat', ints: { axis: num(attrs, 'axis') } }),
    check: [
      {
        shapes: [
          [2, 3],
          [2, 1],
        ],
        attrs: { axis: 1 },
      },
    ],
  },
  /** pads: [before of every axis, after of every axis], filled with `value`. */
  Pad: {
    shape: (attrs, x) => {
      const pads = list(attrs, 'pads');
      return x!.map((dim, axis) =>
        dim === BATCH ? BATCH : dim + pads[axis]! + pads[axis + x!.length]!,
      );
    },
    onnx: (attrs) => ({
      type: 'Pad',
      intInputs: [list(attrs, 'pads')],
      floatInput: num(attrs, 'value'),
    }),
    check: [{ shapes: [[2, 3]], attrs: { pads: [0, 1, 2, 0], value: 0 } }],
  },

  // ── reductions ──
  ReduceSum: {
    shape: (attrs, x) => reduced(attrs, x!),
    onnx: (attrs) => ({
      type: 'ReduceSum',
      ints: { keepdims: num(attrs, 'keepdims') },
      intInputs: [list(attrs, 'axes')],
    }),
    check: [
      { shapes: [[2, 3, 4]], attrs: { axes: [1], keepdims: 0 } },
      { shapes: [[2, 3]], attrs: { axes: [0, 1], keepdims: 1 } },
    ],
  },
  ReduceMean: reduction('ReduceMean', [
    { shapes: [[2, 3, 4]], attrs: { axes: [0, 2], keepdims: 1 } },
  ]),
  ReduceMax: reduction('ReduceMax', []),
  /** Over the last axis. */
  Softmax: {
    shape: (_, x) => x!,
    onnx: () => ({ type: 'Softmax', ints: { axis: -1 } }),
    check: [{ shapes: [[3, 4]] }],
  },

  /** x minus its mean, over its standard deviation, both taken over `axes`: batch normalization before scaling. */
  Normalize: {
    shape: (_, x) => x!,
    check: [{ shapes: [[4, 3, 2]], attrs: { axes: [0, 2], epsilon: 1e-3 } }],
  },
  /** Mean over the batch of −Σ target·log softmax(logits), both [N, K]; each target row sums to one. */
  CrossEntropy: {
    shape: () => [],
    check: [
      {
        shapes: [
          [3, 4],
          [3, 4],
        ],
        simplex: 1,
      },
    ],
  },

  // ── linear algebra ──
  /** Over the last two axes; the others broadcast. */
  MatMul: {
    shape: (_, a, b) => {
      if (a!.at(-1) !== b!.at(-2)) throw mismatch('MatMul', a!, b!);
      return [...broadcast(a!.slice(0, -2), b!.slice(0, -2)), a!.at(-2)!, b!.at(-1)!];
    },
    onnx: plain('MatMul'),
    check: [
      {
        shapes: [
          [2, 3],
          [3, 4],
        ],
      },
      {
        shapes: [
          [5, 2, 3],
          [5, 3, 4],
        ],
      },
      {
        shapes: [
          [2, 3],
          [5, 3, 4],
        ],
      },
    ],
  },
  /** A·B + c with A = aᵀ if transA, B = bᵀ if transB; c [n] is optional. */
  Gemm: {
    shape: (attrs, a, b, c) => {
      const [m, k] = num(attrs, 'transA') ? [a![1]!, a![0]!] : [a![0]!, a![1]!];
      const [k2, n] = num(attrs, 'transB') ? [b![1]!, b![0]!] : [b![0]!, b![1]!];
      if (k !== k2 || (c && c[0] !== n)) throw mismatch('Gemm', a!, b!);
      return [m, n];
    },
    onnx: (attrs) => ({
      type: 'Gemm',
      ints: { transA: num(attrs, 'transA'), transB: num(attrs, 'transB') },
    }),
    check: [
      { shapes: [[2, 3], [3, 4], [4]], attrs: { transA: 0, transB: 0 } },
      {
        shapes: [
          [3, 2],
          [3, 4],
        ],
        attrs: { transA: 1, transB: 0 },
      },
      {
        shapes: [
          [2, 3],
          [4, 3],
        ],
        attrs: { transA: 0, transB: 1 },
      },
      {
        shapes: [
          [3, 2],
          [4, 3],
        ],
        attrs: { transA: 1, transB: 1 },
      },
    ],
  },

  // ── images: x [N, C, H, W], w [O, C, kH, kW], b [O]; pads [top, left, bottom, right] ──
  Conv: {
    ...convolution,
    check: [
      { shapes: [[2, 3, 5, 6], [4, 3, 3, 3], [4]], attrs: { strides: [1, 1], pads: [0, 0, 0, 0] } },
      {
        shapes: [
          [2, 2, 5, 5],
          [3, 2, 3, 3],
        ],
        attrs: { strides: [1, 1], pads: [1, 1, 1, 1] },
      },
      {
        shapes: [
          [1, 2, 6, 7],
          [3, 2, 3, 3],
        ],
        attrs: { strides: [2, 2], pads: [0, 1, 1, 1] },
      },
      {
        shapes: [
          [2, 1, 4, 4],
          [2, 1, 1, 1],
        ],
        attrs: unpadded,
      },
      {
        shapes: [
          [1, 2, 6, 6],
          [2, 2, 5, 5],
        ],
        attrs: { strides: [1, 1], pads: [2, 2, 2, 2] },
      },
      {
        shapes: [
          [1, 1, 8, 8],
          [1, 1, 2, 2],
        ],
        attrs: { strides: [3, 3], pads: [0, 0, 0, 0] },
      },
    ],
  },
  /** A convolution that is only ever computed forward, so that it has no use for patches (`products.ts`). */
  DirectConv: { ...convolution, check: [] },
  /** dx of Conv from (dy, w); attrs.input is the shape of x. */
  ConvInputGrad: { shape: (attrs) => list(attrs, 'input'), check: [] },
  /** dw of Conv from (x, dy); attrs.kernel is the shape of w. */
  ConvFilterGrad: { shape: (attrs) => list(attrs, 'kernel'), check: [] },
  /** Conv run backward; attrs.input is the shape of the result. */
  ConvTranspose: {
    shape: (attrs) => list(attrs, 'input'),
    onnx: (attrs, _dy, w) => ({
      type: 'ConvTranspose',
      ints: {
        strides: list(attrs, 'strides'),
        pads: list(attrs, 'pads'),
        group: num(attrs, 'group'),
        output_padding: list(attrs, 'output_padding'),
        kernel_shape: w!.slice(2),
      },
    }),
    check: [],
  },
  /** Conv, then MaxPool over windows of `pool` that neither overlap nor leave gaps. */
  PooledConv: {
    shape: (attrs, x, w, b) => {
      if (x![1] !== w![1] || b![0] !== w![0]) throw mismatch('PooledConv', x!, w!);
      const pool = list(attrs, 'pool');
      const whole = windows(attrs, x!, w!.slice(2));
      return [x![0]!, w![0]!, ...whole.map((length, axis) => Math.floor(length / pool[axis]!))];
    },
    check: [
      { shapes: [[2, 2, 6, 6], [3, 2, 3, 3], [3]], attrs: { ...dense, pool: [2, 2] } },
      { shapes: [[2, 1, 7, 8], [2, 1, 3, 3], [2]], attrs: { ...dense, pool: [2, 2] } },
      {
        shapes: [[1, 2, 5, 6], [2, 2, 3, 3], [2]],
        attrs: { strides: [1, 1], pads: [1, 1, 1, 1], pool: [2, 2] },
      },
      {
        shapes: [[1, 2, 9, 9], [2, 2, 3, 3], [2]],
        attrs: { strides: [2, 2], pads: [0, 1, 1, 1], pool: [2, 2] },
      },
      { shapes: [[1, 1, 8, 9], [2, 1, 3, 3], [2]], attrs: { ...dense, pool: [3, 3] } },
    ],
  },
  /** dx of PooledConv from (x, w, dy). */
  PooledConvInputGrad: { shape: (_, x) => x!, check: [] },
  /** dw of PooledConv from (x, w, dy). */
  PooledConvFilterGrad: { shape: (_, _x, w) => w!, check: [] },
  MaxPool: {
    shape: (attrs, x) => [x![0]!, x![1]!, ...windows(attrs, x!, list(attrs, 'kernel_shape'))],
    onnx: (attrs) => ({ type: 'MaxPool', ints: attrs }),
    check: [
      { shapes: [[2, 3, 4, 6]], attrs: { kernel_shape: [2, 2], ...unpadded } },
      { shapes: [[1, 2, 5, 7]], attrs: { kernel_shape: [2, 2], ...unpadded } },
      {
        shapes: [[2, 2, 7, 5]],
        attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] },
      },
      {
        shapes: [[1, 1, 6, 6]],
        attrs: { kernel_shape: [3, 3], strides: [1, 1], pads: [0, 0, 0, 0] },
      },
      {
        shapes: [[1, 2, 7, 7]],
        attrs: { kernel_shape: [2, 2], strides: [3, 3], pads: [0, 0, 0, 0] },
      },
    ],
  },
  /** dx of MaxPool from (x, y, dy): each window's first largest value takes its dy. */
  MaxPoolGrad: { shape: (_, x) => x!, check: [] },
  /** Mean over the pixels inside the image: padding does not count. */
  AveragePool: {
    shape: (attrs, x) => [x![0]!, x![1]!, ...windows(attrs, x!, list(attrs, 'kernel_shape'))],
    onnx: (attrs) => ({ type: 'AveragePool', ints: attrs }),
    check: [
      { shapes: [[2, 3, 4, 6]], attrs: { kernel_shape: [2, 2], ...unpadded } },
      {
        shapes: [[1, 2, 5, 5]],
        attrs: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
      },
      {
        shapes: [[1, 2, 7, 6]],
        attrs: { kernel_shape: [3, 3], strides: [1, 1], pads: [0, 0, 0, 0] },
      },
    ],
  },
  /** dx of AveragePool from dy; attrs.input is the shape of x. */
  AvgPoolGrad: { shape: (attrs) => list(attrs, 'input'), check: [] },
} satisfies Record<string, Op>;

export type OpName = keyof typeof ops;

/** The row of an op with its optional fields visible. */
export function row(name: OpName): Op {
  return ops[name];
}

/** A Slice end that means the end of the axis. A function, so that the table above may use it. */
export function WHOLE(): number {
  return 2 ** 31 - 1;
}

/** ONNX's numbers for element types. */
export function dtypeNumber(dtype: DType): number {
  return { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 }[dtype];
}

/** Numeric attribute `key`, which the op's constructor has set. */
export function num(attrs: Attrs, key: string): number {
  const value = attrs[key];
  if (typeof value !== 'number') throw new Error(`attribute ${key} is missing`);
  return value;
}

/** List attribute `key`, which the op's constructor has set. */
export function list(attrs: Attrs, key: string): readonly number[] {
  const value = attrs[key];
  if (value === undefined || typeof value === 'number')
    throw new Error(`attribute ${key} is missing`);
  return value;
}

export function sliceParts(attrs: Attrs) {
  return [list(attrs, 'starts'), list(attrs, 'ends'), list(attrs, 'steps')] as const;
}

/** Shape of `a op b`: dimensions must be equal, or one of them 1 or absent. */
export function broadcast(a: Dims, b: Dims): Dims {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw mismatch('broadcast', a, b);
    return x === 1 ? y : x;
  });
}

function dtypeOf(number: number): DType {
  const all: readonly DType[] = ['float32', 'uint8', 'int32', 'int64', 'bool'];
  return all.find((dtype) => dtypeNumber(dtype) === number)!;
}

function plain(type: string) {
  return (): Written => ({ type });
}

function binary(type: string, check: readonly Check[]): Op {
  return { shape: (_, a, b) => broadcast(a!, b!), onnx: plain(type), check };
}

function unary(type: string, positive?: true): Op {
  const check = { shapes: [[2, 5]], ...(positive && { positive }) };
  return { shape: (_, x) => x!, onnx: plain(type), check: [check] };
}

function alphaOf(type: string): Pick<Op, 'onnx' | 'check'> {
  return {
    onnx: (attrs) => ({ type, floats: { alpha: num(attrs, 'alpha') } }),
    check: [{ shapes: [[3, 5]], attrs: { alpha: 0.3 } }],
  };
}

function compare(type: string): Op {
  return { ...binary(type, []), dtype: () => 'bool' };
}

function reduction(type: string, check: readonly Check[]): Op {
  return {
    shape: (attrs, x) => reduced(attrs, x!),
    onnx: (attrs) => ({
      type,
      ints: { keepdims: num(attrs, 'keepdims'), axes: list(attrs, 'axes') },
    }),
    check,
  };
}

/** A dynamic batch is −1 on both sides, so the products still agree. */
function reshaped(from: Dims, to: Dims): Dims {
  const count = (dims: Dims) => dims.reduce((n, dim) => n * dim, 1);
  if (count(from) !== count(to)) throw mismatch('Reshape', from, to);
  return to;
}

function reduced(attrs: Attrs, x: Dims): Dims {
  const axes = list(attrs, 'axes');
  if (num(attrs, 'keepdims')) return x.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return x.filter((_, axis) => !axes.includes(axis));
}

function sliced(attrs: Attrs, x: Dims): Dims {
  const [starts, ends, steps] = sliceParts(attrs);
  return x.map((dim, axis) =>
    isWhole(attrs, axis)
      ? dim
      : Math.ceil((Math.min(dim, ends[axis]!) - starts[axis]!) / steps[axis]!),
  );
}

function isWhole(attrs: Attrs, axis: number): boolean {
  const [starts, ends, steps] = sliceParts(attrs);
  return starts[axis] === 0 && ends[axis] === WHOLE() && steps[axis] === 1;
}

/** Positions of a window along height and width. */
function windows(attrs: Attrs, x: Dims, kernel: Dims): Dims {
  const strides = list(attrs, 'strides');
  const [top, left, bottom, right] = list(attrs, 'pads');
  const lengths = [x[2]! + top! + bottom!, x[3]! + left! + right!];
  return lengths.map((length, axis) => Math.floor((length - kernel[axis]!) / strides[axis]!) + 1);
}

function mismatch(op: string, a: Dims, b: Dims): Error {
  return new Error(`${op}: shapes [${a.join(', ')}] and [${b.join(', ')}] do not fit`);
}
