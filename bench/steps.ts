/**
 * @file The child of training.ts that trains with Inkling's default engine on one random batch.
 *
 * usage: steps.ts PRESET BATCH THREADS WARMUP STEPS
 * Prints one JSON line: version, seconds per step (median).
 */
import { createRequire } from 'node:module';
import { imageSize } from '../src-core/engine/engine.ts';
import { onnxEngine } from '../src-core/engine/onnx.ts';
import { planOptions, planSpec } from '../src-core/model/plan.ts';
import { stream } from '../src-core/random.ts';
import { medianSeconds } from './measure.ts';

const [preset = '', ...numbers] = process.argv.slice(2);
const [batchSize = 0, threads = 0, warmUp = 0, steps = 0] = numbers.map(Number);
const spec = planSpec({ preset }, { channels: 1, height: 28, width: 28 }, 10);
const options = planOptions({ preset, batchSize, threads, optimizer: 'adam', learningRate: 1e-3 });
const trainer = await onnxEngine.trainer({ spec, options, batchSize, start: null, device: 'cpu' });
const random = stream(1, 'batch');
const pixels = new Uint8Array(batchSize * imageSize(spec.input));
random.fill(pixels);
const labels = Int32Array.from({ length: batchSize }, () => random.below(spec.classes));
const batch = { pixels, labels, noise: new Uint8Array(trainer.noiseBytes) };
const secondsPerStep = await medianSeconds(warmUp, steps, (step) =>
  trainer.step(batch, { step, learningRate: options.learningRate }),
);
await trainer.dispose();
const { version }: { version: string } = createRequire(import.meta.url)(
  'onnxruntime-node/package.json',
);
console.log(JSON.stringify({ version, secondsPerStep }));
