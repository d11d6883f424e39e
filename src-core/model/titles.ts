/** @file A network in words, layer by layer. */
import { activationLabel, activationTitle } from './activations.ts';
import { layerKinds } from './choices.ts';
import type { ActivationSpec, LayerSpec } from './spec.ts';

/** `Convolution 32, 3 × 3, ReLU`. What is usual is left out: a stride of 1, no padding, no activation. */
export function layerTitle(layer: LayerSpec): string {
  const { title } = layerKinds[layer.kind];
  return [title, details(layer).join(', ')].filter((part) => part !== '').join(' ');
}

function details(layer: LayerSpec): string[] {
  switch (layer.kind) {
    case 'dense':
      return [`${layer.units}`, ...activated(layer.activation)];
    case 'conv2d': {
      const { filters, kernel, stride, padding, activation } = layer;
      const moved = [...(stride > 1 ? [`stride ${stride}`] : []), ...padded(padding)];
      return [`${filters}`, square(kernel), ...moved, ...activated(activation)];
    }
    case 'maxPool':
    case 'avgPool': {
      const { size, stride = size, padding } = layer;
      return [square(size), ...(stride === size ? [] : [`stride ${stride}`]), ...padded(padding)];
    }
    case 'dropout':
      return [`${Math.round(layer.rate * 1000) / 10} %`];
    case 'activation':
      return [titleOf(layer.activation)];
    case 'residual':
      return [`of ${layer.layers.length} layers`, ...activated(layer.activation)];
    case 'globalAvgPool':
    case 'flatten':
    case 'batchNorm':
      return [];
    default:
      return layer satisfies never;
  }
}

const square = (side: number): string => `${side} × ${side}`;
const padded = (padding: string): string[] => (padding === 'same' ? ['padded'] : []);
const titleOf = (activation: ActivationSpec): string =>
  activationTitle(activationLabel(activation));
const activated = (activation: ActivationSpec): string[] =>
  activation.name === 'linear' ? [] : [titleOf(activation)];
