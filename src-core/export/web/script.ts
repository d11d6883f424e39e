/**
 * @file A program as JavaScript, on top of the functions of page/kernels.js. There is none for pooled convolutions: what
 * is shown keeps its layers whole.
 */
import { linesOf, namesOf, tablesOf, type Language, type Names } from '../program/listing.ts';
import type { Program } from '../program/program.ts';

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
    linesOf(instruction, names, javascript(names)),
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

const javascript = (names: Names): Language => ({
  loop: (index, length) => `for (let ${index} = 0; ${index} < ${length}; ${index}++)`,
  // A float32 is also a double, and written as one without loss.
  literal: String,
  pixel: (read) => read,
  name: (name) => name,
  kernel: ({ weights, bias, inputs, outputs }) =>
    `{ weights: ${names.get(weights)!}, bias: ${names.get(bias)!}, inputs: ${inputs}, outputs: ${outputs} }`,
  window: ({ kernel, strides, ...rest }) => {
    const [kernelHeight, kernelWidth] = kernel;
    const [down, across] = strides;
    return JSON.stringify({ ...rest, kernelHeight, kernelWidth, down, across });
  },
});

function indented(lines: readonly string[], spaces: number): string {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`).join('\n');
}
