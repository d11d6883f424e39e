/**
 * @file The TensorFlow.js export: a layers model in `<name>-model.json`, its values in shards of up to 4 MB that
 * browsers can keep, and `<name>-metadata.json` with the class names, as Teachable Machine has it. The model takes
 * pixels 0 … 255, [N, H, W, C], as `tf.browser.fromPixels` gives them.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { io, LayersModel, Tensor } from '@tensorflow/tfjs';
import { z } from 'zod';
import { imageSize } from '../engine/engine.ts';
import { loadRuntime, type Runtime } from '../engine/tfjs/runtime.ts';
import type { ImageShape } from '../model/spec.ts';
import { channelsLast } from './channels.ts';
import type { Format, OpenedModel, TrainedNetwork } from './format.ts';
import { sameAnswers } from './verify.ts';
import { kerasLayers, type KerasLayer } from './kerasLayers.ts';

/** What tfjs itself writes, and browsers cache. */
const shardBytes = 4 * 1024 * 1024;

export const tfjsFormat: Format = {
  title: 'TensorFlow.js',
  purpose: 'For web pages and Node: a layers model that tf.loadLayersModel reads.',
  extensions: ['-model.json'],
  size: { fixedBytes: 2700, bytesPerParameter: 4 },
  // In plain JavaScript an image can take a tenth of a second.
  closeness: { ...sameAnswers, samplesMax: 100, chunkSamples: 1 },
  use: (name, unsureBelow = null) => `const model = await tf.loadLayersModel('${name}-model.json');
const { labels${unsureBelow === null ? '' : ', userMetadata'} } = await (await fetch('${name}-metadata.json')).json();
// An image or canvas of the size the network was trained on, see imageSize; 1 for gray, 3 for color.
const [, height, width, channels] = model.inputs[0].shape;
const pixels = tf.image.resizeBilinear(tf.browser.fromPixels(picture, channels), [height, width]);
const scores = await model.predict(pixels.expandDims(0)).data();
const best = Math.max(...scores);
console.log(${unsureBelow === null ? '' : "best < userMetadata.unsureBelow ? 'unsure' : "}labels[scores.indexOf(best)]);
`,
  async write(network, folder) {
    const layers = kerasLayers(network.spec, network.params);
    const shards = shardsOf(network.name, layers);
    const model = `${network.name}-model.json`;
    const metadata = `${network.name}-metadata.json`;
    const put = (file: string, content: string | Uint8Array) =>
      writeFile(join(folder, file), content, { flush: true });
    for (const { file, bytes } of shards) await put(file, bytes);
    const files = shards.map(({ file }) => file);
    await put(model, JSON.stringify(modelJson(network, layers, files)));
    await put(metadata, `${JSON.stringify(metadataJson(network), null, 1)}\n`);
    return [model, ...files, metadata];
  },
  open: openLayersModel,
};

/** All values one after another, cut into files. */
function shardsOf(name: string, layers: readonly KerasLayer[]) {
  const arrays = layers.flatMap(({ weights }) => weights.map(({ value }) => value.data));
  const all = Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
  const count = Math.ceil(all.length / shardBytes);
  return Array.from({ length: count }, (_, i) => ({
    file: `${name}-shard${i + 1}of${count}.bin`,
    bytes: all.subarray(i * shardBytes, (i + 1) * shardBytes),
  }));
}

function modelJson(
  { name, origin }: TrainedNetwork,
  layers: readonly KerasLayer[],
  paths: readonly string[],
): object {
  const weights = layers.flatMap((layer) =>
    layer.weights.map((weight) => ({
      name: `${layer.name}/${weight.name}`,
      shape: weight.value.shape,
      dtype: 'float32',
    })),
  );
  const config = {
    name,
    layers: layers.map(layerJson),
    input_layers: [[layers[0]!.name, 0, 0]],
    output_layers: [[layers.at(-1)!.name, 0, 0]],
  };
  return {
    format: 'layers-model',
    generatedBy: `inkling ${origin.programVersion}`,
    convertedBy: null,
    modelTopology: {
      ...{ class_name: 'Model', config, keras_version: '2.15.0', backend: 'tensorflow' },
    },
    weightsManifest: [{ paths, weights }],
  };
}

/** In the words of Keras 2, which are those of tfjs. */
function layerJson({ name, className, config, inputs }: KerasLayer): object {
  const { negative_slope: alpha, batch_shape: batchShape, ...rest } = config;
  return {
    class_name: className,
    name,
    config: {
      ...{ name, trainable: true, dtype: 'float32', ...rest },
      ...(alpha !== undefined && { alpha }),
      ...(batchShape !== undefined && { batch_input_shape: batchShape }),
    },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  };
}

/** `labels`, `imageSize`, `grayscale` and `modelName` as Teachable Machine calls them. */
function metadataJson({ name, spec, classes, confidence, origin }: TrainedNetwork): object {
  const { channels, height, width } = spec.input;
  return {
    modelName: name,
    labels: classes,
    ...(height === width ? { imageSize: width } : { imageHeight: height, imageWidth: width }),
    grayscale: channels === 1,
    userMetadata: {
      input: 'pixels 0 … 255, [images, height, width, channels]',
      ...confidence,
      ...origin,
    },
  };
}

const Manifest = z.object({
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.tuple([
    z.object({
      paths: z.array(z.string()),
      weights: z.array(
        z.object({ name: z.string(), shape: z.array(z.int()), dtype: z.literal('float32') }),
      ),
    }),
  ]),
});
const Labels = z.object({ labels: z.array(z.string()) });

/** From the files alone, by tfjs's own loader. */
async function openLayersModel(path: string, { spec }: TrainedNetwork): Promise<OpenedModel> {
  const runtime = await loadRuntime('cpu');
  await runtime.run(() => undefined); // its backend is the current one from here on
  const model = await runtime.tf.loadLayersModel({ load: () => artifacts(path) });
  const metadata = await readFile(path.replace(/-model\.json$/, '-metadata.json'), 'utf8');
  return {
    input: spec.input,
    classes: Labels.parse(JSON.parse(metadata)).labels,
    predict: (pixels) => predict(runtime, model, spec.input, pixels),
    dispose: async () => void model.dispose(),
  };
}

async function artifacts(path: string): Promise<io.ModelArtifacts> {
  const { modelTopology, weightsManifest } = Manifest.parse(
    JSON.parse(await readFile(path, 'utf8')),
  );
  const [{ paths, weights }] = weightsManifest;
  const shards = await Promise.all(paths.map((file) => readFile(join(dirname(path), file))));
  // A copy, for the loader takes a whole ArrayBuffer.
  const weightData = Uint8Array.from(Buffer.concat(shards)).buffer;
  return { modelTopology, weightSpecs: weights, weightData };
}

async function predict(
  runtime: Runtime,
  model: LayersModel,
  shape: ImageShape,
  pixels: Uint8Array,
): Promise<Float32Array> {
  await setImmediate(); // lets others have the thread between two images
  const { channels, height, width } = shape;
  const count = pixels.length / imageSize(shape);
  const images = Float32Array.from(channelsLast(pixels, shape));
  return runtime.run(() => {
    const fed = runtime.tf.tensor(images, [count, height, width, channels]);
    // Of a model with one output, predict gives one tensor.
    const scores = model.predict(fed) as Tensor;
    return Float32Array.from(scores.dataSync());
  });
}
