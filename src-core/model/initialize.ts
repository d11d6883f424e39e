/**
 * @file Initial parameters. Every parameter draws from a stream of its own name, so that two networks with the
 * same seed start from equal values wherever names, shapes and initializers agree.
 */
import { stream } from '../random.ts';
import { activations, type Initializer } from './activations.ts';
import { size, type Network, type Param } from './layers.ts';
import type { ModelSpec } from './spec.ts';

/** Values as an engine takes them: float32, row-major, in the order of `network.params`. */
export function initialParams(
  network: Network,
  seed: number,
): Record<string, { shape: readonly number[]; data: Float32Array }> {
  return Object.fromEntries(
    network.params.map((param) => [
      param.name,
      { shape: param.shape, data: initialValues(param, network.spec.initializer, seed) },
    ]),
  );
}

/** Standard deviation of an initial kernel: He √(2/in), Glorot √(2/(in+out)), LeCun √(1/in). */
const deviation: Record<Initializer, (fanIn: number, fanOut: number) => number> = {
  he: (fanIn) => Math.sqrt(2 / fanIn),
  glorot: (fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut)),
  lecun: (fanIn) => Math.sqrt(1 / fanIn),
};

function initialValues(
  param: Param,
  initializer: ModelSpec['initializer'],
  seed: number,
): Float32Array {
  const values = new Float32Array(size(param.shape));
  switch (param.role) {
    case 'kernel':
      return fillNormal(values, param, initializer, seed);
    case 'slopes':
      return values.fill(param.activation.name === 'prelu' ? param.activation.initial : 0);
    case 'scale':
    case 'variance':
      return values.fill(1);
    case 'bias':
    case 'offset':
    case 'mean':
      return values;
    default:
      return param.role satisfies never;
  }
}

/** Normal, redrawn beyond two deviations: the truncated normal every framework uses for these initializers. */
function fillNormal(
  values: Float32Array,
  param: Param,
  initializer: ModelSpec['initializer'],
  seed: number,
): Float32Array {
  const rule =
    initializer === 'auto' ? activations[param.activation.name].initializer : initializer;
  const sd = deviation[rule](param.fanIn, param.fanOut) / TRUNCATED_SD;
  const random = stream(seed, `init/${param.name}`);
  for (let i = 0; i < values.length; i++) {
    let draw = random.normal();
    while (Math.abs(draw) > 2) draw = random.normal();
    values[i] = draw * sd;
  }
  return values;
}

/** Standard deviation of a standard normal cut at ±2. */
const TRUNCATED_SD = 0.879_625_661_034_239_8;
