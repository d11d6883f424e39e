/**
 * @file The peer of bench/training.ts: the same dense network and steps in TensorFlow.js on its plain CPU backend,
 * written as its users write it.
 *
 * usage: tfjs.ts BATCH WARMUP STEPS
 * Prints one JSON line: version, seconds per step (median).
 */
import * as tf from '@tensorflow/tfjs';
import { medianSeconds } from '../measure.ts';

const [batchSize = 0, warmUp = 0, steps = 0] = process.argv.slice(2).map(Number);
await tf.setBackend('cpu');
const model = tf.sequential({
  layers: [
    tf.layers.flatten({ inputShape: [1, 28, 28] }),
    tf.layers.dense({ units: 128, activation: 'relu' }),
    tf.layers.dense({ units: 64, activation: 'relu' }),
    tf.layers.dense({ units: 10, activation: 'softmax' }),
  ],
});
model.compile({
  optimizer: tf.train.adam(1e-3),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
const pixels = tf.randomUniform([batchSize, 1, 28, 28], 0, 256, 'int32', 1);
const labels = tf.randomUniform([batchSize, 1], 0, 10, 'float32', 2).floor();
const secondsPerStep = await medianSeconds(warmUp, steps, async () => {
  const images = tf.tidy(() => pixels.toFloat().div(255));
  await model.trainOnBatch(images, labels);
  images.dispose();
});
console.log(JSON.stringify({ version: tf.version.tfjs, secondsPerStep }));
