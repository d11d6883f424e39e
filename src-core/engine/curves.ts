/** @file The curves of all activations, computed by onnxruntime in one small graph. */
import * as ort from 'onnxruntime-node';
import { curvesOf } from '../graph/curves.ts';
import { lower } from '../graph/lower.ts';
import { writeOnnx } from '../graph/onnx.ts';
import { input, type Value } from '../graph/value.ts';
import type { ActivationSpec } from '../model/spec.ts';

/** float32 [N] each, at the places asked for. */
export type ActivationCurve = { readonly f: Float32Array; readonly slope: Float32Array };

/** One for each spec, in their order. A few hundred places take about a millisecond. */
export async function activationCurves(
  specs: readonly ActivationSpec[],
  places: Float32Array,
): Promise<ActivationCurve[]> {
  const x = input('x', 'float32', [places.length]);
  const named = specs.flatMap((spec, i): [string, Value][] => {
    const { f, slope } = curvesOf(spec, x);
    return [
      [`f${i}`, f],
      [`slope${i}`, slope],
    ];
  });
  const lowered = lower(
    named.map(([, value]) => value),
    'portable',
  );
  const model = writeOnnx(Object.fromEntries(named.map(([name], i) => [name, lowered[i]!])));
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const found = await session.run({ x: new ort.Tensor('float32', places, [places.length]) });
  await session.release();
  const values = (name: string): Float32Array => {
    const { data } = found[name]!;
    if (!(data instanceof Float32Array)) throw new Error(`${name} is no float32`);
    return data;
  };
  return specs.map((_, i) => ({ f: values(`f${i}`), slope: values(`slope${i}`) }));
}
