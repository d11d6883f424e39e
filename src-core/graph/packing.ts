/**
 * @file How trained parameters are held while training. An optimizer's update is the same formula for every value,
 * so small tensors are packed into one long vector and updated together: a dozen nodes instead of a dozen for each
 * bias. Large tensors stay on their own, since packing would copy them twice per step.
 */
import { isTrained, size, type Network, type Param } from '../model/layers.ts';

export type Place = { readonly param: Param; readonly offset: number; readonly size: number };

/** One vector of parameter values. */
export type Pack = {
  readonly name: string;
  readonly size: number;
  readonly places: readonly Place[];
};

export type Packing = {
  /** Trained by gradient. */
  readonly trained: readonly Pack[];
  /** Running statistics, which follow the data. */
  readonly statistics: readonly Pack[];
};

/** From this many values on, a tensor is worth a vector of its own: the update then costs more than its dispatch. */
const ALONE_FROM = 16_384;

export function packParams(network: Network): Packing {
  const trained = network.params.filter(isTrained);
  const statistics = network.params.filter((param) => !isTrained(param));
  const large = trained.filter((param) => size(param.shape) >= ALONE_FROM);
  const small = trained.filter((param) => size(param.shape) < ALONE_FROM);
  const packs = [...large.map((param) => [param]), small].filter((params) => params.length > 0);
  return {
    trained: packs.map((params, i) => pack(`params${i}`, params)),
    statistics: statistics.length > 0 ? [pack('statistics', statistics)] : [],
  };
}

function pack(name: string, params: readonly Param[]): Pack {
  let offset = 0;
  const places = params.map((param) => {
    const place = { param, offset, size: size(param.shape) };
    offset += place.size;
    return place;
  });
  return { name, size: offset, places };
}

/** Copies tensors by name into the vector of a pack. Names are `prefix + param.name`. */
export function packed(
  pack: Pack,
  tensors: Readonly<Record<string, { readonly data: Float32Array }>>,
  prefix = '',
): Float32Array {
  const vector = new Float32Array(pack.size);
  for (const { param, offset } of pack.places) {
    const tensor = tensors[prefix + param.name];
    if (!tensor) throw new Error(`no value for ${prefix}${param.name}`);
    vector.set(tensor.data, offset);
  }
  return vector;
}

/** The opposite of `packed`: copies of the parts, by name. */
export function unpacked(
  pack: Pack,
  vector: Float32Array,
  prefix = '',
): Record<string, { shape: readonly number[]; data: Float32Array }> {
  return Object.fromEntries(
    pack.places.map(({ param, offset, size }) => [
      prefix + param.name,
      { shape: param.shape, data: vector.slice(offset, offset + size) },
    ]),
  );
}
