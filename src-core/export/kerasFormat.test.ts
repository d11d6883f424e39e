/**
 * @file Keras files hold every layer and every value, read back with HDF5's own library. Where a Python has Keras,
 * it loads them all, in one process, and has to give the network's answers.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ModelSpec } from '../model/spec.ts';
import { exportNetwork } from './exportNetwork.ts';
import {
  allSpecs,
  networkOf,
  noiseImages,
  obeyingPython,
  predictorOf,
  temporaryFolder,
} from './fixture.ts';
import { writeGolden } from './golden.ts';
import { kerasArrays, readKeras } from './kerasFile.ts';
import { kerasFormat } from './kerasFormat.ts';
import { kerasLayers } from './kerasLayers.ts';
import { pythonString } from './python.ts';
import { sameArrays } from './sameArrays.ts';

const tiny = ModelSpec.parse({
  input: { channels: 3, height: 3, width: 2 },
  layers: [{ kind: 'conv2d', filters: 2, kernel: 2 }],
  classes: 3,
});

const python = await obeyingPython('import keras, numpy');
const { folder, run, missing } = python;
if (missing) console.log(`partly skipped: ${missing}`);
afterAll(() => python.stop());

/** Of the presets those with activations that have parameters or need more of them: all are made of the same layers. */
const specs = allSpecs().filter(({ name }) => !/^preset .* with (?!relu|prelu|maxout)/.test(name));

describe.each(specs)('$name', ({ name, spec }) => {
  const network = networkOf(spec);
  const place = join(folder, name);

  test('reads back as it was written', async () => {
    mkdirSync(place, { recursive: true });
    await kerasFormat.write(network, place, new Uint8Array());
    expect(readdirSync(place).sort()).toEqual(['check_r7.py', 'r7.keras']);
    const written = kerasLayers(network.spec, network.params);
    const { layers, arrays } = await readKeras(join(place, 'r7.keras'), place);
    expect(layers).toEqual(written.map(({ name, inputs }) => ({ name, inputs })));
    expect(sameArrays('r7.keras', kerasArrays(written), arrays)).toBe(arrays.size);
    // Beyond names and order, which are Keras's: the very numbers of the run.
    const values = [arrays.values(), Object.values(network.params)].map((all) =>
      Buffer.from(Float32Array.from([...all].flatMap(({ data }) => [...data])).sort().buffer),
    );
    expect(values[0]!.equals(values[1]!)).toBe(true);
  });

  // A second or two each, in which Keras compiles the network: presets are left out.
  test.skipIf(missing !== null || name.startsWith('preset'))(
    'answers as the network does',
    async () => {
      await writeGolden(network, await predictorOf(network), noiseImages(spec, 5), place);
      const [status] = await run(`
import runpy
try:
    runpy.run_path(${pythonString(join(place, 'check_r7.py'))})
except SystemExit as end:
    result = [end.code]
`);
      expect(status).toBe(0);
    },
  );
});

test('an export says how it was checked', async () => {
  const network = networkOf(tiny);
  const pixels = noiseImages(tiny, 20);
  const target = temporaryFolder();
  const { verified } = await exportNetwork({
    ...{ network, pixels, format: 'keras', folder: target, overwrite: false },
    predictor: await predictorOf(network),
  });
  expect(verified).toMatchObject(
    missing !== null
      ? { kind: 'read-back', arrays: 4, reason: expect.stringContaining('no Python with Keras') }
      : { kind: 'answers', samples: 20, agree: 20 },
  );
  expect(readdirSync(target).sort()).toEqual(['check_r7.py', 'r7.golden.json', 'r7.keras']);
  if (missing !== null) return;
  const use = kerasFormat.use!('r7');
  const answers = await run(
    `import os\nos.chdir(${pythonString(target)})\n${use}result = probabilities.flatten().tolist()`,
  );
  const black = await (await predictorOf(network)).predict(new Uint8Array(18));
  answers.forEach((value, k) => expect(value).toBeCloseTo(black.probabilities[k]!, 6));
});

test('is the same bytes twice', async () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  for (const place of [one, two]) await kerasFormat.write(networkOf(tiny), place, new Uint8Array());
  const [first, second] = [one, two].map((place) => readFileSync(join(place, 'r7.keras')));
  expect(first!.equals(second!)).toBe(true);
});

test('values of another network are found', async () => {
  const place = temporaryFolder();
  const network = networkOf(tiny);
  await kerasFormat.write(network, place, new Uint8Array());
  const bias = network.params['output/bias']!;
  const params = {
    ...network.params,
    'output/bias': { ...bias, data: bias.data.map((value, k) => (k === 2 ? value + 1e-6 : value)) },
  };
  const attempt = kerasFormat.open(join(place, 'r7.keras'), { ...network, params });
  await expect(attempt).rejects.toMatchObject({ code: 'export-damaged' });
});
