/**
 * @file What C and JavaScript have in common: names for the buffers and tables of a program, and loops and
 * expressions, which differ in how numbers, pixels and function names are written.
 */
import {
  denseStrides,
  type Buffer,
  type Expression,
  type Program,
  type Instruction,
  type Table,
} from './program.ts';

export type Language = {
  /** Begins a loop that counts `index` from 0 to `length` − 1. */
  readonly loop: (index: string, length: number) => string;
  readonly literal: (value: number) => string;
  /** Reads of bytes become floats. */
  readonly pixel: (read: string) => string;
  readonly call: (
    op: Extract<Expression, { kind: 'apply' }>['op'],
    args: readonly string[],
  ) => string;
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

/** The loops of a map, as lines. */
export function mapLines(
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
      return language.call(value.op, [...value.inputs.map(written), ...alpha]);
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
