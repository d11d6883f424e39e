/** @file What the tests of this folder share: tiny networks of every kind with real predictors, and folders. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { imageSize, type Predictor } from '../engine/engine.ts';
import { onnxEngine } from '../engine/onnx.ts';
import { activationLabel, activationNames, defaultActivation } from '../model/activations.ts';
import { initialParams } from '../model/initialize.ts';
import { resolveNetwork } from '../model/layers.ts';
import { presets, presetSpec, type PresetName } from '../model/presets.ts';
import { ModelSpec, type ActivationSpec, type LayerKind, type LayerSpec } from '../model/spec.ts';
import { stream } from '../random.ts';
import type { TrainedNetwork } from './format.ts';
import { startPython } from './python.ts';

const tanh = { name: 'tanh' } as const;
const conv = { kind: 'conv2d', filters: 4, kernel: 3, padding: 'same', activation: tanh } as const;

/** A network around each kind of layer. */
const layersByKind: Record<LayerKind, readonly unknown[]> = {
  dense: [{ kind: 'flatten' }, { kind: 'dense', units: 5, activation: tanh }],
  conv2d: [conv, { ...conv, kernel: 2, stride: 2 }],
  maxPool: [conv, { kind: 'maxPool', size: 3, stride: 2, padding: 'same' }],
  avgPool: [conv, { kind: 'avgPool', size: 3, stride: 2, padding: 'same' }],
  globalAvgPool: [conv, { kind: 'globalAvgPool' }],
  flatten: [conv, { kind: 'flatten' }],
  dropout: [conv, { kind: 'dropout', rate: 0.4 }],
  batchNorm: [conv, { kind: 'batchNorm' }, { kind: 'flatten' }, { kind: 'batchNorm' }],
  activation: [conv, { kind: 'activation', activation: { name: 'prelu' } }],
  residual: [
    conv,
    {
      kind: 'residual',
      layers: [{ ...conv, filters: 6, stride: 2 }, { kind: 'batchNorm' }],
      activation: { name: 'relu' },
    },
  ],
};

/** Constants other than the usual ones. */
const unusual: readonly ActivationSpec[] = [
  { name: 'leaky-relu', alpha: 0.3 },
  { name: 'elu', alpha: 2.5 },
  { name: 'elu', alpha: 0.4 },
  { name: 'swish', beta: 2 },
  { name: 'maxout', pieces: 3 },
];

/**
 * Where layers of one kind lie on two ways, where an activation stands alone, before and after flattening, and where a
 * step reads what another layer reads as well.
 */
const branching: readonly (readonly unknown[])[] = [
  [
    { ...conv, filters: 6, activation: { name: 'swish', beta: 2 } },
    {
      kind: 'residual',
      layers: [{ ...conv, stride: 2 }, { kind: 'batchNorm' }, { ...conv, kernel: 2 }],
      activation: { name: 'maxout' },
    },
    { kind: 'residual', layers: [{ ...conv, filters: 2 }], activation: { name: 'prelu' } },
    { kind: 'activation', activation: { name: 'maxout' } },
  ],
  [
    conv,
    { kind: 'flatten' },
    { kind: 'activation', activation: { name: 'prelu' } },
    { kind: 'activation', activation: { name: 'maxout', pieces: 4 } },
    { kind: 'residual', layers: [{ kind: 'dense', units: 42, activation: tanh }] },
    { kind: 'activation', activation: { name: 'swish', beta: 0.5 } },
  ],
  [
    { ...conv, activation: { name: 'relu' } },
    {
      kind: 'residual',
      layers: [
        { kind: 'maxPool', size: 2, stride: 1, padding: 'same' },
        { ...conv, filters: 6, activation: { name: 'step' } },
        { ...conv, filters: 6 },
      ],
      activation: { name: 'relu' },
    },
    { kind: 'flatten' },
    { kind: 'dense', units: 8, activation: { name: 'relu' } },
  ],
];

const color = { channels: 3, height: 7, width: 6 } as const;

/** Every layer kind, every activation with dense and with convolution, both output functions, every preset. */
export function allSpecs(): readonly { readonly name: string; readonly spec: ModelSpec }[] {
  const small = (layers: readonly unknown[], rest: object = {}) =>
    ModelSpec.parse({ input: color, classes: 4, layers, ...rest });
  // The smallest that every preset takes.
  const digits = { channels: 1, height: 12, width: 12 } as const;
  // Object.keys loses the type that the table gives its keys.
  const presetNames = Object.keys(presets) as PresetName[];
  return [
    ...Object.entries(layersByKind).map(([kind, layers]) => ({
      name: `layer ${kind}`,
      spec: small(layers),
    })),
    ...activationNames.map((name) => {
      const activation = defaultActivation(name);
      const layers = [
        { ...conv, activation },
        { kind: 'maxPool', size: 2 },
        { kind: 'flatten' },
        { kind: 'dense', units: 6, activation },
      ];
      return { name: `activation ${name}`, spec: small(layers) };
    }),
    ...unusual.map((activation) => ({
      name: `activation ${activationLabel(activation)}`,
      spec: small([
        { ...conv, activation },
        { kind: 'flatten' },
        { kind: 'dense', units: 6, activation },
      ]),
    })),
    ...branching.map((layers, i) => ({ name: `branching ${i + 1}`, spec: small(layers) })),
    { name: 'output sigmoid', spec: small([conv], { output: 'sigmoid' }) },
    ...presetNames.flatMap((preset) =>
      activationNames.map((name) => ({
        name: `preset ${preset} with ${name}`,
        spec: presetSpec(preset, digits, 10, defaultActivation(name)),
      })),
    ),
  ];
}

/** Every preset with every activation, with small images and few units, and every layer kind: seconds for all. */
export function tinySpecs(): readonly { readonly name: string; readonly spec: ModelSpec }[] {
  const input = { channels: 1, height: 12, width: 12 } as const;
  // Object.keys loses the type that the table gives its keys.
  const presetNames = Object.keys(presets) as PresetName[];
  return [
    ...presetNames.flatMap((preset) =>
      activationNames.map((name) => {
        const { layers, ...rest } = presetSpec(preset, input, 4, defaultActivation(name));
        return { name: `${preset} ${name}`, spec: { ...rest, layers: layers.map(narrowed) } };
      }),
    ),
    ...allSpecs().filter(({ name }) => !name.startsWith('preset')),
  ];
}

function narrowed(layer: LayerSpec): LayerSpec {
  // Even, for maxout.
  const few = (count: number) => 2 * Math.ceil(count / 16);
  if (layer.kind === 'dense') return { ...layer, units: few(layer.units) };
  if (layer.kind === 'conv2d') return { ...layer, filters: few(layer.filters) };
  return layer;
}

/** Every parameter at random, so that biases, slopes and running statistics count as well. */
export function networkOf(spec: ModelSpec): TrainedNetwork {
  const random = stream(5, 'network');
  const params = initialParams(resolveNetwork(spec), 3);
  for (const { data } of Object.values(params))
    for (let i = 0; i < data.length; i++) data[i]! += 0.2 * (random.float() - 0.5);
  return {
    name: 'r7',
    spec,
    params,
    classes: Array.from({ length: spec.classes }, (_, k) => `class ${k}`),
    confidence: { temperature: null, unsureBelow: null },
    origin: {
      snapshotHash: 'a'.repeat(64),
      parametersHash: 'b'.repeat(64),
      programVersion: '1.2.3',
    },
  };
}

export function noiseImages(spec: ModelSpec, count: number): Uint8Array {
  const pixels = new Uint8Array(count * imageSize(spec.input));
  stream(9, 'pixels').fill(pixels);
  return pixels;
}

/** The engine's own, as a run has it. */
export async function predictorOf({ spec, params }: TrainedNetwork): Promise<Predictor> {
  const predictor = await onnxEngine.predictor({ spec, params, device: 'cpu', threads: 1 });
  onTestFinished(() => predictor.dispose());
  return predictor;
}

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-export-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One Python with these packages for a whole file of tests: what it is sent is run, and leaves numbers in `result`. */
export async function obeyingPython(imports: string) {
  const folder = mkdtempSync(join(tmpdir(), 'inkling-python-'));
  const python = await startPython({ imports, serve: obey }, [], folder);
  return {
    folder,
    /** Why there is none, else null. */
    missing: 'missing' in python ? python.missing : null,
    async run(code: string): Promise<number[]> {
      if ('missing' in python) throw new Error(python.missing);
      return [...(await python.predict(Buffer.from(code), 0))];
    },
    stop() {
      if (!('missing' in python)) python.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const obey = `
import base64, importlib.util, json
def load(path):
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
def predict(code, count):
    names = {**globals()}
    exec(code.decode(), names)
    return names["result"]
`;
