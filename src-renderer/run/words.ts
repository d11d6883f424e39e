/** @file A run in words: how far it is, whether it repeats another one exactly, and its layers. */
import type { Capsule, LayerSpec, RunInfo } from '../../src-core/contract/training.ts';
import { durationText, plural } from '../ui/format.ts';

/** `training, epoch 3 of 10, about 2 min left`. */
export function statusText(run: RunInfo): string {
  const far = `${run.epoch} of ${plural(run.epochs, 'epoch')}`;
  switch (run.status) {
    case 'queued':
      return run.place === null ? 'waiting' : `waiting, number ${run.place} in the queue`;
    case 'running':
      return run.isStalled
        ? `training, ${far}; nothing was heard of it for a while`
        : `training, ${far}${leftText(run.secondsLeft)}`;
    case 'paused':
    case 'interrupted':
    case 'stopped':
    case 'failed':
      return `${run.status}, ${far}`;
    case 'finished':
      return `finished, ${plural(run.epoch, 'epoch')}`;
    default:
      throw new TypeError(run.status satisfies never);
  }
}

const leftText = (seconds: number | null): string =>
  seconds === null ? '' : `, about ${durationText(seconds)} left`;

/**
 * Whether a repeated run came out as the first one did; null: it repeats none.
 *
 * @param first  the run it repeats; undefined: removed since
 */
export function repeatText(run: RunInfo, first: RunInfo | undefined): string | null {
  const { repeats, status } = run;
  if (repeats === null) return null;
  if (first !== undefined && first.epochs !== run.epochs)
    return `It repeats ${repeats.run}, but one of the two has since been extended: with ${run.epochs} and ${first.epochs} epochs, their parameters differ.`;
  if (repeats.identical === true)
    return `It repeats ${repeats.run}, and its parameters came out identical, bit for bit.`;
  if (repeats.identical === false)
    return `It repeats ${repeats.run}, and its parameters did not come out identical. Compare engine, device, threads and versions below.`;
  return status === 'finished'
    ? `It repeats ${repeats.run}, which has no parameters to compare with.`
    : `It repeats ${repeats.run}; whether its parameters come out identical is known at its end.`;
}

/** Of several runs that repeat this one. */
export function repeatedText(repetitions: readonly RunInfo[]): string | null {
  if (repetitions.length === 0) return null;
  const said = repetitions.map(({ run, repeats }) => {
    if (repeats?.identical === true) return `${run} came out identical`;
    return repeats?.identical === false ? `${run} came out different` : `${run} is not done`;
  });
  return `It was repeated: ${said.join(', ')}.`;
}

type Spec = Capsule['spec'];
type Activation = Extract<LayerSpec, { activation: unknown }>['activation'];

/** Every layer as a line, the classifying one last. @param titleOf  an activation's name for people */
export function layerLines(spec: Spec, titleOf: (name: string) => string): readonly string[] {
  const last = spec.output === 'softmax' ? 'softmax' : 'sigmoid';
  return [
    ...spec.layers.map((layer) => layerText(layer, titleOf)),
    `Dense ${spec.classes}, ${last}`,
  ];
}

function layerText(layer: LayerSpec, titleOf: (name: string) => string): string {
  const then = (activation: Activation): string =>
    activation.name === 'linear' ? '' : `, ${activationText(activation, titleOf)}`;
  switch (layer.kind) {
    case 'dense':
      return `Dense ${layer.units}${then(layer.activation)}`;
    case 'conv2d':
      return `Convolution ${layer.filters}, ${layer.kernel} × ${layer.kernel}${strideText(layer.stride)}, ${layer.padding}${then(layer.activation)}`;
    case 'maxPool':
    case 'avgPool':
      return `${layer.kind === 'maxPool' ? 'Max' : 'Average'} pooling ${layer.size} × ${layer.size}${strideText(layer.stride ?? layer.size, layer.size)}`;
    case 'globalAvgPool':
      return 'Global average pooling';
    case 'flatten':
      return 'Flatten';
    case 'dropout':
      return `Dropout ${layer.rate}`;
    case 'batchNorm':
      return 'Batch normalization';
    case 'activation':
      return activationText(layer.activation, titleOf);
    case 'residual':
      return `Residual block (${layer.layers.map((each) => layerText(each, titleOf)).join(' → ')})${then(layer.activation)}`;
    default:
      throw new TypeError(layer satisfies never);
  }
}

const strideText = (stride: number, usual = 1): string =>
  stride === usual ? '' : `, every ${stride}`;

/** `Leaky ReLU (alpha 0.01)`. */
function activationText(activation: Activation, titleOf: (name: string) => string): string {
  const constants = Object.entries(activation)
    .filter(([field]) => field !== 'name')
    .map(([field, value]) => `${field} ${value}`);
  const title = titleOf(activation.name);
  return constants.length === 0 ? title : `${title} (${constants.join(', ')})`;
}
