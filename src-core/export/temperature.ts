/** @file A temperature inside a network: the last dense layer makes logits that are divided by it already. */
import type { Tensor, Tensors } from '../engine/engine.ts';

/** Dividing what the last layer multiplies and adds divides what comes out: no format has to know of it. */
export function withTemperature(params: Tensors, temperature: number): Tensors {
  const divided = ['output/kernel', 'output/bias'].map((name) => {
    const tensor = params[name];
    if (!tensor) throw new Error(`no value for parameter ${name}`);
    const { shape, data } = tensor;
    return [name, { shape, data: data.map((x) => x / temperature) }] as const;
  });
  const values: Record<string, Tensor> = { ...params, ...Object.fromEntries(divided) };
  return values;
}
