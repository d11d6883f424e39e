/** @file Losses and output functions in TensorFlow.js operations, all from scores [N, K]. */
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import type { LossSpec, ModelSpec } from '../../model/spec.ts';
import type { TF } from './runtime.ts';

/** What the output function makes of the scores: [N, K]. */
export function probabilitiesOf(tf: TF, output: ModelSpec['output'], logits: Tensor): Tensor {
  return output === 'softmax' ? tf.softmax(logits) : tf.sigmoid(logits);
}

/** The loss, averaged over the samples; computed from scores, so that no logarithm meets a zero. */
export function lossOf(
  tf: TF,
  spec: ModelSpec,
  loss: LossSpec,
  logits: Tensor,
  labels: Tensor1D,
): Scalar {
  const targets = tf.oneHot(labels, spec.classes, 1, 0, 'float32');
  if (loss.kind === 'meanSquaredError') {
    const probabilities = probabilitiesOf(tf, spec.output, logits);
    return tf.mean(tf.square(tf.sub(probabilities, targets)));
  }
  const smoothing = loss.labelSmoothing;
  const smoothed = tf.add(tf.mul(targets, 1 - smoothing), smoothing / spec.classes);
  const entropy = spec.output === 'softmax' ? softmaxCrossEntropy : binaryCrossEntropy;
  return tf.mean(entropy(tf, logits, smoothed));
}

/** How many samples have their highest score (the first of equal ones) at their label. */
export function correctOf(tf: TF, logits: Tensor, labels: Tensor1D): Scalar {
  return tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'int32'));
}

/** −Σ target·log softmax for each sample: [N]. */
function softmaxCrossEntropy(tf: TF, logits: Tensor, targets: Tensor): Tensor {
  return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1));
}

/** Σ over classes of log(1 + eˣ) − target·x, which is the cross-entropy of a sigmoid: [N]. */
function binaryCrossEntropy(tf: TF, logits: Tensor, targets: Tensor): Tensor {
  return tf.sum(tf.sub(tf.softplus(logits), tf.mul(targets, logits)), 1);
}
