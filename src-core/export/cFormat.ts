/**
 * @file The C exports: one C99 header that needs nothing but a compiler, with float weights or with int8 ones. Each
 * is checked by compiling it here, where there is a compiler, and running it on real images.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cHeader, prefixOf, type Weights } from './c/header.ts';
import { findCompiler, openHeader } from './c/openHeader.ts';
import { floatNote } from './floatLayers.ts';
import type { Format } from './format.ts';
import { networkProgram } from './program/networkProgram.ts';
import { coarse } from './verify.ts';

export const cFormat: Format = {
  ...headerFormat('float', ''),
  title: 'C header',
  size: { fixedBytes: 8000, bytesPerParameter: 14.5 },
  purpose: 'One file for any C program, down to microcontrollers: no library, no allocation.',
};

/**
 * Bytes for the weights, float for the rest: flash shrinks to about a quarter, and nothing has to be measured on
 * images first. Integer activations would save work memory, and cost accuracy in small networks.
 */
export const cInt8Format: Format = {
  ...headerFormat('int8', '-int8'),
  title: 'C header, int8 weights',
  size: { fixedBytes: 8000, bytesPerParameter: 4.5, bytesPerFloat: 14.5 },
  note: floatNote,
  purpose: 'The same in about a quarter of the flash memory; answers differ a little.',
  closeness: coarse,
};

function headerFormat(weights: Weights, suffix: string) {
  return {
    extensions: ['.h'],
    async write(network, folder) {
      const name = `${network.name}${suffix}`;
      const text = cHeader(network, networkProgram(network, false), weights, name);
      await writeFile(join(folder, `${name}.h`), text, { flush: true });
      return [`${name}.h`];
    },
    open: openHeader,
    async unavailable() {
      if ((await findCompiler()) !== null) return null;
      return 'there is no C compiler (cc, gcc or clang) on this computer';
    },
    use: (name, unsureBelow = null) => usage(`${name}${suffix}`, unsureBelow !== null),
  } satisfies Partial<Format>;
}

function usage(file: string, tellsUnsure: boolean): string {
  const prefix = prefixOf(file);
  const upper = prefix.toUpperCase();
  return `/* main.c: cc -std=c99 -O2 main.c -lm -o main, then ./main < image.raw */
#include <stdio.h>
#include "${file}.h"

int main(void) {
  static uint8_t pixels[${upper}_PIXELS]; /* channel by channel, row by row, 0 to 255 */
  float probabilities[${upper}_CLASSES];
  if (fread(pixels, sizeof pixels, 1, stdin) != 1) return 1;
  int best = ${prefix}_predict(pixels, probabilities);${tellsUnsure ? '\n  if (best < 0) return puts("unsure") < 0;' : ''}
  printf("%s %.4f\\n", ${prefix}_class_names[best], probabilities[best]);
  return 0;
}
`;
}
