/** @file Tensors of the interface ↔ tensors of TensorFlow.js. Always copies: neither side sees the other's memory. */
import type { Tensor } from '@tensorflow/tfjs';
import type { Tensors } from '../engine.ts';
import type { Named } from './forward.ts';
import type { TF } from './runtime.ts';

type Expected = { readonly name: string; readonly shape: readonly number[] };

/** @throws Error when a tensor is missing or has another shape than the network gives it. */
export function upload(tf: TF, tensors: Tensors, expected: readonly Expected[]): Named {
  return Object.fromEntries(
    expected.map(({ name, shape }) => {
      const tensor = tensors[name];
      if (!tensor || tensor.shape.join() !== shape.join())
        throw new Error(`tensor ${name} of shape [${shape.join()}] is missing`);
      return [name, tf.tensor(tensor.data.slice(), [...shape])];
    }),
  );
}

export function zeros(tf: TF, expected: readonly Expected[]): Named {
  return Object.fromEntries(expected.map(({ name, shape }) => [name, tf.zeros([...shape])]));
}

export function download(named: Named): Tensors {
  return Object.fromEntries(
    Object.entries(named).map(([name, value]) => [
      name,
      { shape: value.shape, data: floats(value) },
    ]),
  );
}

/** A copy of the values; `dataSync` of the CPU backend hands out its own array. */
export function floats(value: Tensor): Float32Array {
  return Float32Array.from(value.dataSync());
}
