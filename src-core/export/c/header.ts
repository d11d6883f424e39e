/** @file A program as one C99 header, with a row for each kind of instruction. */
import { imageSize } from '../../engine/engine.ts';
import type { TrainedNetwork } from '../format.ts';
import {
  mapLines,
  namesOf,
  tablesOfInstruction,
  type Language,
  type Names,
} from '../program/listing.ts';
import type {
  Buffer,
  ElementOp,
  Kernel,
  Program,
  Instruction,
  InstructionKind,
  Table,
  Window,
} from '../program/program.ts';
import { cHelpers, cWindow, type CHelper } from './kernels.ts';
import { braced, floatLiteral, stringLiteral } from './literals.ts';
import { quantized } from './quantize.ts';

export type Weights = 'float' | 'int8';

/** What names in C begin with: `inkling_r7`. */
export function prefixOf(name: string): string {
  return `inkling_${name.replace(/[^A-Za-z0-9]/g, '_')}`;
}

/** The text of the header. @param file its name without the ending; names in it are made from that. */
export function cHeader(
  network: TrainedNetwork,
  program: Program,
  weights: Weights,
  file: string,
): string {
  const prefix = prefixOf(file);
  const source = write(program, weights);
  const body = [
    ...includes,
    '#ifdef __cplusplus\nextern "C" {\n#endif',
    sizes(network),
    classNames(network.classes),
    ...(source.windows.length > 0 ? [cWindow, ...source.windows] : []),
    ...source.tables,
    ...helpersIn(source.lines, weights),
    predict(program, source, network.confidence.unsureBelow),
    '#ifdef __cplusplus\n}\n#endif',
  ].join('\n\n');
  const guard = `${prefix.toUpperCase()}_H`;
  // Strings hold no underscore, so that nothing but names is replaced.
  const named = body.replace(
    /\b[PQ]_/g,
    (mark) => `${mark === 'P_' ? prefix : prefix.toUpperCase()}_`,
  );
  const comment = introduction(network, program, weights, source.constantBytes, file);
  return `${comment}#ifndef ${guard}\n#define ${guard}\n\n${named}\n\n#endif\n`;
}

const includes = ['#include <math.h>\n#include <stdint.h>\n#include <string.h>'];

/** What is collected while instructions are written. */
type Source = {
  readonly names: Names;
  readonly weights: Weights;
  readonly lines: string[];
  readonly tables: string[];
  readonly windows: string[];
  constantBytes: number;
};

function write(program: Program, weights: Weights): Source {
  const names = namesOf(program, 'P_t');
  const source: Source = { names, weights, lines: [], tables: [], windows: [], constantBytes: 0 };
  for (const instruction of program.instructions) {
    if (instruction.label !== '') source.lines.push(`/* ${instruction.label} */`);
    source.lines.push(...rowOf(instruction.kind)(source, instruction));
  }
  return source;
}

type Rows = {
  readonly [K in InstructionKind]: (
    source: Source,
    instruction: Extract<Instruction, { kind: K }>,
  ) => readonly string[];
};

const rows: Rows = {
  map: (source, instruction) => {
    for (const table of tablesOfInstruction(instruction)) floatTable(source, table);
    return mapLines(instruction, source.names, c);
  },
  dense: (source, { input, output, kernel }) => [
    call('dense', [...between(source, input, output), ...kernelArgs(source, kernel)]),
  ],
  conv: (source, { input, output, kernel, window, pool }) => {
    const [x, y] = between(source, input, output);
    const rest = [...kernelArgs(source, kernel), windowArg(source, window)];
    if (!pool) return [call('conv', [x, y, ...rest])];
    const plane = source.names.get(pool.plane)!;
    return [call('pooled_conv', [x, y, plane, ...rest, String(pool.height), String(pool.width)])];
  },
  maxPool: (source, { input, output, window }) => [
    call('max_pool', [...between(source, input, output), windowArg(source, window)]),
  ],
  averagePool: (source, { input, output, window }) => [
    call('average_pool', [...between(source, input, output), windowArg(source, window)]),
  ],
  mean: (source, { input, output, channels, length }) => [
    call('mean', [...between(source, input, output), String(channels), String(length)]),
  ],
  softmax: (source, { input, output, length }) => [
    call('softmax', [...between(source, input, output), String(length)]),
  ],
};

/** The row of a kind takes instructions of that kind; TypeScript cannot follow that through the index. */
function rowOf(
  kind: InstructionKind,
): (source: Source, instruction: Instruction) => readonly string[] {
  return rows[kind] as (source: Source, instruction: Instruction) => readonly string[];
}

const elements: Record<ElementOp, CHelper> = {
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
  LeakyRelu: 'leaky_relu',
  PRelu: 'prelu',
  Greater: 'greater',
};

const c: Language = {
  loop: (index, length) => `for (int32_t ${index} = 0; ${index} < ${length}; ${index}++)`,
  literal: floatLiteral,
  pixel: (read) => `(float)${read}`,
  call: (op, args) => `P_${elements[op]}(${args.join(', ')})`,
};

function call(helper: CHelper, args: readonly (string | undefined)[]): string {
  return `P_${helper}(${args.join(', ')});`;
}

function between(source: Source, input: Buffer, output: Buffer): [string, string] {
  return [source.names.get(input)!, source.names.get(output)!];
}

function kernelArgs(source: Source, { weights, bias, inputs, outputs }: Kernel): string[] {
  const shape = [String(inputs), String(outputs)];
  if (source.weights === 'float')
    return [floatTable(source, weights), floatTable(source, bias), ...shape];
  const { values, scales } = quantized(weights.data, inputs);
  const name = source.names.get(weights)!;
  source.tables.push(
    `static const int8_t ${name}[${values.length}] = ${braced([...values].map(String))};`,
    `static const float ${name}_scale[${scales.length}] = ${braced([...scales].map(floatLiteral))};`,
  );
  source.constantBytes += values.byteLength + scales.byteLength;
  return [name, `${name}_scale`, floatTable(source, bias), ...shape];
}

/** Writes a table once. @returns its name */
function floatTable(source: Source, table: Table): string {
  const name = source.names.get(table)!;
  const start = `static const float ${name}[${table.data.length}] = `;
  if (!source.tables.some((text) => text.startsWith(start))) {
    source.tables.push(`${start}${braced([...table.data].map(floatLiteral))};`);
    source.constantBytes += table.data.byteLength;
  }
  return name;
}

/** The functions that these lines call, and those that they call. */
function helpersIn(lines: readonly string[], weights: Weights): string[] {
  let text = lines.join('\n');
  const used: string[] = [];
  for (const [name, helper] of Object.entries(cHelpers).reverse()) {
    if (!text.includes(`P_${name}(`)) continue;
    used.unshift(`static inline ${forWeights(helper, weights)}`);
    text += helper;
  }
  return used;
}

function forWeights(helper: string, weights: Weights): string {
  if (weights === 'float')
    return helper.replaceAll('WEIGHT', 'float').replaceAll(' SCALES', '').replaceAll(' SCALED', '');
  return helper
    .replaceAll('WEIGHT', 'int8_t')
    .replaceAll('SCALES', 'const float *scale,')
    .replaceAll('SCALED', '* scale[o]');
}

/** Declares a window. @returns the argument that hands it over */
function windowArg({ windows }: Source, window: Window): string {
  const { channels, height, width, kernel, strides, padTop, padLeft } = window;
  const fields = [channels, height, width, ...kernel, ...strides, padTop, padLeft];
  const values = [...fields, window.rows, window.columns].join(', ');
  windows.push(`static const P_window P_g${windows.length} = {${values}};`);
  return `&P_g${windows.length - 1}`;
}

function sizes({ spec, confidence }: TrainedNetwork): string {
  const { channels, height, width } = spec.input;
  const lines = Object.entries({ CHANNELS: channels, HEIGHT: height, WIDTH: width });
  return [
    ...lines.map(([name, value]) => `#define Q_${name} ${value}`),
    `#define Q_PIXELS ${imageSize(spec.input)}`,
    `#define Q_CLASSES ${spec.classes}`,
    ...(confidence.unsureBelow === null
      ? []
      : [`#define Q_UNSURE_BELOW ${floatLiteral(Math.fround(confidence.unsureBelow))}`]),
  ].join('\n');
}

function classNames(classes: readonly string[]): string {
  const list = classes.map((name) => `  ${stringLiteral(name)},`).join('\n');
  return `/* UTF-8. */\nstatic const char *const P_class_names[Q_CLASSES] = {\n${list}\n};`;
}

function predict(program: Program, { names, lines }: Source, unsureBelow: number | null): string {
  const buffers = [...program.offsets].map(
    ([buffer, offset]) => `float *const ${names.get(buffer)!} = work + ${offset};`,
  );
  const body = [
    `static float work[${program.workFloats}];`,
    ...buffers,
    ...lines,
    'int best = 0;',
    'for (int k = 1; k < Q_CLASSES; k++)',
    '  if (probabilities[k] > probabilities[best]) best = k;',
    // Said so that an answer that is no number is unsure as well.
    unsureBelow === null
      ? 'return best;'
      : 'return probabilities[best] >= Q_UNSURE_BELOW ? best : -1;',
  ];
  const unsure = unsureBelow === null ? '' : ', or -1 where even that is less than Q_UNSURE_BELOW';
  return `/* Writes a probability for each class. Returns the number of the most probable class${unsure}. */
static inline int P_predict(const uint8_t pixels[Q_PIXELS],
                            float probabilities[Q_CLASSES]) {
${body.map((line) => `  ${line}`).join('\n')}
}`;
}

function introduction(
  { spec, origin }: TrainedNetwork,
  program: Program,
  weights: Weights,
  constantBytes: number,
  file: string,
): string {
  const { channels, height, width } = spec.input;
  return `/*
 * ${file}.h: an image classifier in C99, written by Inkling ${plainText(origin.programVersion)}.
 *
 * Input: ${imageSize(spec.input)} bytes, ${channels} x ${height} x ${width} (channels, rows, columns), each from 0 to 255, as in the
 * pictures the network was trained on. Scaling is part of the function.
 * ${weightsSentence[weights]}
 *
 * Memory: ${constantBytes} bytes of constants (flash), ${program.workFloats * 4} bytes of static work memory, a small stack.
 * Nothing is allocated. The work memory is shared between calls, so do not call it from two threads at once, and
 * include the file in one source file only: each one that includes it gets its own copy. Link with -lm.
 *
 * Dataset snapshot ${plainText(origin.snapshotHash)}
 * Parameters       ${plainText(origin.parametersHash)}
 */
`;
}

const weightsSentence: Record<Weights, string> = {
  float:
    'Weights and activations are float: the answers are those of the network, to about six digits.',
  int8: `Weights are int8 with one scale for each output (symmetric, per channel); activations and biases are
 * float. The constants take about a quarter of the memory; the answers differ a little.`,
};

/** As it may stand in a comment. */
function plainText(text: string): string {
  return text.replace(/[^\w. +-]/g, '_');
}
