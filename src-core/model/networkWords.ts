/** @file A network in a few words, as tables and sentences name it: what it consists of, and its one activation. */
import { activationTitle } from './activations.ts';
import { layerKinds } from './choices.ts';
import { hiddenActivations } from './layers.ts';
import { isPresetName, presets } from './presets.ts';
import type { LayerSpec, ModelSpec } from './spec.ts';

/** Several activations count as one of their own: a network that mixes two is not a network of the first. */
const joint = ' + ';
/** As long as a label may be. */
const labelChars = 40;

/** The label a run is compared by: `relu`, `swish:2`; of a network without hidden activations `linear`. */
export function networkActivation(spec: ModelSpec): string {
  const labels = hiddenActivations(spec);
  const all = labels.join(joint);
  if (all.length <= labelChars) return all || 'linear';
  return `${labels[0]!}${joint}${labels.length - 1} more`;
}

/** The label for people: `Swish 2`, `ReLU + Tanh`. */
export function networkActivationTitle(label: string): string {
  return label.split(joint).map(activationTitle).join(joint);
}

/** The preset's title, or what a network of the user's own consists of: `Convolution 16-32, Dense 64`. */
export function networkTitle(preset: string | null, { layers }: Pick<ModelSpec, 'layers'>): string {
  if (preset !== null && isPresetName(preset)) return presets[preset].title;
  const stretches: { kind: LayerSpec['kind']; widths: number[] }[] = [];
  for (const layer of layers) {
    const width = widthOf(layer);
    if (width === null) continue;
    const last = stretches.at(-1);
    if (last?.kind === layer.kind) last.widths.push(width);
    else stretches.push({ kind: layer.kind, widths: [width] });
  }
  const words = stretches.map(
    ({ kind, widths }) => `${layerKinds[kind].title} ${widths.join('-')}`,
  );
  return words.join(', ') || 'No hidden layers';
}

/** Of a layer that learns features; the others shape or regulate. */
function widthOf(layer: LayerSpec): number | null {
  switch (layer.kind) {
    case 'dense':
      return layer.units;
    case 'conv2d':
      return layer.filters;
    case 'residual':
      return layer.layers.length;
    default:
      return null;
  }
}
