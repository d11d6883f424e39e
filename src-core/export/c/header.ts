/** @file A program as one C99 header, on top of the functions of kernels.ts. */
import { imageSize } from '../../engine/engine.ts';
import { floatLayers } from '../floatLayers.ts';
import type { TrainedNetwork } from '../format.ts';
import {
  linesOf,
  namesOf,
  tablesOfInstruction,
  type Language,
  type Names,
} from '../program/listing.ts';
import type { Kernel, Program, Table, Window } from '../program/program.ts';
import { cFunctions, cWindow } from './kernels.ts';
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
  const source = write(program, roundedKernels(network, program, weights));
  const body = [
    ...includes,
    '#ifdef __cplusplus\nextern "C" {\n#endif',
    sizes(network),
    classNames(network.classes),
    ...(source.windows.length > 0 ? [cWindow, ...source.windows] : []),
    ...source.tables,
    ...functionsIn(source.lines),
    predict(program, source, network.confidence.unsureBelow),
    '#ifdef __cplusplus\n}\n#endif',
  ].join('\n\n');
  const guard = `${prefix.toUpperCase()}_H`;
  // Strings hold no underscore, so that nothing but names is replaced.
  const named = body.replace(
    /\b[PQ]_/g,
    (mark) => `${mark === 'P_' ? prefix : prefix.toUpperCase()}_`,
  );
  const comment = introduction(network, program, source, file);
  return `${comment}#ifndef ${guard}\n#define ${guard}\n\n${named}\n\n#endif\n`;
}

const includes = ['#include <math.h>\n#include <stdint.h>\n#include <string.h>'];

/** Those whose weights become bytes. */
function roundedKernels(
  { spec }: TrainedNetwork,
  { instructions }: Program,
  weights: Weights,
): ReadonlySet<Kernel> {
  if (weights === 'float') return new Set();
  const float = floatLayers(spec);
  const rounded = instructions.filter(({ label }) => !float.has(label));
  return new Set(rounded.flatMap((each) => ('kernel' in each ? [each.kernel] : [])));
}

/** What is collected while instructions are written. */
type Source = {
  readonly names: Names;
  readonly rounded: ReadonlySet<Kernel>;
  readonly lines: string[];
  readonly tables: string[];
  readonly windows: string[];
  constantBytes: number;
};

function write(program: Program, rounded: ReadonlySet<Kernel>): Source {
  const names = namesOf(program, 'P_t');
  const source: Source = { names, rounded, lines: [], tables: [], windows: [], constantBytes: 0 };
  for (const instruction of program.instructions) {
    if (instruction.label !== '') source.lines.push(`/* ${instruction.label} */`);
    if (instruction.kind === 'map')
      for (const table of tablesOfInstruction(instruction)) floatTable(source, table);
    source.lines.push(...linesOf(instruction, names, c(source)));
  }
  return source;
}

const c = (source: Source): Language => ({
  loop: (index, length) => `for (int32_t ${index} = 0; ${index} < ${length}; ${index}++)`,
  literal: floatLiteral,
  pixel: (read) => `(float)${read}`,
  name: (name, kernel) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return `P_${snake}${kernel && source.rounded.has(kernel) ? '_int8' : ''}`;
  },
  kernel: (kernel) => kernelArgs(source, kernel),
  window: (window) => windowArg(source, window),
});

function kernelArgs(source: Source, kernel: Kernel): string {
  const { weights, bias, inputs, outputs } = kernel;
  const isRounded = source.rounded.has(kernel);
  const tables = isRounded ? byteTables(source, kernel) : [floatTable(source, weights)];
  return [...tables, floatTable(source, bias), inputs, outputs].join(', ');
}

/** @returns the names of the values and of their scales */
function byteTables(source: Source, { weights, inputs }: Kernel): string[] {
  const { values, scales } = quantized(weights.data, inputs);
  const name = source.names.get(weights)!;
  source.tables.push(
    `static const int8_t ${name}[${values.length}] = ${braced([...values].map(String))};`,
    `static const float ${name}_scale[${scales.length}] = ${braced([...scales].map(floatLiteral))};`,
  );
  source.constantBytes += values.byteLength + scales.byteLength;
  return [name, `${name}_scale`];
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
function functionsIn(lines: readonly string[]): string[] {
  let text = lines.join('\n');
  const used: string[] = [];
  for (const [name, code] of cFunctions.toReversed()) {
    if (!text.includes(`${name}(`)) continue;
    used.unshift(`static inline ${code}`);
    text += code;
  }
  return used;
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
  { constantBytes, rounded }: Source,
  file: string,
): string {
  const { channels, height, width } = spec.input;
  return `/*
 * ${file}.h: an image classifier in C99, written by Inkling ${plainText(origin.programVersion)}.
 *
 * Input: ${imageSize(spec.input)} bytes, ${channels} x ${height} x ${width} (channels, rows, columns), each from 0 to 255, as in the
 * pictures the network was trained on. Scaling is part of the function.
 * ${weightsSentences(program, rounded)}
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

function weightsSentences({ instructions }: Program, rounded: ReadonlySet<Kernel>): string {
  if (rounded.size === 0)
    return 'Weights and activations are float: the answers are those of the network, to about six digits.';
  const float = instructions.flatMap((each) =>
    'kernel' in each && !rounded.has(each.kernel) ? [each.label] : [],
  );
  if (float.length === 0)
    return `Weights are int8 with one scale for each output (symmetric, per channel); activations and biases are
 * float. The constants take about a quarter of the memory; the answers differ a little.`;
  return `Weights behind the last binary step are int8 with one scale for each output (symmetric, per channel), all
 * else is float: rounding before a step would flip its zeros and ones. Weights are float in
 * ${float.join(', ')}.`;
}

/** As it may stand in a comment. */
function plainText(text: string): string {
  return text.replace(/[^\w. +-]/g, '_');
}
