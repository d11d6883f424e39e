/** @file A plan for tests. */
import { TrainPlan } from '../../src-core/contract/training.ts';

export const examplePlan: TrainPlan = TrainPlan.parse({
  ...{ dataset: 1, preset: 'mlp-128-64', input: null, output: 'softmax', initializer: 'auto' },
  layers: [
    { kind: 'flatten' },
    { kind: 'dense', units: 128, activation: { name: 'relu' } },
    { kind: 'dense', units: 64, activation: { name: 'relu' } },
  ],
  options: {},
  ...{ activations: [], seeds: [1], engine: 'onnx', device: 'cpu', limit: null },
});
