/**
 * @file What is known of each activation apart from its formula, which is in `graph/activations.ts`: its name
 * for people, one sentence, whether it is monotone, and the initializer that suits it.
 */
import type { ActivationName, ActivationSpec } from './spec.ts';
import { ActivationSpec as schema } from './spec.ts';

export type Initializer = 'he' | 'glorot' | 'lecun';

type Row = {
  readonly title: string;
  readonly sentence: string;
  /** Never falls: it may move behind a max pooling without changing the result. */
  readonly monotone: boolean;
  readonly initializer: Initializer;
};

export const activations = {
  linear: {
    title: 'Linear',
    sentence: 'Passes its input on: a network of linear layers is one linear layer.',
    monotone: true,
    initializer: 'glorot',
  },
  step: {
    title: 'Binary step',
    sentence: 'Zero or one: its slope is zero everywhere, so nothing below it can learn.',
    monotone: true,
    initializer: 'glorot',
  },
  sigmoid: {
    title: 'Sigmoid',
    sentence: 'Squashes to 0 … 1; flat ends make deep networks slow to learn.',
    monotone: true,
    initializer: 'glorot',
  },
  tanh: {
    title: 'Tanh',
    sentence: 'Squashes to −1 … 1, centered on zero; flat at both ends.',
    monotone: true,
    initializer: 'glorot',
  },
  relu: {
    title: 'ReLU',
    sentence: 'Zero below zero, unchanged above: fast and the usual first choice.',
    monotone: true,
    initializer: 'he',
  },
  'leaky-relu': {
    title: 'Leaky ReLU',
    sentence: 'Like ReLU with a small slope below zero, so that no unit dies.',
    monotone: true,
    initializer: 'he',
  },
  prelu: {
    title: 'PReLU',
    sentence: 'Leaky ReLU whose slopes are learned, one per unit or channel.',
    monotone: false,
    initializer: 'he',
  },
  elu: {
    title: 'ELU',
    sentence: 'Smooth below zero, down to −α: keeps the mean output near zero.',
    monotone: true,
    initializer: 'he',
  },
  selu: {
    title: 'SELU',
    sentence: 'ELU scaled so that dense layers keep mean 0 and variance 1 by themselves.',
    monotone: true,
    initializer: 'lecun',
  },
  swish: {
    title: 'Swish',
    sentence: 'x · sigmoid(βx): smooth, dips slightly below zero before it rises.',
    monotone: false,
    initializer: 'he',
  },
  gelu: {
    title: 'GELU',
    sentence: 'x weighted by the normal distribution: the usual choice in transformers.',
    monotone: false,
    initializer: 'he',
  },
  softplus: {
    title: 'Softplus',
    sentence: 'log(1 + eˣ): a smooth ReLU that never becomes exactly zero.',
    monotone: true,
    initializer: 'he',
  },
  maxout: {
    title: 'Maxout',
    sentence: 'The largest of k linear pieces: learns its own shape for k times the weights.',
    monotone: false,
    initializer: 'glorot',
  },
} as const satisfies Record<ActivationName, Row>;

export const activationNames = Object.keys(activations).filter(isActivationName);

export function isActivationName(name: string): name is ActivationName {
  return Object.hasOwn(activations, name);
}

/** The constant an activation can be given, by its name in the spec. */
const constants = {
  'leaky-relu': 'alpha',
  prelu: 'initial',
  elu: 'alpha',
  swish: 'beta',
  maxout: 'pieces',
} as const satisfies Partial<Record<ActivationName, string>>;

export function constantOf(name: ActivationName): string | null {
  return Object.entries(constants).find(([each]) => each === name)?.[1] ?? null;
}

/** `swish`, or `swish:2` where the constant is not the usual one: what is compared as one thing. */
export function activationLabel(spec: ActivationSpec): string {
  const field = constantOf(spec.name);
  if (field === null) return spec.name;
  const valueIn = (each: ActivationSpec) =>
    Object.entries(each).find(([key]) => key === field)?.[1];
  const value = valueIn(spec);
  return value === valueIn(defaultActivation(spec.name)) ? spec.name : `${spec.name}:${value}`;
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
