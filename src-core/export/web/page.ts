/** @file One HTML file with everything in it: network, parameters, program, style. It asks no network for anything. */
import { createHash } from 'node:crypto';
import { activationLabel, activationTitle } from '../../model/activations.ts';
import { resolveNetwork, type Layer } from '../../model/layers.ts';
import type { LayerKind } from '../../model/spec.ts';
import type { TrainedNetwork } from '../format.ts';
import { networkProgram } from '../program/networkProgram.ts';
import { assetNames, readAsset } from './assets.ts';
import { encodedTables, networkScript } from './script.ts';

/**
 * The text of the page. Parameters are float32, as they were trained: a page is their size and a third more. All of
 * the network that is text (names of classes and layers) is JSON in which no tag can begin.
 */
export async function webPage(network: TrainedNetwork): Promise<string> {
  const program = networkProgram(network, true);
  const layers = program.kept.map(({ layer, shape }) => ({ title: titleOf(layer), shape }));
  const [html, style, kernels, drawing, layersView, view] = await Promise.all(
    assetNames.map(readAsset),
  );
  const script = `'use strict';\n${asScript(kernels!)}\n${networkScript(program)}`;
  const page = `'use strict';\n${[drawing!, layersView!, view!].map(asScript).join('\n')}`;
  const about = inertJson({ ...describe(network), layers });
  const scripts = [
    `<script type="text/plain" id="tables">${encodedTables(program)}</script>`,
    `<script type="application/json" id="about">${about}</script>`,
    `<script id="network">${script}</script>`,
    `<script>${page}</script>`,
  ];
  return html!
    .replace('POLICY', () => policyFor([script, page], style!))
    .replace('<!-- style -->', () => `<style>${style}</style>`)
    .replace('<!-- scripts -->', () => scripts.join('\n'));
}

function describe({ name, classes, spec, origin, confidence }: TrainedNetwork) {
  const { parameterCount } = resolveNetwork(spec);
  const summary = [
    `${parameterCount.toLocaleString('en-US').replaceAll(',', ' ')} parameters`,
    `${classes.length} classes`,
    `trained with Inkling ${origin.programVersion}`,
    'works offline: nothing you draw leaves this page',
  ].join(' · ');
  const { unsureBelow } = confidence;
  // The page compares with float32 probabilities, as all files do.
  const threshold = unsureBelow === null ? null : Math.fround(unsureBelow);
  return { name, classes, input: spec.input, summary, unsureBelow: threshold };
}

/** `Convolution 1, ReLU` */
function titleOf(layer: Layer): string {
  const number = /\d+$/.exec(layer.name)?.[0] ?? '';
  const activation =
    'activation' in layer ? activationTitle(activationLabel(layer.activation)) : null;
  if (layer.kind === 'activation') return `${activation} ${number}`;
  return [`${layerTitles[layer.kind]} ${number}`, ...(activation ? [activation] : [])].join(', ');
}

const layerTitles: Record<Exclude<LayerKind, 'activation'>, string> = {
  dense: 'Dense',
  conv2d: 'Convolution',
  maxPool: 'Max pooling',
  avgPool: 'Average pooling',
  globalAvgPool: 'Global average',
  flatten: 'Flatten',
  dropout: 'Dropout',
  batchNorm: 'Batch normalization',
  residual: 'Residual block',
};

/** Modules as parts of one script. */
function asScript(module: string): string {
  return module.replace(/^export /gm, '');
}

/** Nothing but these scripts and this style, and no connection to anywhere. */
function policyFor(scripts: readonly string[], style: string): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${hashOf(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** JSON that an HTML parser reads over: no `<` begins a tag or a comment. */
function inertJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}
