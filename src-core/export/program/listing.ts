/**
 * @file What C and JavaScript have in common: names for the buffers and tables of a program, and its instructions as
 * lines, which differ in how numbers, pixels, arguments and function names are written.
 */
import { callOf, elementFunctions, type FunctionName } from './calls.ts';
import {
  denseStrides,
  type Buffer,
  type Expression,
  type Instruction,
  type Kernel,
  type Program,
  type Table,
  type Window,
} from './program.ts';

export type Language = {
  /** Begins a loop that counts `index` from 0 to `length` − 1. */
  readonly loop: (index: string, length: number) => string;
  readonly literal: (value: number) => string;
  /** Reads of bytes become floats. */
  readonly pixel: (read: string) => string;
  /** A function, of those that take a kernel the one for this kernel. */
  readonly name: (name: FunctionName, kernel?: Kernel) => string;
  /** What a kernel or a window is handed over as, one argument or several. */
  readonly kernel: (kernel: Kernel) => string;
  readonly window: (window: Window) => string;
};

export type Names = ReadonlyMap<Buffer | Table, string>;

/** `pixels`, `probabilities`, `b0` … for work memory, and the tables numbered in the order of their use. */
export function namesOf(program: Program, tableName: string): Map<Buffer | Table, string> {
  const names = new Map<Buffer | Table, string>();
  for (const buffer of program.offsets.keys()) names.set(buffer, `b${names.size}`);
  tablesOf(program).forEach((table, i) => names.set(table, `${tableName}${i}`));
  return names.set(program.pixels, 'pixels').set(program.probabilities, 'probabilities');
}

/** Every table once. */
export function tablesOf({ instructions }: Program): readonly Table[] {
  return [...new Set(instructions.flatMap(tablesOfInstruction))];
}

export function tablesOfInstruction(instruction: Instruction): Table[] {
  if (instruction.kind === 'map') return tablesIn(instruction.value);
  return 'kernel' in instruction ? [instruction.kernel.weights, instruction.kernel.bias] : [];
}

function tablesIn(value: Expression): Table[] {
  if (value.kind === 'apply') return value.inputs.flatMap(tablesIn);
  return value.kind === 'read' && value.from.kind === 'table' ? [value.from] : [];
}

export function linesOf(
  instruction: Instruction,
  names: Names,
  language: Language,
): readonly string[] {
  if (instruction.kind === 'map') return mapLines(instruction, names, language);
  const [name, ...args] = callOf(instruction);
  const spelled = args.map((argument) => {
    if (typeof argument === 'number') return String(argument);
    if ('weights' in argument) return language.kernel(argument);
    return 'strides' in argument ? language.window(argument) : names.get(argument)!;
  });
  const kernel = 'kernel' in instruction ? instruction.kernel : undefined;
  return [`${language.name(name, kernel)}(${spelled.join(', ')});`];
}

function mapLines(
  instruction: Extract<Instruction, { kind: 'map' }>,
  names: Names,
  language: Language,
): string[] {
  const at = (from: Buffer | Table, offset: number, strides: readonly number[]): string =>
    `${names.get(from)!}[${position(offset, strides)}]`;
  const written = (value: Expression): string => {
    if (value.kind === 'number') return language.literal(value.value);
    if (value.kind === 'apply') {
      const alpha =
        value.op === 'Elu' || value.op === 'LeakyRelu' ? [language.literal(value.alpha)] : [];
      const args = [...value.inputs.map(written), ...alpha].join(', ');
      return `${language.name(elementFunctions[value.op])}(${args})`;
    }
    const read = at(value.from, value.offset, value.strides);
    return value.from.kind === 'pixels' ? language.pixel(read) : read;
  };
  const { lengths, output } = instruction;
  const loops = lengths.map(
    (length, axis) => '  '.repeat(axis) + language.loop(indexName(axis), length),
  );
  const target = at(output, 0, denseStrides(lengths));
  return [...loops, `${'  '.repeat(lengths.length)}${target} = ${written(instruction.value)};`];
}

/** `3 + i * 676 + j` */
function position(offset: number, strides: readonly number[]): string {
  const terms = strides.flatMap((stride, axis) => {
    if (stride === 0) return [];
    return [stride === 1 ? indexName(axis) : `${indexName(axis)} * ${stride}`];
  });
  if (offset !== 0 || terms.length === 0) terms.unshift(String(offset));
  return terms.join(' + ');
}

function indexName(axis: number): string {
  return `i${axis}`;
}
