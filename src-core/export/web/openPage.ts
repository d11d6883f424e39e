/** @file Opens an exported page without a browser: the page's own program, run on its own parameters. */
import { readFile } from 'node:fs/promises';
import { createContext, runInContext } from 'node:vm';
import { z } from 'zod';
import { imageSize } from '../../engine/engine.ts';
import { failure } from '../../errors.ts';
import { ImageShape } from '../../model/spec.ts';
import type { OpenedModel } from '../format.ts';

const About = z.object({ classes: z.array(z.string()), input: ImageShape });

/** What one image may take: far more than any network here does. */
const timeLimitMs = 60_000;

/** @throws InklingError `model-unfit` when it is no such page, or its program fails. */
export async function openPage(path: string): Promise<OpenedModel> {
  const html = await readFile(path, 'utf8');
  const part = (id: string): string => {
    const found = new RegExp(`<script[^>]* id="${id}">([^]*?)</script>`).exec(html)?.[1];
    if (found === undefined) throw failure('model-unfit', { path, reason: `it has no ${id}` });
    return found;
  };
  const about = About.parse(JSON.parse(part('about')));
  const size = imageSize(about.input);
  const probabilities = new Float32Array(about.classes.length);
  const pixels = new Uint8Array(size);
  // Nothing of this process is in reach of the script, and it cannot make code from text.
  const context = createContext(
    { atob, base64: part('tables'), pixels, probabilities },
    { codeGeneration: { strings: false, wasm: false } },
  );
  const run = (code: string): void => {
    try {
      runInContext(code, context, { timeout: timeLimitMs });
    } catch (error) {
      // An error of that other realm is no Error of this one.
      throw failure('model-unfit', { path, reason: String(error).split('\n')[0]! });
    }
  };
  run(`${part('network')}\nconst model = network(base64);`);
  return {
    ...about,
    by: 'Node.js, not a browser',
    async predict(images) {
      const count = images.length / size;
      const answers = new Float32Array(count * probabilities.length);
      for (let n = 0; n < count; n++) {
        pixels.set(images.subarray(n * size, (n + 1) * size));
        run('model.predict(pixels, probabilities)');
        answers.set(probabilities, n * probabilities.length);
      }
      return answers;
    },
    dispose: async () => {},
  };
}
