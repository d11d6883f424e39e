/** @file What the default engine leaves behind. That it computes the right thing is shown by `oracle.test.ts`. */
import { expect, test } from 'vitest';
import { planOptions, planSpec } from '../model/plan.ts';
import { imageSize } from './engine.ts';
import { onnxEngine } from './onnx.ts';

const batchSize = 8;
const steps = 40;

test('a step leaves no memory to the garbage collector', async () => {
  const spec = planSpec({ preset: 'mlp-128-64' }, { channels: 1, height: 28, width: 28 }, 10);
  const options = planOptions({ preset: 'mlp-128-64', batchSize, threads: 1 });
  const device = 'cpu';
  const trainer = await onnxEngine.trainer({ spec, options, batchSize, start: null, device });
  const pixels = new Uint8Array(batchSize * imageSize(spec.input));
  const batch = { pixels, labels: new Int32Array(batchSize), noise: new Uint8Array(0) };
  const stateBytes = 3 * 4 * 109_386; // parameters and two moments
  const before = process.memoryUsage().external;
  for (let step = 1; step <= steps; step++) await trainer.step(batch, { step, learningRate: 0.1 });
  const grown = process.memoryUsage().external - before;
  await trainer.dispose();
  expect(grown).toBeLessThan(2 * stateBytes);
});
