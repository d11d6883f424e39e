/** @file Prediction on TensorFlow.js, in chunks so that memory does not grow with the number of images. */
import { resolveNetwork } from '../../model/layers.ts';
import { imageSize, type Prediction, type Predictor, type PredictorRequest } from '../engine.ts';
import { forward, imagesOf } from './forward.ts';
import { probabilitiesOf } from './loss.ts';
import type { Runtime } from './runtime.ts';
import { floats, upload } from './state.ts';

/** Images per forward pass: large enough to keep the overhead per pass small, small enough for wide convolutions. */
const CHUNK_SIZE = 128;

export async function createPredictor(
  runtime: Runtime,
  request: PredictorRequest,
): Promise<Predictor> {
  const { tf } = runtime;
  const network = resolveNetwork(request.spec);
  const { input, classes, output } = request.spec;
  const params = await runtime.run(() => upload(tf, request.params, network.params));
  const chunk = (pixels: Uint8Array, result: Prediction, offset: number): void => {
    const images = imagesOf(tf, input, pixels);
    const logits = forward(tf, network, params, images, { kind: 'inference' });
    result.logits.set(floats(logits), offset);
    result.probabilities.set(floats(probabilitiesOf(tf, output, logits)), offset);
  };
  return {
    async predict(pixels) {
      const imageBytes = imageSize(input);
      const count = pixels.length / imageBytes;
      const result = {
        logits: new Float32Array(count * classes),
        probabilities: new Float32Array(count * classes),
      };
      for (let first = 0; first < count; first += CHUNK_SIZE) {
        const part = pixels.subarray(first * imageBytes, (first + CHUNK_SIZE) * imageBytes);
        await runtime.run(() => chunk(part, result, first * classes));
      }
      return result;
    },
    dispose() {
      tf.dispose(params);
      return Promise.resolve();
    },
  };
}
