/**
 * @file Magnitude pruning: of all kernel values of a network together, those closest to zero become zero. Biases,
 * slopes and normalization are few and stay as they are.
 */
import type { Tensor, Tensors } from '../engine/engine.ts';
import type { Network } from '../model/layers.ts';

/** Where nothing else is asked for. */
export const pruningDefaults = { sparsity: 0.8, fineTuneEpochs: 1 } as const;

/**
 * 0 for the values to set to zero and 1 for the others, of every kernel: round(sparsity · all values) zeros, exactly.
 * Of equal values the first are taken.
 */
export function pruningMasks(network: Network, params: Tensors, sparsity: number): Tensors {
  const kernels = kernelsOf(network, params);
  const magnitudes = kernels.map(([, { data }]) => data.map(Math.abs));
  const sorted = joined(magnitudes).sort();
  const count = Math.round(sparsity * sorted.length);
  const limit = count === 0 ? -1 : sorted[count - 1]!;
  // Of those equal to the limit: what the ones below it leave of the count.
  let equalLeft = count - sorted.indexOf(limit);
  const factor = (value: number): number => {
    if (value !== limit || equalLeft === 0) return value < limit ? 0 : 1;
    equalLeft--;
    return 0;
  };
  return Object.fromEntries(
    kernels.map(([name, { shape }], i) => [name, { shape, data: magnitudes[i]!.map(factor) }]),
  );
}

/** Zeros without a sign, which a step leaves on some: equal bytes compress. */
export function pruned(params: Tensors, masks: Tensors): Tensors {
  const values = Object.entries(params).map(([name, tensor]) => {
    const mask = masks[name]?.data;
    if (!mask) return [name, tensor] as const;
    const data = tensor.data.map((value, i) => (mask[i] === 0 ? 0 : value));
    return [name, { shape: tensor.shape, data }] as const;
  });
  return Object.fromEntries(values);
}

/** The share of kernel values that are zero. */
export function sparsityOf(network: Network, params: Tensors): number {
  const values = joined(kernelsOf(network, params).map(([, { data }]) => data));
  return values.filter((value) => value === 0).length / values.length;
}

function kernelsOf(network: Network, params: Tensors): (readonly [string, Tensor])[] {
  const names = network.params.filter(({ role }) => role === 'kernel').map(({ name }) => name);
  return names.map((name) => {
    const tensor = params[name];
    if (!tensor) throw new Error(`no value for parameter ${name}`);
    return [name, tensor] as const;
  });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
