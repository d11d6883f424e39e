/**
 * @file Convolutions for training on the CPU, written as matrix products over all samples at once. The patches of
 * the input are built once and serve the forward pass and the filter's gradient; channels come first, so that every
 * product is a single large one.
 *
 * Shapes: x [N, C, H, W], w [O, C, kH, kW], P = positions of the window in an image.
 */
import {
  add,
  apply,
  concat,
  equal,
  masked,
  matmul,
  maximum,
  pad,
  reshape,
  slice,
  sub,
  swapLast,
  transpose,
} from './build.ts';
import { list, type Attrs } from './ops.ts';
import type { Dims, OpValue, Value } from './value.ts';

type Four = readonly [number, number, number, number];
type Two = readonly [number, number];

/** A sliding window: its size, step, where it starts in the padded image, and how many positions it takes. */
type Sliding = {
  readonly kernel: Two;
  readonly strides: Two;
  readonly pads: Four;
  readonly start: Two;
  readonly count: Two;
};

/** y = W·patches + b */
export function convByProduct(y: OpValue): Value {
  const [x, w, b] = y.inputs;
  const product = matmul(filterMatrix(w!), patchMatrix(x!, sliding(y.attrs, w!.shape, y.shape)));
  return samplesFirst(b ? add(product, reshape(b, [b.shape[0]!, 1])) : product, y.shape);
}

/** dW = dy·patchesᵀ */
export function filterGradByProduct(dw: OpValue): Value {
  const [x, dy] = dw.inputs;
  const patches = patchMatrix(x!, sliding(dw.attrs, dw.shape, dy!.shape));
  return filterShape(matmul(channelsFirst(dy!), swapLast(patches)), dw.shape);
}

/**
 * A convolution and the max pooling after it, computed one place of the pooling window at a time: the convolution
 * at every `pool`-th position, shifted. The maximum over the places is the pooled result, and what is not the
 * maximum is never laid out as an image.
 */
export function pooledByProduct(y: OpValue): Value {
  const [x, w, b] = y.inputs;
  const { largest } = places(x!, w!, y.attrs, y.shape);
  return samplesFirst(add(largest, reshape(b!, [b!.shape[0]!, 1])), y.shape);
}

export function pooledFilterGrad(dw: OpValue): Value {
  const [x, w, dy] = dw.inputs;
  const seen = places(x!, w!, dw.attrs, dy!.shape);
  const shares = winners(seen, channelsFirst(dy!));
  const parts = shares.map((share, k) => matmul(share, swapLast(seen.patches[k]!)));
  return filterShape(parts.reduce(add), dw.shape);
}

/** The gradient at the output of the convolution, [N, O, H, W], zeros where pooling did not look. */
export function pooledOutputGrad(x: Value, w: Value, dy: Value, attrs: Attrs): Value {
  const [N, O, poolH, poolW] = four(dy.shape);
  const k = pool(attrs);
  const shares = winners(places(x, w, attrs, dy.shape), channelsFirst(dy));
  const whole = interleaved(shares, [k, k], [O * N, poolH, poolW]);
  return samplesFirst(whole, [N, O, poolH * k, poolW * k]);
}

/**
 * dy [N, O, P…] convolved with kernels [C, O, kH, kW], step 1, every sample surrounded by zeros. The samples are laid
 * on top of each other as one tall image, with as many rows of zeros between them as a kernel can reach: one large
 * convolution runs faster than N small ones.
 *
 * @param pads  rows and columns of zeros [top, left, bottom, right].
 * @returns null where the zeros below a sample are not enough for the next one's top.
 */
export function tallConv(dy: Value, kernels: Value, pads: Dims): Value | null {
  const [N, O, H, W] = four(dy.shape);
  const [C, , kernelH, kernelW] = four(kernels.shape);
  const [top, left, bottom, right] = four(pads);
  const gap = top + bottom + 1 - kernelH;
  if (gap < top || gap < bottom) return null;
  const spaced = pad(reshape(channelsFirst(dy), [O, N, H, W]), [0, 0, 0, 0, 0, 0, gap, 0]);
  const tall = reshape(spaced, [1, O, N * (H + gap), W]);
  const dx = apply('DirectConv', [tall, kernels], { strides: [1, 1], pads: [top, left, 0, right] });
  return samplesFirst(dx, [N, C, H + gap, W + left + right + 1 - kernelW]);
}

/**
 * [M, H, W] for each place of a window, row by row, put together as one image [M, H·kH, W·kW]. Rows first, then
 * columns: each step moves a single axis, for which the runtime has fast code.
 */
export function interleaved(parts: readonly Value[], [kernelH, kernelW]: Two, shape: Dims): Value {
  const [M, H, W] = [shape[0]!, shape[1]!, shape[2]!];
  const stacked = concat(
    parts.map((part) => reshape(part, [1, M * H * W])),
    0,
  );
  const places = reshape(stacked, [kernelH, kernelW * M, H, W]);
  const rows = reshape(transpose(places, [1, 2, 0, 3]), [kernelW, M * H * kernelH * W]);
  return reshape(transpose(rows, [1, 0]), [M, H * kernelH, W * kernelW]);
}

type Places = {
  /** Per place of the pooling window: the patches [kH·kW·C, N·P] and the convolution [O, N·P]. */
  readonly patches: readonly Value[];
  readonly outputs: readonly Value[];
  readonly largest: Value;
};

function places(x: Value, w: Value, attrs: Attrs, pooled: Dims): Places {
  const k = pool(attrs);
  const [strideH, strideW] = two(list(attrs, 'strides'));
  const patches: Value[] = [];
  for (let i = 0; i < k; i++)
    for (let j = 0; j < k; j++)
      patches.push(
        patchMatrix(x, {
          ...sliding(attrs, w.shape, pooled),
          strides: [strideH * k, strideW * k],
          start: [i * strideH, j * strideW],
        }),
      );
  const outputs = patches.map((columns) => matmul(filterMatrix(w), columns));
  return { patches, outputs, largest: outputs.reduce(maximum) };
}

/** dy where a place holds the maximum, the first of several; the last place takes what no other has taken. */
function winners({ outputs, largest }: Places, dy: Value): Value[] {
  let rest = dy;
  return outputs.map((output, i) => {
    if (i === outputs.length - 1) return rest;
    const share = masked(rest, equal(output, largest));
    rest = sub(rest, share);
    return share;
  });
}

/** [kH·kW·C, N·P]: row (i, j, c) holds what place (i, j) of the window sees of channel c. */
function patchMatrix(x: Value, window: Sliding): Value {
  const [N, C] = four(x.shape);
  const { kernel, strides, pads, start, count } = window;
  const [top, left, bottom, right] = pads;
  const padded = pad(transpose(x, [1, 0, 2, 3]), [0, 0, top, left, 0, 0, bottom, right]);
  const along = (value: Value, axis: 0 | 1, at: number) => {
    const first = start[axis] + at;
    const end = first + strides[axis] * (count[axis] - 1) + 1;
    return slice(value, axis + 2, first, end, strides[axis]);
  };
  const parts = range(kernel[0]).flatMap((i) => {
    const rows = along(padded, 0, i);
    return range(kernel[1]).map((j) => reshape(along(rows, 1, j), [C, N * count[0] * count[1]]));
  });
  return concat(parts, 0);
}

function sliding(attrs: Attrs, filter: Dims, out: Dims): Sliding {
  return {
    kernel: [filter[2]!, filter[3]!],
    strides: two(list(attrs, 'strides')),
    pads: four(list(attrs, 'pads')),
    start: [0, 0],
    count: [out[2]!, out[3]!],
  };
}

/** w as [O, kH·kW·C], its rows in the order of the patches. */
function filterMatrix(w: Value): Value {
  const [O, C, kernelH, kernelW] = four(w.shape);
  return reshape(transpose(w, [0, 2, 3, 1]), [O, kernelH * kernelW * C]);
}

/** The opposite of `filterMatrix`. */
function filterShape(matrix: Value, shape: Dims): Value {
  const [O, C, kernelH, kernelW] = four(shape);
  return transpose(reshape(matrix, [O, kernelH, kernelW, C]), [0, 3, 1, 2]);
}

/** [N, O, H, W] → [O, N·H·W] */
function channelsFirst(y: Value): Value {
  const [N, O, H, W] = four(y.shape);
  return reshape(transpose(y, [1, 0, 2, 3]), [O, N * H * W]);
}

/** [O, N·H·W] → [N, O, H, W] */
function samplesFirst(y: Value, shape: Dims): Value {
  const [N, O, H, W] = four(shape);
  return transpose(reshape(y, [O, N, H, W]), [1, 0, 2, 3]);
}

function pool(attrs: Attrs): number {
  return list(attrs, 'pool')[0]!;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function two(dims: Dims): Two {
  return [dims[0]!, dims[1]!];
}

function four(dims: Dims): Four {
  return [dims[0]!, dims[1]!, dims[2]!, dims[3]!];
}
