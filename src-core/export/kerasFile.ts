/**
 * @file The `.keras` file of Keras 3: a ZIP of three files. `config.json` says which layers there are and what they
 * read, `model.weights.h5` (HDF5) holds their values under names that Keras counts up by class.
 */
import { writeFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openPromise } from 'yauzl';
import { z } from 'zod';
import { ZipFile } from '../data/export/zipFile.ts';
import type { Tensor } from '../engine/engine.ts';
import type { KerasLayer } from './kerasLayers.ts';

const configFile = 'config.json';
const weightsFile = 'model.weights.h5';

/** A time for ZIP entries that is the same for the same network: the first day that ZIP knows. */
const noTime = Date.UTC(1980, 0, 1);

/** @param folder  for files on the way; they are gone in the end. */
export async function writeKeras(
  path: string,
  name: string,
  layers: readonly KerasLayer[],
  folder: string,
): Promise<void> {
  const weights = join(folder, weightsFile);
  await writeArrays(weights, kerasArrays(layers));
  const zip = await ZipFile.create(path, noTime);
  try {
    await zip.add('metadata.json', Buffer.from(JSON.stringify({ keras_version: '3.0.0' })));
    await zip.add(configFile, Buffer.from(JSON.stringify(modelConfig(name, layers))));
    await zip.add(weightsFile, await readFile(weights));
    await zip.finish();
  } finally {
    await rm(weights, { force: true });
  }
}

/** Which layers a file has, what each reads, and all values. */
export type KerasContent = {
  readonly layers: readonly { readonly name: string; readonly inputs: readonly string[] }[];
  readonly arrays: ReadonlyMap<string, Tensor>;
};

/** @param folder  for a file on the way; it is gone in the end. */
export async function readKeras(path: string, folder: string): Promise<KerasContent> {
  const files = new Map<string, Buffer>();
  const zip = await openPromise(path);
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
    files.set(entry.fileName, Buffer.concat(chunks));
  }
  const [config, weights] = [files.get(configFile), files.get(weightsFile)];
  if (!config || !weights) throw new Error(`${path} lacks ${config ? weightsFile : configFile}`);
  const { layers } = Config.parse(JSON.parse(config.toString('utf8'))).config;
  const extracted = join(folder, `read-${weightsFile}`);
  await writeFile(extracted, weights);
  try {
    return { layers: layers.map(inputsOf), arrays: await readArrays(extracted) };
  } finally {
    await rm(extracted, { force: true });
  }
}

const KerasTensor = z.object({
  config: z.object({ keras_history: z.tuple([z.string(), z.literal(0), z.literal(0)]) }),
});
const Config = z.object({
  config: z.object({
    layers: z.array(
      z.object({
        name: z.string(),
        inbound_nodes: z.array(
          z.object({ args: z.tuple([z.union([KerasTensor, z.array(KerasTensor)])]) }),
        ),
      }),
    ),
  }),
});

function inputsOf({ name, inbound_nodes: nodes }: z.infer<typeof Config>['config']['layers'][0]) {
  const inputs = nodes.flatMap(({ args }) => args.flat());
  return { name, inputs: inputs.map(({ config }) => config.keras_history[0]) };
}

function modelConfig(name: string, layers: readonly KerasLayer[]): object {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const end = (layer: KerasLayer) => [[layer.name, 0, 0]];
  return {
    // As Keras's own files have it: the class is public under no other name.
    module: 'keras.src.models.functional',
    ...{ class_name: 'Functional', registered_name: 'Functional' },
    config: {
      ...{ name, trainable: true },
      layers: layers.map((layer) => layerConfig(layer, byName)),
      ...{ input_layers: end(layers[0]!), output_layers: end(layers.at(-1)!) },
    },
  };
}

function layerConfig(layer: KerasLayer, byName: ReadonlyMap<string, KerasLayer>): object {
  const { name, className, config } = layer;
  const inputs = layer.inputs.map((input) => ({
    class_name: '__keras_tensor__',
    config: {
      ...{ shape: [null, ...byName.get(input)!.shape], dtype: 'float32' },
      keras_history: [input, 0, 0],
    },
  }));
  // Layers that join two ways are called with a list.
  const args = inputs.length === 1 ? inputs : [inputs];
  return {
    ...{ module: 'keras.layers', class_name: className, registered_name: null, name },
    config: { name, ...(inputs.length > 0 && { trainable: true }), dtype: 'float32', ...config },
    inbound_nodes: inputs.length === 0 ? [] : [{ args, kwargs: {} }],
  };
}

/** Keras's name of a class in a weights file, for those that have any. */
const groups: Readonly<Record<string, string>> = {
  Dense: 'dense',
  Conv2D: 'conv2d',
  PReLU: 'p_re_lu',
  BatchNormalization: 'batch_normalization',
};

/** All values by their path in the weights file: `layers/dense_1/vars/0`. */
export function kerasArrays(layers: readonly KerasLayer[]): ReadonlyMap<string, Tensor> {
  const counts = new Map<string, number>();
  const arrays = new Map<string, Tensor>();
  for (const { className, weights } of countingOrder(layers)) {
    if (weights.length === 0) continue;
    const group = groups[className];
    if (group === undefined) throw new Error(`no name for the values of ${className}`);
    const count = counts.get(className) ?? 0;
    counts.set(className, count + 1);
    const folder = `layers/${group}${count === 0 ? '' : `_${count}`}/vars`;
    weights.forEach(({ value }, i) => arrays.set(`${folder}/${i}`, value));
  }
  return arrays;
}

/**
 * The order in which Keras holds the layers of a functional model: those furthest from the output first (by the
 * longest way), equally far ones as a walk from the output back meets them.
 */
function countingOrder(layers: readonly KerasLayer[]): readonly KerasLayer[] {
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const depth = new Map<string, number>();
  for (const { name, inputs } of layers.toReversed())
    for (const input of inputs)
      depth.set(input, Math.max(depth.get(input) ?? 0, (depth.get(name) ?? 0) + 1));
  const met = new Map<string, number>();
  const pending = [layers.at(-1)!.name];
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (met.has(name)) continue;
    met.set(name, met.size);
    pending.push(...byName.get(name)!.inputs.toReversed());
  }
  const depthOf = ({ name }: KerasLayer) => depth.get(name) ?? 0;
  return layers.toSorted((a, b) => depthOf(b) - depthOf(a) || met.get(a.name)! - met.get(b.name)!);
}

/** Loaded when it is needed: it is a large one. */
async function loadHdf5() {
  const hdf5 = await import('h5wasm/node');
  await hdf5.ready;
  return hdf5;
}

async function writeArrays(path: string, arrays: ReadonlyMap<string, Tensor>): Promise<void> {
  const { File } = await loadHdf5();
  const file = new File(path, 'w');
  try {
    for (const [name, { shape, data }] of arrays) {
      let group = '';
      for (const part of name.split('/').slice(0, -1)) {
        group = group === '' ? part : `${group}/${part}`;
        if (!file.get(group)) file.create_group(group);
      }
      file.create_dataset({ name, data, shape: [...shape], dtype: '<f4' });
    }
  } finally {
    file.close();
  }
}

/** Every dataset of the file, whatever its name. */
async function readArrays(path: string): Promise<ReadonlyMap<string, Tensor>> {
  const { File, Group, Dataset } = await loadHdf5();
  const arrays = new Map<string, Tensor>();
  const file = new File(path, 'r');
  const visit = (group: InstanceType<typeof Group>, prefix: string): void => {
    for (const key of group.keys()) {
      const entry = group.get(key);
      if (entry instanceof Group) visit(entry, `${prefix}${key}/`);
      else if (entry instanceof Dataset && entry.value instanceof Float32Array)
        arrays.set(`${prefix}${key}`, { shape: entry.shape ?? [], data: entry.value });
      else throw new Error(`${prefix}${key} is not an array of float32`);
    }
  };
  try {
    visit(file, '');
  } finally {
    file.close();
  }
  return arrays;
}
