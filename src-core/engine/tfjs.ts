/**
 * @file The TensorFlow.js engine: the same networks and the same training as the default engine, written a second
 * time with other means. It serves users who have TensorFlow's native binding, and as the oracle of the tests.
 */
import type { Engine } from './engine.ts';
import { createPredictor } from './tfjs/predictor.ts';
import { loadRuntime } from './tfjs/runtime.ts';
import { createTrainer } from './tfjs/trainer.ts';

export const tfjsEngine: Engine = {
  name: 'tfjs',
  trainer: async (request) => createTrainer(await loadRuntime(request.device), request),
  predictor: async (request) => createPredictor(await loadRuntime(request.device), request),
};
