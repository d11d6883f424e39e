/**
 * @file What an instruction calls, and with what: the same in every language. A language only has to spell the names
 * and the arguments, and to have the functions.
 */
import type { Buffer, ElementOp, Instruction, Kernel, Window } from './program.ts';

/** Functions of single numbers, by the op they compute. */
export const elementFunctions = {
  Add: 'add',
  Sub: 'sub',
  Mul: 'mul',
  Div: 'div',
  Max: 'max',
  Sqrt: 'sqrt',
  Tanh: 'tanh',
  Sigmoid: 'sigmoid',
  Erf: 'erf',
  Relu: 'relu',
  Softplus: 'softplus',
  Elu: 'elu',
  LeakyRelu: 'leakyRelu',
  PRelu: 'prelu',
  Greater: 'greater',
} as const satisfies Record<ElementOp, string>;

type ElementFunction = (typeof elementFunctions)[ElementOp];
type ArrayFunction =
  'dense' | 'conv' | 'pooledConv' | 'maxPool' | 'averagePool' | 'mean' | 'softmax';
export type FunctionName = ElementFunction | ArrayFunction;

export type Argument = Buffer | Kernel | Window | number;
export type Call = readonly [name: ArrayFunction, ...args: Argument[]];

/** Of all instructions but loops, which are written out: `mapLines`. */
export function callOf(instruction: Exclude<Instruction, { kind: 'map' }>): Call {
  const { kind, input, output } = instruction;
  switch (kind) {
    case 'dense':
      return [kind, input, output, instruction.kernel];
    case 'conv': {
      const { kernel, window, pool } = instruction;
      if (!pool) return [kind, input, output, kernel, window];
      return ['pooledConv', input, output, pool.plane, kernel, window, pool.height, pool.width];
    }
    case 'maxPool':
    case 'averagePool':
      return [kind, input, output, instruction.window];
    case 'mean':
      return [kind, input, output, instruction.channels, instruction.length];
    case 'softmax':
      return [kind, input, output, instruction.length];
    default:
      return instruction satisfies never;
  }
}
