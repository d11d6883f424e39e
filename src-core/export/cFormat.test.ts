/** @file C headers compile without a warning under strict flags and answer as the network does. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stream } from '../random.ts';
import { runToEnd } from './c/childProgram.ts';
import { cHeader } from './c/header.ts';
import { floatLiteral } from './c/literals.ts';
import { findCompiler, openHeader } from './c/openHeader.ts';
import { quantized } from './c/quantize.ts';
import { exportNetwork } from './exportNetwork.ts';
import { floatLayers } from './floatLayers.ts';
import { networkOf, noiseImages, predictorOf, temporaryFolder, tinySpecs } from './fixture.ts';
import { formats } from './formats.ts';
import { networkProgram } from './program/networkProgram.ts';
import type { Kernel, Program } from './program/program.ts';
import { coarse, verify } from './verify.ts';

const compiler = await findCompiler();
if (compiler === null) console.log('Skipped: C headers are not compiled, there is no C compiler.');
const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'];
const specs = tinySpecs();

describe.skipIf(compiler === null)('compiled and run', () => {
  let run: (name: string, pixels: Uint8Array) => Promise<Float32Array>;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inkling-c-'));
    run = await compiledTogether(folder);
    return () => rmSync(folder, { recursive: true, force: true });
  });

  test.each(specs.map((each, index) => ({ ...each, index })))(
    '$name answers as the network does, with int8 weights nearly so, and as their values',
    async ({ spec, index }) => {
      const network = networkOf(spec);
      const predictor = await predictorOf(network);
      const pixels = noiseImages(spec, 40);
      const opened = {
        input: spec.input,
        classes: network.classes,
        predict: (part: Uint8Array) => run(`float${index}`, part),
        dispose: async () => {},
      };
      const verified = await verify(opened, predictor, { pixels }, 'a header');
      expect(verified).toMatchObject({ samples: 40, agree: 40 });
      const [bytes, values] = [
        await run(`int8${index}`, pixels),
        await run(`rounded${index}`, pixels),
      ];
      expect(bytes).toHaveLength(40 * spec.classes);
      bytes.forEach((probability, i) => expect(probability).toBeCloseTo(values[i]!, 4));
      const whole = { ...opened, predict: (part: Uint8Array) => run(`int8${index}`, part) };
      const near = await verify(whole, predictor, { pixels }, 'a header', coarse);
      expect(near.maxAbsDiff).toBeLessThan(0.02);
    },
  );
});

/** All networks in one program: the compiler's start is what takes the time. */
async function compiledTogether(folder: string) {
  const cases: string[] = [];
  const include = (name: string, text: string, pixels: number, classes: number): void => {
    writeFileSync(join(folder, `${name}.h`), text);
    cases.push(`if (strcmp(words[1], "${name}") == 0)
      while (fread(x, ${pixels}, 1, stdin) == 1) {
        inkling_${name}_predict(x, y);
        fwrite(y, 4 * ${classes}, 1, stdout);
      }`);
  };
  specs.forEach(({ spec }, index) => {
    const network = networkOf(spec);
    const program = networkProgram(network, false);
    const sizes = [program.pixels.size, spec.classes] as const;
    const write = (of: Program, weights: 'float' | 'int8', name: string): void =>
      include(name, cHeader(network, of, weights, name), ...sizes);
    write(program, 'float', `float${index}`);
    write(program, 'int8', `int8${index}`);
    write(rounded(program, floatLayers(spec)), 'float', `rounded${index}`);
  });
  const names = specs.flatMap((_, i) => [`float${i}`, `int8${i}`, `rounded${i}`]);
  const source = `#include <stdio.h>
${names.map((name) => `#include "${name}.h"`).join('\n')}
int main(int count, char **words) {
  static uint8_t x[1024];
  static float y[16];
  if (count < 2) return 1;
  ${cases.join('\n  ')}
  return 0;
}
`;
  writeFileSync(join(folder, 'main.c'), source);
  const program = join(folder, 'main');
  const built = await runToEnd(compiler!, [
    ...strict,
    join(folder, 'main.c'),
    '-o',
    program,
    '-lm',
  ]);
  expect(built?.stderr).toBe('');
  return async (name: string, pixels: Uint8Array) => {
    const ended = await runToEnd(program, [name], pixels);
    return new Float32Array(new Uint8Array(ended!.stdout).buffer);
  };
}

/** The same program with the values that int8 weights stand for. */
function rounded(program: Program, float: ReadonlySet<string>): Program {
  const round = (kernel: Kernel): Kernel => {
    const { values, scales } = quantized(kernel.weights.data, kernel.inputs);
    const data = Float32Array.from(
      values,
      (value, i) => value * scales[Math.floor(i / kernel.inputs)]!,
    );
    return { ...kernel, weights: { kind: 'table', data } };
  };
  const instructions = program.instructions.map((instruction) =>
    'kernel' in instruction && !float.has(instruction.label)
      ? { ...instruction, kernel: round(instruction.kernel) }
      : instruction,
  );
  return { ...program, instructions };
}

const { spec } = specs.find(({ name }) => name === 'lenet prelu')!;

async function request(format: 'c' | 'c-int8', classes?: readonly string[]) {
  const network = { ...networkOf(spec), ...(classes && { classes }) };
  const pixels = noiseImages(spec, 30);
  const predictor = await predictorOf(networkOf(spec));
  return { network, format, folder: temporaryFolder(), overwrite: false, predictor, pixels };
}

describe.skipIf(compiler === null).each(['c', 'c-int8'] as const)('%s', (format) => {
  test('is exported, compiled and compared; its code to use it works as written', async () => {
    const asked = await request(format);
    // Labels that make the network right every second time.
    const { probabilities } = await asked.predictor.predict(asked.pixels);
    const labels = Array.from({ length: 30 }, (_, n) => {
      const row = probabilities.subarray(n * spec.classes, (n + 1) * spec.classes);
      return (row.indexOf(Math.max(...row)) + (n % 2)) % spec.classes;
    });
    const { files, verified } = await exportNetwork({ ...asked, labels });
    expect(verified).toMatchObject({ kind: 'answers', samples: 30, by: compiler });
    if (format === 'c-int8') {
      const near = expect.toSatisfy((after) => Math.abs(after - 0.5) <= 0.1);
      expect(verified).toHaveProperty('accuracy', { before: 0.5, after: near });
    }
    writeFileSync(join(asked.folder, 'main.c'), formats[format].use!(asked.network.name));
    const program = join(asked.folder, 'main');
    const words = [...strict, join(asked.folder, 'main.c'), '-lm', '-o', program];
    expect(await runToEnd(compiler!, words)).toMatchObject({ code: 0, stderr: '' });
    const golden = JSON.parse(readFileSync(files[1]!, 'utf8')).samples[0];
    const said = await runToEnd(program, [], Buffer.from(golden.pixels, 'base64'));
    expect(said!.stdout.toString()).toMatch(/^class \d 0\.\d{4}\n$/);
  });
});

test('class names of any kind are strings in C, and come back as they were', async () => {
  const classes = ['"; } /*', '*/ ??/ \\n %s', 'P_dense Q_WORK', 'é 漢\n'];
  const text = cHeader(
    { ...networkOf(spec), classes },
    networkProgram(networkOf(spec), false),
    'float',
    'r7',
  );
  expect(text).toContain('"\\042\\073 \\175 \\057\\052"');
  if (compiler === null) return;
  const path = join(temporaryFolder(), 'r7.h');
  writeFileSync(path, text);
  const opened = await openHeader(path);
  onTestFinished(() => opened.dispose());
  expect(opened.classes).toEqual(classes);
  // Nothing lies where nobody would take it away.
  expect(readdirSync(dirname(path)).sort()).toEqual([expect.stringMatching(/^inkling-c-/), 'r7.h']);
  await opened.dispose();
  expect(readdirSync(dirname(path))).toEqual(['r7.h']);
});

test('without a compiler the header is written, and it is said that nothing was compared', async () => {
  const before = process.env['PATH'];
  process.env['PATH'] = temporaryFolder();
  onTestFinished(() => void (process.env['PATH'] = before));
  const { files, verified } = await exportNetwork(await request('c'));
  expect(verified).toMatchObject({
    kind: 'unchecked',
    reason: expect.stringContaining('no C compiler'),
  });
  expect(readFileSync(files[0]!, 'utf8')).toContain('inkling_r7_predict');
});

test('int8 headers hold less than 30 % of the constants, and say so', () => {
  const network = networkOf(spec);
  const bytes = (['int8', 'float'] as const).map((weights) => {
    const text = cHeader(network, networkProgram(network, false), weights, 'r7');
    return Number(/Memory: (\d+) bytes of constants/.exec(text)![1]);
  });
  const values = Object.values(network.params).reduce((n, { data }) => n + data.length, 0);
  expect(bytes[1]).toBe(4 * values);
  expect(bytes[0]! / bytes[1]!).toBeLessThan(0.5);
});

test('layers before a binary step stay float in an int8 header, which names them', () => {
  const mixed = networkOf(specs.find(({ name }) => name === 'branching 3')!.spec);
  const text = cHeader(mixed, networkProgram(mixed, false), 'int8', 'r7');
  expect(text).toContain('Weights are float in\n * conv2d1, conv2d2.');
  const calls = [...text.matchAll(/(?<=\n  inkling_r7_)\w+(?=\()/g)].map(([name]) => name);
  const inOrder = [
    'conv',
    'max_pool',
    'conv',
    'conv_int8',
    'conv_int8',
    'dense_int8',
    'dense_int8',
  ];
  expect(calls).toEqual([...inOrder, 'softmax']);
});

test('float literals are read back as the same float', () => {
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  const random = stream(1, 'floats');
  for (let n = 0; n < 20_000; n++) {
    bits[0] = Math.floor(random.float() * 2 ** 32);
    if (Number.isNaN(float[0])) continue;
    const literal = floatLiteral(float[0]!);
    if (Number.isFinite(float[0])) {
      expect(literal).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?f$/);
      expect(Object.is(Math.fround(Number.parseFloat(literal)), float[0])).toBe(true);
    }
  }
  expect([0, -0, 1, 1e10, NaN, -Infinity].map(floatLiteral)).toEqual([
    '0.0f',
    '-0.0f',
    '1.0f',
    '10000000000.0f',
    'NAN',
    '-INFINITY',
  ]);
});
