/**
 * @file The WebGPU path against the CPU path: the same steps must give the same state. It runs on a graphics card, or
 * on SwiftShader, the software renderer that comes with Chromium.
 */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ModelSpec, TrainOptions } from '../model/spec.ts';
import { stream } from '../random.ts';
import { startTrial } from '../../src-main/trainerProcess.ts';
import { tryProvider } from './devices.ts';
import { imageSize } from './engine.ts';
import { onnxEngine } from './onnx.ts';

const SOFTWARE_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const hasDriver =
  process.env['VK_ICD_FILENAMES'] !== undefined ||
  process.platform !== 'linux' ||
  existsSync(SOFTWARE_DRIVER);

const input = { channels: 1, height: 8, width: 8 };
const relu = { name: 'relu' };
const networks: Record<string, unknown[]> = {
  'pooled convolution, dense': [
    { kind: 'conv2d', filters: 4, kernel: 3, activation: relu },
    { kind: 'maxPool', size: 2 },
    { kind: 'flatten' },
    { kind: 'dense', units: 12, activation: relu },
  ],
  'batch norm, overlapping pool, dropout': [
    { kind: 'conv2d', filters: 4, kernel: 3, padding: 'same', stride: 2 },
    { kind: 'batchNorm' },
    { kind: 'activation', activation: { name: 'prelu' } },
    { kind: 'maxPool', size: 3, stride: 1, padding: 'same' },
    { kind: 'dropout', rate: 0.25 },
    { kind: 'avgPool', size: 2 },
  ],
  residual: [
    { kind: 'residual', layers: [{ kind: 'conv2d', filters: 3, kernel: 3, padding: 'same' }] },
    { kind: 'globalAvgPool' },
    { kind: 'dense', units: 6, activation: { name: 'maxout' } },
  ],
};

const BATCH_SIZE = 4;

async function threeSteps(spec: ModelSpec, device: string) {
  const options = TrainOptions.parse({
    clipNorm: 1,
    averaging: {},
    optimizer: { kind: 'momentum' },
  });
  const trainer = await onnxEngine.trainer({
    spec,
    options,
    batchSize: BATCH_SIZE,
    start: null,
    device,
  });
  const random = stream(1, 'webgpu-test');
  const pixels = new Uint8Array(BATCH_SIZE * imageSize(spec.input));
  const noise = new Uint8Array(trainer.noiseBytes);
  const labels = Int32Array.from([0, 1, 2, 1]);
  const losses: number[] = [];
  for (let step = 1; step <= 3; step++) {
    random.fill(pixels);
    random.fill(noise);
    losses.push((await trainer.step({ pixels, labels, noise }, { step, learningRate: 0.1 })).loss);
  }
  const health = await trainer.probe(pixels, labels);
  const state = await trainer.state();
  await trainer.dispose();
  return { losses, health, state };
}

describe.skipIf(!hasDriver)('WebGPU, where there is a driver (Chromium brings SwiftShader)', () => {
  let works = false;
  beforeAll(async () => {
    if (existsSync(SOFTWARE_DRIVER)) process.env['VK_ICD_FILENAMES'] ??= SOFTWARE_DRIVER;
    works = (await tryProvider(startTrial, 'webgpu')).ok;
  }, 30_000);

  it.each(Object.entries(networks))(
    'trains %s as the CPU does',
    async (_, layers) => {
      if (!works) return; // a driver without an adapter: `doctor` says so, there is nothing to compare
      const spec = ModelSpec.parse({ input, layers, classes: 3 });
      const cpu = await threeSteps(spec, 'cpu');
      const gpu = await threeSteps(spec, 'webgpu');
      gpu.losses.forEach((loss, i) => expect(loss).toBeCloseTo(cpu.losses[i]!, 4));
      for (const group of ['params', 'optimizer', 'average'] as const)
        for (const [name, tensor] of Object.entries(cpu.state[group]!)) {
          const other = gpu.state[group]![name]!.data;
          const worst = Math.max(...tensor.data.map((x, i) => Math.abs(x - other[i]!)));
          expect(worst, `${group} ${name}`).toBeLessThan(1e-4);
        }
      gpu.health.forEach((row, i) =>
        expect(row.gradientNorm).toBeCloseTo(cpu.health[i]!.gradientNorm, 4),
      );
    },
    60_000,
  );
});
