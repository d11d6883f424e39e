/** @file The PyTorch files of every kind of network answer as the network does, in one Python process. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
import { pythonString, startPython } from './python.ts';
import { pytorchFormat } from './pytorchFormat.ts';

const tiny = ModelSpec.parse({
  input: { channels: 1, height: 3, width: 3 },
  layers: [{ kind: 'flatten' }],
  classes: 3,
});

const python = await obeyingPython('import torch; torch.set_num_threads(1)');
const { folder, run, missing } = python;
if (missing) console.log(`partly skipped: ${missing}`);
afterAll(() => python.stop());

describe.skipIf(missing !== null)('with PyTorch', () => {
  test.each(allSpecs())('$name answers as the network does', async ({ name, spec }) => {
    const network = networkOf(spec);
    const place = join(folder, name);
    mkdirSync(place);
    const [module] = await pytorchFormat.write(network, place, new Uint8Array());
    const golden = await writeGolden(
      network,
      await predictorOf(network),
      noiseImages(spec, 5),
      place,
    );
    const [logits, probabilities] = await run(`
model = load(${pythonString(join(place, module!))}).load()
golden = json.load(open(${pythonString(join(place, golden))}))
images = b"".join(base64.b64decode(sample["pixels"]) for sample in golden["samples"])
shape = [golden["input"][key] for key in ("channels", "height", "width")]
pixels = torch.frombuffer(bytearray(images), dtype=torch.uint8).reshape(-1, *shape)
difference = lambda name, values: max(
    (values - torch.tensor([sample[name] for sample in golden["samples"]])).abs().flatten().tolist())
with torch.no_grad():
    result = [difference("logits", model(pixels)), difference("probabilities", model.probabilities(pixels))]
`);
    expect(logits).toBeLessThanOrEqual(1e-4);
    expect(probabilities).toBeLessThanOrEqual(1e-5);
  });

  test('an export is compared by PyTorch itself', async () => {
    const network = networkOf(tiny);
    const pixels = noiseImages(tiny, 70);
    const target = temporaryFolder();
    const { files, verified } = await exportNetwork({
      ...{ network, pixels, format: 'pytorch', folder: target, overwrite: false },
      predictor: await predictorOf(network),
    });
    expect(verified).toMatchObject({ kind: 'answers', samples: 70, agree: 70 });
    expect(readdirSync(target).sort()).toEqual(['r7.golden.json', 'r7.safetensors', 'r7_model.py']);
    const use = pytorchFormat.use!('r7');
    const answers = await run(`${chdir(target)}${use}result = probabilities.flatten().tolist()`);
    const black = await (await predictorOf(network)).predict(new Uint8Array(9));
    answers.forEach((value, k) => expect(value).toBeCloseTo(black.probabilities[k]!, 6));
    expect(files[0]).toMatch(/r7_model\.py$/);
  });

  test('a file that does not load is a failure, not a missing package', async () => {
    const place = temporaryFolder();
    const [module] = await pytorchFormat.write(networkOf(tiny), place, new Uint8Array());
    const path = join(place, module!);
    writeFileSync(path, `${readFileSync(path, 'utf8')}\nraise ValueError("broken on purpose")\n`);
    const opened = await pytorchFormat.open(path, networkOf(tiny));
    if ('kind' in opened) throw new Error('not opened');
    const attempt = opened.predict(noiseImages(tiny, 1));
    await expect(attempt).rejects.toMatchObject({ code: 'model-unfit' });
    await expect(attempt).rejects.toThrow('broken on purpose');
  });

  test('class names are text and nothing else', async () => {
    const place = temporaryFolder();
    const network = { ...networkOf(tiny), classes: hostile };
    const [module] = await pytorchFormat.write(network, place, new Uint8Array());
    const path = join(place, module!);
    expect(readFileSync(path, 'utf8')).toMatch(/^[\n -~]*$/);
    const bytes = await run(`
classes = load(${pythonString(path)}).CLASSES
result = list(json.dumps(classes, ensure_ascii=False).encode("utf-8"))
`);
    expect(JSON.parse(Buffer.from(bytes).toString('utf8'))).toEqual(hostile);
  });
});

const chdir = (path: string) =>
  `import os, sys\nos.chdir(${pythonString(path)})\nsys.path.insert(0, ".")\n`;

const hostile = [
  '"]\nimport os; os.abort() #',
  '\'\'\'"""\\" \\N{BULLET} {0} %s\r\t\0',
  'sieben 七 🙂 \u2028 é',
];

test('where no Python has the package, that is said', async () => {
  const found = await startPython({ imports: 'import no_such_package_0', serve: '' }, [], folder);
  if (!('missing' in found)) throw new Error('started');
  expect(found.missing).toMatch(/no_such_package_0|does not start/);
});

test('a value that changed on the disk is found', async () => {
  const place = temporaryFolder();
  const network = networkOf(tiny);
  const [module, weights] = await pytorchFormat.write(network, place, new Uint8Array());
  const bytes = readFileSync(join(place, weights!));
  bytes[bytes.length - 2]! ^= 1;
  writeFileSync(join(place, weights!), bytes);
  const attempt = pytorchFormat.open(join(place, module!), network);
  await expect(attempt).rejects.toMatchObject({ code: 'export-damaged' });
});
