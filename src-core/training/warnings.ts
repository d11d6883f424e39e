/** @file What is lawful but surely not meant: said at the start of a run and in its result. */
import { layerParams, type Layer, type Network } from '../model/layers.ts';
import type { TrainOptions } from '../model/spec.ts';
import type { Warning } from './metrics.ts';

export function warningsFor(
  network: Network,
  options: TrainOptions,
  hasValidation: boolean,
): Warning[] {
  const warnings: Warning[] = [];
  const stuck = layersWithoutGradient(network.layers, false);
  if (stuck.length > 0)
    warnings.push({
      code: 'step-activation',
      message: `The slope of the binary step is zero everywhere, so ${stuck.join(', ')} cannot learn; only the layers after it do.`,
    });
  if (options.earlyStopping && !hasValidation)
    warnings.push({
      code: 'early-stopping-blind',
      message: 'There are no validation images, so the run cannot stop early.',
    });
  return warnings;
}

/**
 * Names of the layers whose parameters no gradient reaches because a binary step lies between them and the
 * loss. The way past a residual block lets the gradient through, whatever is inside.
 */
function layersWithoutGradient(layers: readonly Layer[], isBlocked: boolean): string[] {
  const stuck: string[] = [];
  for (const layer of layers.toReversed()) {
    isBlocked ||= 'activation' in layer && layer.activation.name === 'step';
    if (layer.kind === 'residual') stuck.unshift(...layersWithoutGradient(layer.layers, isBlocked));
    const own = layer.kind === 'residual' ? layer.shortcut : layer;
    if (isBlocked && own && layerParams(own).length > 0) stuck.unshift(own.name);
  }
  return stuck;
}
