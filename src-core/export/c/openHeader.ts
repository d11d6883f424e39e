/** @file Opens a C header: compiles it with the computer's own compiler and runs it in a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { imageSize } from '../../engine/engine.ts';
import { failure } from '../../errors.ts';
import { ImageShape } from '../../model/spec.ts';
import type { OpenedModel } from '../format.ts';
import { runToEnd } from './childProgram.ts';
import { prefixOf } from './header.ts';

/** Names to try, the system's own first. */
const compilers = ['cc', 'gcc', 'clang'];

/** The first that there is, or null. */
export async function findCompiler(): Promise<string | null> {
  for (const name of compilers) if ((await runToEnd(name, ['--version']))?.code === 0) return name;
  return null;
}

/**
 * Compiles beside the header: whoever takes that folder away, even for a process that was ended, takes the program
 * with it. Where a disk does not let programs run, it is compiled where temporary files belong.
 *
 * @throws InklingError `model-unfit` when it does not compile or run.
 */
export async function openHeader(path: string): Promise<OpenedModel> {
  try {
    return await compiledIn(dirname(path), path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error;
    return await compiledIn(tmpdir(), path);
  }
}

async function compiledIn(place: string, path: string): Promise<OpenedModel> {
  const compiler = await findCompiler();
  if (compiler === null) throw new Error('no C compiler: ask whether there is one first');
  const folder = await mkdtemp(join(place, 'inkling-c-'));
  const dispose = () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const program = join(folder, 'predict.exe');
  const run = async (words: readonly string[], input?: Uint8Array): Promise<Buffer> => {
    const ended = await runToEnd(words[0]!, words.slice(1), input);
    if (ended?.code === 0) return ended.stdout;
    const reason = ended?.stderr.split('\n').find((line) => line !== '') ?? 'it ended early';
    throw failure('model-unfit', { path, reason });
  };
  try {
    const source = join(folder, 'main.c');
    await writeFile(source, mainSource(resolve(path)));
    await run([compiler, '-std=c99', '-O2', source, '-o', program, '-lm']);
    const about = parseAbout((await run([program, 'about'])).toString());
    return {
      ...about,
      by: compiler,
      async predict(pixels) {
        const answers = await run([program], pixels);
        const images = pixels.length / imageSize(about.input);
        if (answers.length !== images * about.classes.length * Float32Array.BYTES_PER_ELEMENT)
          throw failure('model-unfit', { path, reason: 'it does not give one row for each image' });
        return new Float32Array(new Uint8Array(answers).buffer);
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A program that says what the header holds, or answers images from its input with floats on its output. */
function mainSource(path: string): string {
  const prefix = prefixOf(basename(path, '.h'));
  const upper = prefix.toUpperCase();
  const quoted = path.replace(/[\\"]/g, (character) =>
    character === '\\' ? '/' : `\\${character}`,
  );
  return `#include "${quoted}"
#include <stdio.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif
int main(int count, char **words) {
  static uint8_t pixels[${upper}_PIXELS];
  static float probabilities[${upper}_CLASSES];
  (void)words;
#ifdef _WIN32
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
#endif
  if (count > 1) {
    printf("%d %d %d", ${upper}_CHANNELS, ${upper}_HEIGHT, ${upper}_WIDTH);
    for (int k = 0; k < ${upper}_CLASSES; k++) {
      putchar(0);
      fputs(${prefix}_class_names[k], stdout);
    }
    return 0;
  }
  while (fread(pixels, sizeof pixels, 1, stdin) == 1) {
    ${prefix}_predict(pixels, probabilities);
    if (fwrite(probabilities, sizeof probabilities, 1, stdout) != 1) return 1;
  }
  return 0;
}
`;
}

function parseAbout(text: string): Pick<OpenedModel, 'input' | 'classes'> {
  const [shape = '', ...classes] = text.split('\0');
  const [channels, height, width] = shape.split(' ').map(Number);
  return { input: ImageShape.parse({ channels, height, width }), classes };
}
