/** @file A program as JavaScript, with a row for each kind of instruction, on top of the functions of page/kernels.js. */
import { mapLines, namesOf, tablesOf, type Language, type Names } from '../program/listing.ts';
import type {
  ElementOp,
  Kernel,
  Buffer as WorkBuffer,
  Program,
  Instruction,
  InstructionKind,
  Window,
} from '../program/program.ts';

/** A function `network(base64)`; what it returns predicts, and has the values that were kept. */
export function networkScript(program: Program): string {
  const names = namesOf(program, 't');
  let read = 0;
  const tables = tablesOf(program).map((table) => {
    const start = read;
    read += table.data.length;
    return `const ${names.get(table)!} = weights.subarray(${start}, ${read});`;
  });
  const buffers = [...program.offsets].map(
    ([buffer, offset]) =>
      `const ${names.get(buffer)!} = work.subarray(${offset}, ${offset + buffer.size});`,
  );
  const kept = program.kept.map(({ buffer }) => names.get(buffer)!);
  const instructions = program.instructions.flatMap((instruction) =>
    rowOf(instruction.kind)(names, instruction),
  );
  return `function network(base64) {
  const weights = floats(base64);
${indented([...tables, `const work = new Float32Array(${program.workFloats});`, ...buffers], 2)}
  return {
    kept: [${kept.join(', ')}],
    predict(pixels, probabilities) {
${indented(instructions, 6)}
    },
  };
}
`;
}

/** What the function is given: all tables one after another, little-endian. */
export function encodedTables(program: Program): string {
  const values = tablesOf(program).flatMap(({ data }) => [
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
  return Buffer.concat(values).toString('base64');
}

type Rows = {
  readonly [K in InstructionKind]: (
    names: Names,
    instruction: Extract<Instruction, { kind: K }>,
  ) => readonly string[];
};

const rows: Rows = {
  map: (names, instruction) => mapLines(instruction, names, javascript),
  dense: (names, { input, output, kernel }) => [
    call('dense', [...between(names, input, output), kernelArg(names, kernel)]),
  ],
  conv: (names, { input, output, kernel, window, pool }) => {
    // Networks that are shown keep their layers whole.
    if (pool) throw new Error('a page has no pooled convolutions');
    const args = [...between(names, input, output), kernelArg(names, kernel)];
    return [call('conv', [...args, windowArg(window)])];
  },
  maxPool: (names, { input, output, window }) => [
    call('maxPool', [...between(names, input, output), windowArg(window)]),
  ],
  averagePool: (names, { input, output, window }) => [
    call('averagePool', [...between(names, input, output), windowArg(window)]),
  ],
  mean: (names, { input, output, channels, length }) => [
    call('mean', [...between(names, input, output), String(channels), String(length)]),
  ],
  softmax: (names, { input, output, length }) => [
    call('softmax', [...between(names, input, output), String(length)]),
  ],
};

/** The row of a kind takes instructions of that kind; TypeScript cannot follow that through the index. */
function rowOf(
  kind: InstructionKind,
): (names: Names, instruction: Instruction) => readonly string[] {
  return rows[kind] as (names: Names, instruction: Instruction) => readonly string[];
}

const elements: Record<ElementOp, string> = {
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
};

const javascript: Language = {
  loop: (index, length) => `for (let ${index} = 0; ${index} < ${length}; ${index}++)`,
  // A float32 is also a double, and written as one without loss.
  literal: String,
  pixel: (read) => read,
  call: (op, args) => `${elements[op]}(${args.join(', ')})`,
};

function call(name: string, args: readonly string[]): string {
  return `${name}(${args.join(', ')});`;
}

function between(names: Names, input: WorkBuffer, output: WorkBuffer): [string, string] {
  return [names.get(input)!, names.get(output)!];
}

function kernelArg(names: Names, { weights, bias, inputs, outputs }: Kernel): string {
  const tables = `weights: ${names.get(weights)!}, bias: ${names.get(bias)!}`;
  return `{ ${tables}, inputs: ${inputs}, outputs: ${outputs} }`;
}

function windowArg({ kernel, strides, ...rest }: Window): string {
  const [kernelHeight, kernelWidth] = kernel;
  const [down, across] = strides;
  return JSON.stringify({ ...rest, kernelHeight, kernelWidth, down, across });
}

function indented(lines: readonly string[], spaces: number): string {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`).join('\n');
}
