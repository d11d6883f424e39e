/** @file A network as a PyTorch module to read and change: the text of one Python file that needs torch alone. */
import { resolveNetwork, type Layer, type Param } from '../model/layers.ts';
import type { ActivationSpec } from '../model/spec.ts';
import type { Tensor, Tensors } from '../engine/engine.ts';
import type { Confidence, TrainedNetwork } from './format.ts';
import { pythonString } from './python.ts';

type Of<K extends Layer['kind']> = Extract<Layer, { readonly kind: K }>;

/** One line of `__init__` for each module, and the lines of `forward`. */
type Build = { readonly modules: string[]; readonly steps: string[] };

/** The whole file. @param weights name of the safetensors file beside it. */
export function pytorchCode(trained: TrainedNetwork, weights: string): string {
  const { name, spec, classes, origin, confidence } = trained;
  const network = resolveNetwork(spec);
  const build: Build = { modules: [], steps: [] };
  for (const layer of network.layers) addLayer(build, layer);
  const { channels, height, width } = spec.input;
  const output = spec.output === 'softmax' ? 'torch.softmax(logits, 1)' : 'torch.sigmoid(logits)';
  return `"""${name}, an image classifier trained with Inkling ${origin.programVersion.replace(/[^\w.+-]/g, '')}.

Needs torch alone. The values are in ${weights} beside this file, in the safetensors format:
they are numbers, and loading them runs no code.
"""
import json
import struct
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = [
${classes.map((each) => `    ${pythonString(each)},\n`).join('')}]
INPUT_SHAPE = (${channels}, ${height}, ${width})
${constants(confidence)}

class Network(nn.Module):
    """uint8 or float [N, ${channels}, ${height}, ${width}], pixels from 0 to 255, to logits [N, ${classes.length}]."""

    def __init__(self):
        super().__init__()
${build.modules.map((line) => `        ${line}\n`).join('')}
    def forward(self, pixels):
        x = pixels.float() / 255
${build.steps.map((line) => `        ${line}\n`).join('')}        return x

    def probabilities(self, pixels):
        logits = self(pixels)
        return ${output}
${confidence.unsureBelow === null ? '' : answers}${helpers(build.steps.join('\n'))}

${loading(weights)}`;
}

function constants({ temperature, unsureBelow }: Confidence): string {
  return [
    ...(temperature === null
      ? []
      : ['# The logits are divided by it already.', `TEMPERATURE = ${temperature}`]),
    ...(unsureBelow === null ? [] : [`UNSURE_BELOW = ${unsureBelow}`]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const answers = `
    def answers(self, pixels):
        """Class numbers, -1 where the largest probability is below UNSURE_BELOW."""
        largest, best = self.probabilities(pixels).max(1)
        return torch.where(largest >= torch.tensor(UNSURE_BELOW), best, -1)
`;

/** Functions that PyTorch has no equal of, where the network needs them. */
function helpers(steps: string): string {
  return [
    steps.includes(' average_pool(') ? averagePool : '',
    steps.includes(' maxout(') ? maxout : '',
  ].join('');
}

const averagePool = `

def average_pool(x, size, stride, pads):
    """Mean over those pixels of a window that exist."""
    padded = F.avg_pool2d(F.pad(x, pads), size, stride)
    return padded / F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), pads), size, stride)
`;

const maxout = `

def maxout(x, pieces):
    """The largest of each group of neighboring channels."""
    groups = x.reshape(x.shape[0], x.shape[1] // pieces, pieces, *x.shape[2:])
    return groups.amax(2)
`;

function loading(weights: string): string {
  return `def read_safetensors(path):
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    values = bytearray(data[8 + length :])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(values, dtype=torch.float32, offset=begin, count=(end - begin) // 4)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


def load(path=Path(__file__).with_name(${pythonString(weights)})):
    """The trained network, ready to predict."""
    network = Network()
    missing, unexpected = network.load_state_dict(read_safetensors(path), strict=False)
    # PyTorch counts batches where it normalizes; nothing that predicts reads the count.
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{path} is of another network: {missing} {unexpected}")
    return network.eval()
`;
}

function addLayer(build: Build, layer: Layer): void {
  switch (layer.kind) {
    case 'dense':
      build.modules.push(`${self(layer)} = nn.Linear(${layer.input[0]}, ${widthOf(layer)})`);
      return step(build, activated(build, layer, `${self(layer)}(x)`));
    case 'conv2d':
      return step(build, activated(build, layer, convolved(build, layer)));
    case 'maxPool':
      return step(build, `F.max_pool2d(${padded(layer, '-inf')}, ${layer.size}, ${layer.stride})`);
    case 'avgPool':
      return step(build, averaged(layer));
    case 'globalAvgPool':
      return step(build, 'x.mean((2, 3))');
    case 'flatten':
      return step(build, 'x.flatten(1)');
    case 'dropout':
      build.modules.push(`${self(layer)} = nn.Dropout(${layer.rate})`);
      return step(build, `${self(layer)}(x)`);
    case 'batchNorm':
      return normalize(build, layer);
    case 'activation':
      return step(build, activated(build, layer, 'x'));
    case 'residual':
      return residual(build, layer);
    default:
      return layer satisfies never;
  }
}

function step(build: Build, expression: string): void {
  if (expression !== 'x') build.steps.push(`x = ${expression}`);
}

function residual(build: Build, layer: Of<'residual'>): void {
  const past = identifier(layer);
  build.steps.push(`${past} = ${layer.shortcut ? convolved(build, layer.shortcut) : 'x'}`);
  for (const inner of layer.layers) addLayer(build, inner);
  step(build, activated(build, layer, `x + ${past}`));
}

function convolved(build: Build, layer: Of<'conv2d'>): string {
  const { kernel, stride, input, pads } = layer;
  const [top, left, bottom, right] = pads;
  const isEven = top === bottom && left === right;
  const options = [
    ...(stride === 1 ? [] : [`stride=${stride}`]),
    ...(isEven && top + left > 0 ? [`padding=(${top}, ${left})`] : []),
  ];
  const sizes = [input[0], widthOf(layer), kernel, ...options].join(', ');
  build.modules.push(`${self(layer)} = nn.Conv2d(${sizes})`);
  return `${self(layer)}(${isEven ? 'x' : padded(layer, '0')})`;
}

function padded({ pads }: { readonly pads: Of<'conv2d'>['pads'] }, value: string): string {
  if (pads.every((pixels) => pixels === 0)) return 'x';
  const fill = value === '0' ? '' : `, value=float("${value}")`;
  return `F.pad(x, ${tuple(pads)}${fill})`;
}

/** PyTorch lists pads from the last dimension on: left, right, top, bottom. */
function tuple([top, left, bottom, right]: Of<'conv2d'>['pads']): string {
  return `(${left}, ${right}, ${top}, ${bottom})`;
}

function averaged(layer: Of<'avgPool' | 'maxPool'>): string {
  const { size, stride, pads } = layer;
  if (pads.every((pixels) => pixels === 0)) return `F.avg_pool2d(x, ${size}, ${stride})`;
  return `average_pool(x, ${size}, ${stride}, ${tuple(pads)})`;
}

function normalize(build: Build, layer: Of<'batchNorm'>): void {
  const kind = layer.input.length === 3 ? 'BatchNorm2d' : 'BatchNorm1d';
  // PyTorch's momentum is the share of the new value, ours of the old one.
  const momentum = Number((1 - layer.momentum).toPrecision(12));
  const options = `eps=${layer.epsilon}, momentum=${momentum}`;
  build.modules.push(`${self(layer)} = nn.${kind}(${layer.input[0]}, ${options})`);
  step(build, `${self(layer)}(x)`);
}

type Activated = Of<'dense' | 'conv2d' | 'activation' | 'residual'>;

/** The layer's activation of an expression. */
function activated(build: Build, layer: Activated, x: string): string {
  const { activation } = layer;
  if (activation.name !== 'prelu') return apply(build, layer, activation, x);
  const slopes = layer.params.find(({ role }) => role === 'slopes')!;
  const module = `self.${identifier(layer)}_slopes`;
  build.modules.push(`${module} = nn.PReLU(${slopes.shape[0]})`);
  return `${module}(${x})`;
}

function apply(
  build: Build,
  layer: Layer,
  spec: Exclude<ActivationSpec, { name: 'prelu' }>,
  x: string,
): string {
  switch (spec.name) {
    case 'linear':
      return x;
    case 'step':
      return `(${x} > 0).float()`;
    case 'sigmoid':
    case 'tanh':
      return `torch.${spec.name}(${x})`;
    case 'relu':
    case 'selu':
    case 'gelu':
    case 'softplus':
      return `F.${spec.name}(${x})`;
    case 'leaky-relu':
      return `F.leaky_relu(${x}, ${spec.alpha})`;
    case 'elu':
      return `F.elu(${x}, ${spec.alpha})`;
    case 'swish':
      if (spec.beta === 1) return `F.silu(${x})`;
      step(build, x);
      return `x * torch.sigmoid(${spec.beta} * x)`;
    case 'maxout':
      return `maxout(${x}, ${spec.pieces})`;
    default:
      throw new Error(`${layer.name}: ${spec satisfies never}`);
  }
}

/** Outputs before the activation: maxout makes one of several. */
function widthOf({ params }: Of<'dense' | 'conv2d'>): number {
  return params.find(({ role }) => role === 'bias')!.shape[0]!;
}

function identifier({ name }: { readonly name: string }): string {
  return name.replaceAll('-', '_');
}

function self(layer: Layer): string {
  return `self.${identifier(layer)}`;
}

const roleNames = {
  kernel: 'weight',
  bias: 'bias',
  slopes: 'weight',
  scale: 'weight',
  offset: 'bias',
  mean: 'running_mean',
  variance: 'running_var',
} as const satisfies Record<Param['role'], string>;

/** Every parameter under the name and in the order of axes that the module above gives it. */
export function pytorchTensors({ spec, params }: TrainedNetwork): ReadonlyMap<string, Tensor> {
  return new Map(
    resolveNetwork(spec).params.map((param) => [stateName(param), valueOf(params, param)]),
  );
}

function stateName({ name, role }: Param): string {
  const layer = identifier({ name: name.slice(0, name.lastIndexOf('/')) });
  return `${layer}${role === 'slopes' ? '_slopes' : ''}.${roleNames[role]}`;
}

/** A dense kernel is [in, out] here and [out, in] there. */
function valueOf(params: Tensors, { name, shape, role }: Param): Tensor {
  const value = params[name];
  if (!value) throw new Error(`no value for parameter ${name}`);
  if (role !== 'kernel' || shape.length !== 2) return value;
  const [rows, columns] = [shape[0]!, shape[1]!];
  const data = new Float32Array(value.data.length);
  for (let i = 0; i < rows; i++)
    for (let o = 0; o < columns; o++) data[o * rows + i] = value.data[i * columns + o]!;
  return { shape: [columns, rows], data };
}
