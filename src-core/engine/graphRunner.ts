/**
 * @file Any graph as something to run, on the CPU: for whoever wants to see inside a network. Outputs are copied out
 * with their shapes.
 *
 * As everything of onnxruntime it blocks the thread it runs on: it belongs into a process of its own.
 */
import * as ort from 'onnxruntime-node';
import type { Value } from '../graph/value.ts';
import type { Tensors } from './engine.ts';
import { session } from './onnx.ts';

/** Values by the names of the graph's inputs; bytes are uint8, whole numbers int32. */
export type Feeds = Readonly<
  Record<
    string,
    { readonly shape: readonly number[]; readonly data: Float32Array | Uint8Array | Int32Array }
  >
>;

export type GraphRunner = {
  run(feeds: Feeds): Promise<Tensors>;
  dispose(): Promise<void>;
};

export async function openGraph(
  outputs: Readonly<Record<string, Value>>,
  threads: number,
): Promise<GraphRunner> {
  const opened = await session(outputs, 'cpu', threads, 'portable');
  // What nothing depends on is no input of the graph: a gradient needs no bias.
  const wanted = new Set(opened.inputNames);
  return {
    async run(feeds) {
      const given = Object.entries(feeds).filter(([name]) => wanted.has(name));
      const results = await opened.run(
        Object.fromEntries(given.map(([name, feed]) => [name, toOrt(feed)])),
      );
      return Object.fromEntries(Object.keys(outputs).map((name) => [name, copied(results[name]!)]));
    },
    dispose: () => opened.release(),
  };
}

function toOrt({ shape, data }: Feeds[string]): ort.Tensor {
  if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape);
  if (data instanceof Uint8Array) return new ort.Tensor('uint8', data, shape);
  return new ort.Tensor('int32', data, shape);
}

function copied(tensor: ort.Tensor) {
  const { data, dims } = tensor;
  if (!(data instanceof Float32Array)) throw new Error('an output is not float32');
  return { shape: [...dims], data: data.slice() };
}
