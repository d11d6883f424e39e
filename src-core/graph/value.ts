/**
 * @file A value of the tensor graph: the result of one op on other values. Values are immutable and know their
 * shape and type from birth, so a graph that exists is a graph whose shapes fit. Nothing is computed here.
 */
import type { Attrs, OpName } from './ops.ts';

/** A dimension is a size, or `BATCH` for a batch size that is only known when the graph runs. */
export type Dims = readonly number[];
export const BATCH = -1;

export type DType = 'float32' | 'uint8' | 'int32' | 'int64' | 'bool';

export type Value = { readonly shape: Dims; readonly dtype: DType } & (
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Float32Array | Int32Array }
  | {
      readonly kind: 'op';
      readonly op: OpName;
      readonly inputs: readonly Value[];
      readonly attrs: Attrs;
      /** The layer this value belongs to: for names, and for what is chosen layer by layer. */
      readonly label: string;
    }
);

export type OpValue = Extract<Value, { kind: 'op' }>;

/** A value fed from outside at every run. */
export function input(name: string, dtype: DType, shape: Dims): Value {
  return { kind: 'input', name, dtype, shape };
}

/** A float32 tensor that is part of the graph. */
export function constant(shape: Dims, data: ArrayLike<number>): Value {
  return { kind: 'constant', dtype: 'float32', shape, data: Float32Array.from(data) };
}

/** One number; combines with any shape. */
export function scalar(x: number): Value {
  return constant([], [x]);
}

export function intConstant(shape: Dims, data: readonly number[]): Value {
  return { kind: 'constant', dtype: 'int32', shape, data: Int32Array.from(data) };
}

export function inputsOf(value: Value): readonly Value[] {
  return value.kind === 'op' ? value.inputs : [];
}

/** Every value that `roots` depend on, each after its inputs. */
export function topological(roots: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  // An explicit stack: a deep network would exhaust the call stack.
  const stack: { value: Value; expanded: boolean }[] = [];
  for (const root of roots) stack.push({ value: root, expanded: false });
  stack.reverse();
  while (stack.length > 0) {
    const { value, expanded } = stack.pop()!;
    if (expanded) order.push(value);
    if (expanded || seen.has(value)) continue;
    seen.add(value);
    stack.push({ value, expanded: true });
    for (const from of inputsOf(value).toReversed())
      if (!seen.has(from)) stack.push({ value: from, expanded: false });
  }
  return order;
}
