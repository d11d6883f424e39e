/** @file C headers compile without a warning under strict flags and answer as the network does. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ModelSpec } from '../model/spec.ts';
import { cHeader, type Weights } from './c/header.ts';
import { floatLiteral } from './c/literals.ts';
import { findCompiler } from './c/openHeader.ts';
import { runToEnd } from './c/childProgram.ts';
import { exportNetwork } from './exportNetwork.ts';
import { networkOf, noiseImages, predictorOf, temporaryFolder, tinySpecs } from './fixture.ts';
import { formats } from './formats.ts';
import { networkProgram } from './program/networkProgram.ts';
import { coarse, verify } from './verify.ts';

const compiler = await findCompiler();
if (compiler === null) console.log('Skipped: C headers are not compiled, there is no C compiler.');
const strict = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'];

describe.skipIf(compiler === null).each(['float', 'int8'] as const)('%s weights', (weights) => {
  let run: (index: number, pixels: Uint8Array) => Promise<Float32Array>;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inkling-c-'));
    run = await compiledTogether(weights, folder);
    return () => rmSync(folder, { recursive: true, force: true });
  });

  test.each(tinySpecs().map((each, index) => ({ ...each, index })))(
    '$name answers as the network does',
    async ({ spec, index }) => {
      const network = networkOf(spec);
      const predictor = await predictorOf(network);
      const predict = (pixels: Uint8Array) => run(index, pixels);
      const opened = { input: spec.input, classes: network.classes, predict, dispose: async () => {} };
      const tolerance = weights === 'int8' ? { ...coarse, maxAbsDiff: 0.1 } : undefined;
      const pixels = noiseImages(spec, 40);
      const { samples } = await verify(opened, predictor, { pixels }, 'a header', tolerance);
      expect(samples).toBe(40);
    },
  );
});

/** All networks in one program, as one compiler call is what takes the time. */
async function compiledTogether(weights: Weights, folder: string) {
  const specs = tinySpecs();
  specs.forEach(({ spec }, index) => {
    const network = networkOf(spec);
    const program = networkProgram(network, false);
    writeFileSync(join(folder, `n${index}.h`), cHeader(network, program, weights, `n${index}`));
  });
  const cases = specs.map(({ spec }, index) => {
    const size = spec.input.channels * spec.input.height * spec.input.width;
    return `case ${index}: while (fread(x, ${size}, 1, stdin) == 1) {
      inkling_n${index}_predict(x, y); fwrite(y, 4, ${spec.classes}, stdout); } break;`;
  });
  const source = `#include <stdio.h>\n#include <stdlib.h>
${specs.map((_, index) => `#include "n${index}.h"`).join('\n')}
int main(int count, char **words) {
  static uint8_t x[1024]; static float y[16];
  if (count < 2) return 1;
  switch (atoi(words[1])) { ${cases.join('\n')} default: return 2; }
  return 0;
}`;
  writeFileSync(join(folder, 'main.c'), source);
  const program = join(folder, 'main');
  const built = await runToEnd(compiler!, [...strict, join(folder, 'main.c'), '-o', program, '-lm']);
  expect(built?.stderr).toBe('');
  return async (index: number, pixels: Uint8Array) => {
    const ended = await runToEnd(program, [String(index)], pixels);
    return new Float32Array(new Uint8Array(ended!.stdout).buffer);
  };
}
