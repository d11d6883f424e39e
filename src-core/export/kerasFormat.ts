/**
 * @file The Keras export: `<name>.keras` for Keras 3, of standard layers alone, and a script that compares it with the
 * golden pairs. Layers and arrays are read back in any case; the answers are compared where a Python here has Keras.
 */
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { imageSize } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { channelsLast } from './channels.ts';
import type { Format, OpenedModel, ReadBack, TrainedNetwork } from './format.ts';
import { kerasArrays, readKeras, writeKeras } from './kerasFile.ts';
import { kerasLayers } from './kerasLayers.ts';
import { pythonString, startPython, type PythonPredictor } from './python.ts';
import { sameArrays } from './sameArrays.ts';

export const kerasFormat: Format = {
  title: 'Keras',
  purpose: 'For Keras 3 on TensorFlow, JAX or PyTorch: to predict, and to train on.',
  extensions: ['.keras'],
  size: { fixedBytes: 9000, bytesPerParameter: 4 },
  use: (name, unsureBelow = null) => `import json
import keras
import numpy

model = keras.saving.load_model(${pythonString(`${name}.keras`)})
about = json.load(open(${pythonString(`${name}.golden.json`)}))
classes = about["classes"]
# Pixels from 0 to 255, [images, height, width, channels]; here a black picture.
pixels = numpy.zeros((1, *model.input_shape[1:]), "float32")
probabilities = model.predict(pixels, verbose=0)
best = probabilities[0].max()
print(${unsureBelow === null ? '' : '"unsure" if best < about["unsureBelow"] else '}classes[probabilities[0].argmax()], best)
`,
  async write(network, folder) {
    const { name } = network;
    const [model, check] = [`${name}.keras`, `check_${name}.py`];
    const layers = kerasLayers(network.spec, network.params);
    await writeKeras(join(folder, model), name, layers, folder);
    await writeFile(join(folder, check), checkScript(network), { flush: true });
    return [model, check];
  },
  open: openKeras,
};

/** For those who have Keras where this program could not find it. */
function checkScript({ name }: TrainedNetwork): string {
  return `"""Loads ${name}.keras and compares its answers with those of the trained network. Needs Keras 3."""
import base64
import json
import sys
from pathlib import Path

import keras
import numpy

folder = Path(__file__).parent
golden = json.loads((folder / ${pythonString(`${name}.golden.json`)}).read_text("utf-8"))
model = keras.saving.load_model(folder / ${pythonString(`${name}.keras`)})
size = [golden["input"][key] for key in ("channels", "height", "width")]
pixels = numpy.stack([
    numpy.frombuffer(base64.b64decode(sample["pixels"]), "uint8").reshape(size).transpose(1, 2, 0)
    for sample in golden["samples"]
])
expected = numpy.array([sample["probabilities"] for sample in golden["samples"]])
difference = abs(model.predict(pixels.astype("float32"), verbose=0) - expected).max()
same = bool(difference <= 1e-5)
print(f"{'same' if same else 'OTHER'} answers on {len(pixels)} samples, max difference {difference:.1e}")
sys.exit(0 if same else 1)
`;
}

async function openKeras(path: string, network: TrainedNetwork): Promise<OpenedModel | ReadBack> {
  const arrays = await readBack(path, network);
  const code = { imports: 'import keras, numpy', serve: predicting(network) };
  const python = await startPython(code, [basename(path)], dirname(path));
  if ('missing' in python)
    return { kind: 'read-back', arrays, reason: `no Python with Keras here (${python.missing})` };
  return {
    input: network.spec.input,
    classes: network.classes,
    predict: (pixels) => answer(path, network, python, pixels),
    dispose: async () => python.stop(),
  };
}

/** Every layer with what it reads, and every array. */
async function readBack(path: string, { spec, params }: TrainedNetwork): Promise<number> {
  const written = kerasLayers(spec, params);
  const file = basename(path);
  const { layers, arrays } = await readKeras(path, dirname(path));
  const structure = written.map(({ name, inputs }) => ({ name, inputs }));
  if (!isDeepStrictEqual(layers, structure))
    throw failure('export-damaged', { file, array: 'the layers' });
  return sameArrays(file, kerasArrays(written), arrays);
}

function predicting({ spec }: TrainedNetwork): string {
  const { channels, height, width } = spec.input;
  return `
model = keras.saving.load_model(sys.argv[1])

def predict(pixels, count):
    images = numpy.frombuffer(pixels, "uint8").reshape(count, ${height}, ${width}, ${channels})
    return model.predict_on_batch(images.astype("float32")).flatten().tolist()
`;
}

async function answer(
  path: string,
  { spec }: TrainedNetwork,
  python: PythonPredictor,
  pixels: Uint8Array,
): Promise<Float32Array> {
  try {
    const count = pixels.length / imageSize(spec.input);
    return await python.predict(channelsLast(pixels, spec.input), count);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure('model-unfit', { path, reason: `Keras cannot run it (${reason})` });
  }
}
