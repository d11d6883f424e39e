/**
 * @file The PyTorch export: `<name>_model.py`, a module to read, and `<name>.safetensors` with its values. Nothing is
 * pickled. Checked by PyTorch itself where a Python here has it; the values are read back in any case.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { imageSize } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors } from '../training/safetensors.ts';
import type { Format, OpenedModel, ReadBack, TrainedNetwork } from './format.ts';
import { pythonModule, startPython, type PythonPredictor } from './python.ts';
import { pytorchCode, pytorchTensors } from './pytorchCode.ts';
import { sameArrays } from './sameArrays.ts';

export const pytorchFormat: Format = {
  title: 'PyTorch',
  purpose: 'A module to read, change and train on: one Python file, and its values without pickle.',
  extensions: ['_model.py'],
  size: { fixedBytes: 3000, bytesPerParameter: 4 },
  use: (name, unsureBelow = null) => `import torch
from ${pythonModule(name, 'model')} import CLASSES, INPUT_SHAPE, load

network = load()
# Pixels from 0 to 255, [images, channels, height, width]; here a black picture.
pixels = torch.zeros(1, *INPUT_SHAPE, dtype=torch.uint8)
with torch.no_grad():
    probabilities = network.probabilities(pixels)
${
  unsureBelow === null
    ? 'print(CLASSES[int(probabilities[0].argmax())], float(probabilities[0].max()))'
    : `    answer = int(network.answers(pixels)[0])
print("unsure" if answer < 0 else CLASSES[answer], float(probabilities[0].max()))`
}
`,
  async write(network, folder) {
    const { name, origin, confidence } = network;
    const [module, weights] = [`${pythonModule(name, 'model')}.py`, `${name}.safetensors`];
    const told = Object.entries(confidence).flatMap(([key, value]) =>
      value === null ? [] : [[key, String(value)]],
    );
    const metadata = { format: 'pt', ...origin, ...Object.fromEntries(told) };
    const values = encodeSafetensors({ tensors: pytorchTensors(network), metadata });
    await writeFile(join(folder, weights), values, { flush: true });
    await writeFile(join(folder, module), pytorchCode(network, weights), { flush: true });
    return [module, weights];
  },
  open: openPytorch,
};

async function openPytorch(path: string, network: TrainedNetwork): Promise<OpenedModel | ReadBack> {
  const file = join(dirname(path), `${network.name}.safetensors`);
  const { tensors } = decodeSafetensors(await readFile(file), basename(file));
  const arrays = sameArrays(basename(file), pytorchTensors(network), tensors);
  const code = { imports: 'import torch', serve: predicting(network) };
  const python = await startPython(code, [basename(path)], dirname(path));
  if ('missing' in python)
    return { kind: 'read-back', arrays, reason: `no Python with torch here (${python.missing})` };
  return {
    input: network.spec.input,
    classes: network.classes,
    predict: (pixels) => answer(path, network, python, pixels),
    dispose: async () => python.stop(),
  };
}

/** Loads the file as its user would, and gives it what comes in. */
function predicting({ spec }: TrainedNetwork): string {
  const { channels, height, width } = spec.input;
  return `
import importlib.util
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("exported", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
network = module.load()

def predict(pixels, count):
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8)
    with torch.no_grad():
        scores = network.probabilities(images.reshape(count, ${channels}, ${height}, ${width}))
    return scores.flatten().tolist()
`;
}

async function answer(
  path: string,
  { spec }: TrainedNetwork,
  python: PythonPredictor,
  pixels: Uint8Array,
): Promise<Float32Array> {
  try {
    return await python.predict(pixels, pixels.length / imageSize(spec.input));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure('model-unfit', { path, reason: `PyTorch cannot run it (${reason})` });
  }
}
