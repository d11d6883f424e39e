/** @file Each activation as a formula over graph values. Slopes are those of PReLU, shaped to broadcast over x. */
import type { ActivationName, ActivationSpec } from '../model/spec.ts';
import {
  add,
  cast,
  elu,
  erf,
  greater,
  leakyRelu,
  maximum,
  mul,
  prelu,
  relu,
  reshape,
  scaled,
  sigmoid,
  slice,
  softplus,
  tanh,
} from './build.ts';
import { scalar, type Value } from './value.ts';

type Formulas = {
  readonly [N in ActivationName]: (
    x: Value,
    spec: Extract<ActivationSpec, { name: N }>,
    slopes: Value | null,
  ) => Value;
};

/** Constants of SELU (Klambauer et al., 2017), for which mean 0 and variance 1 are a fixed point. */
const SELU_SCALE = 1.050_700_987_355_480_5;
const SELU_ALPHA = 1.673_263_242_354_377_2;

const formulas: Formulas = {
  linear: (x) => x,
  step: (x) => cast(greater(x, scalar(0)), 'float32'),
  sigmoid: (x) => sigmoid(x),
  tanh: (x) => tanh(x),
  relu: (x) => relu(x),
  'leaky-relu': (x, spec) => leakyRelu(x, spec.alpha),
  prelu: (x, _, slopes) => prelu(x, slopes!),
  elu: (x, spec) => elu(x, spec.alpha),
  selu: (x) => scaled(elu(x, SELU_ALPHA), SELU_SCALE),
  // x · sigmoid(βx)
  swish: (x, spec) => mul(x, sigmoid(scaled(x, spec.beta))),
  // x · Φ(x), with Φ the normal distribution function
  gelu: (x) => mul(scaled(x, 0.5), add(erf(scaled(x, Math.SQRT1_2)), scalar(1))),
  softplus: (x) => softplus(x),
  maxout: (x, spec) => maxout(x, spec.pieces),
};

/** Applies an activation to x [N, channels or units, …]. */
export function activate(x: Value, spec: ActivationSpec, slopes: Value | null): Value {
  // The formula of a name takes the spec of that name; TypeScript cannot follow that through the index.
  const formula = formulas[spec.name] as (x: Value, s: ActivationSpec, a: Value | null) => Value;
  return formula(x, spec, slopes);
}

/** x [N, C·k, …] as [N, C, k, …]; the largest of the k pieces, the first of several. */
function maxout(x: Value, pieces: number): Value {
  const [N, channels, ...rest] = x.shape;
  const C = channels! / pieces;
  const parted = reshape(x, [N!, C, pieces, ...rest]);
  const piece = (k: number) => reshape(slice(parted, 2, k, k + 1), [N!, C, ...rest]);
  return Array.from({ length: pieces }, (_, k) => piece(k)).reduce(maximum);
}
