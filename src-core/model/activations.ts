/**
 * @file What is known of each activation apart from its formula, which is in `graph/activations.ts`: its name
 * for people, what it is and when to use it, whether it is monotone or jumps, the initializer that suits it, its constant.
 */
import type { ActivationName, ActivationSpec } from './spec.ts';
import { ActivationSpec as schema } from './spec.ts';

export type Initializer = 'he' | 'glorot' | 'lecun';

type Row = {
  readonly title: string;
  readonly sentence: string;
  /** When to use it, in a sentence. */
  readonly use: string;
  /** Never falls: it may move behind a max pooling without changing the result. */
  readonly monotone: boolean;
  /** Somewhere the least change of its input changes its output by a lot. */
  readonly jumps: boolean;
  readonly initializer: Initializer;
};

export const activations = {
  linear: {
    title: 'Linear',
    sentence: 'Passes its input on: a network of linear layers is one linear layer.',
    use: 'To see what hidden layers are worth: without a bend between them they add nothing.',
    monotone: true,
    jumps: false,
    initializer: 'glorot',
  },
  step: {
    title: 'Binary step',
    sentence: 'Zero or one: its slope is zero everywhere, so nothing below it can learn.',
    use: 'To see why a slope is needed; only the layers behind it learn.',
    monotone: true,
    jumps: true,
    initializer: 'glorot',
  },
  sigmoid: {
    title: 'Sigmoid',
    sentence: 'Squashes to 0 … 1; flat ends make deep networks slow to learn.',
    use: 'For networks of one or two hidden layers, and to see gradients fade in deeper ones.',
    monotone: true,
    jumps: false,
    initializer: 'glorot',
  },
  tanh: {
    title: 'Tanh',
    sentence: 'Squashes to −1 … 1, centered on zero; flat at both ends.',
    use: 'For small dense networks, where it learns faster than the sigmoid.',
    monotone: true,
    jumps: false,
    initializer: 'glorot',
  },
  relu: {
    title: 'ReLU',
    sentence: 'Zero below zero, unchanged above: fast and the usual first choice.',
    use: 'To begin with, and as what the others are compared with.',
    monotone: true,
    jumps: false,
    initializer: 'he',
  },
  'leaky-relu': {
    title: 'Leaky ReLU',
    sentence: 'Like ReLU with a small slope below zero, so that no unit dies.',
    use: 'When health shows many dead units with ReLU.',
    monotone: true,
    jumps: false,
    initializer: 'he',
  },
  prelu: {
    title: 'PReLU',
    sentence: 'Leaky ReLU whose slopes are learned, one per unit or channel.',
    use: 'With enough images that a slope for every unit can be learned; the curve is at its first slope.',
    monotone: false,
    jumps: false,
    initializer: 'he',
  },
  elu: {
    title: 'ELU',
    sentence: 'Smooth below zero, down to −α: keeps the mean output near zero.',
    use: 'For dense networks without batch normalization; a step takes longer than with ReLU.',
    monotone: true,
    jumps: false,
    initializer: 'he',
  },
  selu: {
    title: 'SELU',
    sentence: 'ELU scaled so that dense layers keep mean 0 and variance 1 by themselves.',
    use: 'For deep stacks of dense layers without batch normalization.',
    monotone: true,
    jumps: false,
    initializer: 'lecun',
  },
  swish: {
    title: 'Swish',
    sentence: 'x · sigmoid(βx): smooth, dips slightly below zero before it rises.',
    use: 'For deeper convolutional networks, if the longer step is worth it.',
    monotone: false,
    jumps: false,
    initializer: 'he',
  },
  gelu: {
    title: 'GELU',
    sentence: 'x weighted by the normal distribution: the usual choice in transformers.',
    use: 'As an alternative to Swish, much like it in shape and in cost.',
    monotone: false,
    jumps: false,
    initializer: 'he',
  },
  softplus: {
    title: 'Softplus',
    sentence: 'log(1 + eˣ): a smooth ReLU that never becomes exactly zero.',
    use: 'When the slope must be smooth everywhere; it seldom learns better than ReLU.',
    monotone: true,
    jumps: false,
    initializer: 'he',
  },
  maxout: {
    title: 'Maxout',
    sentence: 'The largest of k linear pieces: learns its own shape for k times the weights.',
    use: 'When accuracy counts more than size; here drawn for the two pieces x and −x/4.',
    monotone: false,
    jumps: false,
    initializer: 'glorot',
  },
} as const satisfies Record<ActivationName, Row>;

export const activationNames = Object.keys(activations).filter(isActivationName);

export function isActivationName(name: string): name is ActivationName {
  return Object.hasOwn(activations, name);
}

/** A constant an activation can be given; `field` is its name in the spec, the limits are those of the schema. */
export type Constant = {
  readonly field: string;
  readonly title: string;
  readonly min: number;
  readonly max: number;
};

const constants = {
  'leaky-relu': { field: 'alpha', title: 'Slope below zero', min: 0, max: 1 },
  prelu: { field: 'initial', title: 'First slope below zero', min: 0, max: 1 },
  elu: { field: 'alpha', title: 'Depth α below zero', min: 0.01, max: 10 },
  swish: { field: 'beta', title: 'Steepness β', min: 0.01, max: 10 },
  maxout: { field: 'pieces', title: 'Pieces', min: 2, max: 8 },
} as const satisfies Partial<Record<ActivationName, Constant>>;

export function constantOf(name: ActivationName): Constant | null {
  return Object.entries(constants).find(([each]) => each === name)?.[1] ?? null;
}

/** The value of an activation's constant; null: it has none. */
export function constantValue(spec: ActivationSpec): number | null {
  const field = constantOf(spec.name)?.field;
  const value = Object.entries(spec).find(([key]) => key === field)?.[1];
  return typeof value === 'number' ? value : null;
}

/** `swish`, or `swish:2` where the constant is not the usual one: what is compared as one thing. */
export function activationLabel(spec: ActivationSpec): string {
  const value = constantValue(spec);
  return value === null || value === constantValue(defaultActivation(spec.name))
    ? spec.name
    : `${spec.name}:${value}`;
}

/** The name for people: `Swish`, `Swish 2`. */
export function activationTitle(label: string): string {
  const [name = '', constant] = label.split(':');
  const title = isActivationName(name) ? activations[name].title : name;
  return constant === undefined ? title : `${title} ${constant}`;
}

/** An activation with its usual constants. */
export function defaultActivation(name: ActivationName): ActivationSpec {
  return schema.parse({ name });
}
