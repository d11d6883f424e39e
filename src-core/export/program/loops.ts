/** @file Loops over an array of any shape, as few as its expression allows. */
import { denseStrides, readsOf, type Expression } from './program.ts';

/** The fewest loops: axes of one are left out, and axes that every read passes through alike become one. */
export function collapsed(shape: readonly number[], expression: Expression) {
  const reads = readsOf(expression);
  const own = denseStrides(shape);
  const groups: number[][] = [];
  shape.forEach((dim, axis) => {
    if (dim === 1) return;
    const group = groups.at(-1);
    const before = group?.at(-1);
    const follows =
      before !== undefined &&
      reads.every(({ strides }) => strides[before] === strides[axis]! * dim) &&
      own[before] === own[axis]! * dim;
    if (group && follows) group.push(axis);
    else groups.push([axis]);
  });
  const lengths = groups.map((group) => group.reduce((n, axis) => n * shape[axis]!, 1));
  const innermost = groups.map((group) => group.at(-1)!);
  return { lengths, value: restrided(expression, innermost) };
}

function restrided(expression: Expression, axes: readonly number[]): Expression {
  switch (expression.kind) {
    case 'number':
      return expression;
    case 'read':
      return { ...expression, strides: axes.map((axis) => expression.strides[axis]!) };
    case 'apply':
      return { ...expression, inputs: expression.inputs.map((input) => restrided(input, axes)) };
    default:
      return expression satisfies never;
  }
}
