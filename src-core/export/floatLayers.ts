/**
 * @file What formats with whole numbers leave as it is. Where a binary step reads a number near zero, the least change
 * flips its answer, and with that much of what follows: in trained networks of steps, weights of 8 bits gave up to 61
 * of 100 images another class, weights of 16 bits still up to 4. So all that a step depends on is computed as it was
 * trained. Rounding begins behind the last one, whose zeros and ones lose nothing by it.
 */
import { isTrained, layerParams, layersBeforeJump, resolveNetwork, size } from '../model/layers.ts';
import type { ModelSpec } from '../model/spec.ts';

/** Names of the layers that are not rounded. */
export function floatLayers(spec: ModelSpec): ReadonlySet<string> {
  return new Set(layersBeforeJump(resolveNetwork(spec)).map(({ name }) => name));
}

/** How many of a network's parameters belong to layers that are not rounded. */
export function floatParameters(spec: ModelSpec): number {
  // A block comes after its layers, and has their parameters as well.
  const params = new Set(layersBeforeJump(resolveNetwork(spec)).flatMap(layerParams));
  return [...params].filter(isTrained).reduce((sum, { shape }) => sum + size(shape), 0);
}

/** What to expect of such a format for this network, where that is not what its purpose says; else null. */
export function floatNote(spec: ModelSpec): string | null {
  const kept = floatParameters(spec);
  if (kept === 0) return null;
  const rounded = 1 - kept / resolveNetwork(spec).parameterCount;
  return `${(100 * rounded).toFixed(1)} % of the parameters are rounded, those behind the last binary step, and the file shrinks by no more: rounding before a step would flip its zeros and ones.`;
}
