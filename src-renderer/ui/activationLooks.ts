/**
 * @file The color and dash of each activation, the same in every chart and table. The colors are told apart by
 * color-blind eyes, and have a contrast of at least 3 : 1 to the page in their theme.
 */

export type ActivationLook = {
  readonly light: string;
  readonly dark: string;
  /** Lengths of strokes and gaps in pixels; empty: solid. */
  readonly dash: readonly number[];
};

/** By name, as the core's table of activations has them. */
export const activationLooks: Readonly<Record<string, ActivationLook>> = {
  relu: { light: '#0072b2', dark: '#3690c2', dash: [] },
  'leaky-relu': { light: '#bf8400', dark: '#e69f00', dash: [6, 3] },
  prelu: { light: '#009e73', dark: '#009e73', dash: [2, 2] },
  swish: { light: '#c675a2', dark: '#cc79a7', dash: [8, 3, 2, 3] },
  elu: { light: '#4897c4', dark: '#56b4e9', dash: [12, 3] },
  gelu: { light: '#d55e00', dark: '#d8680f', dash: [5, 2, 2, 2, 2, 2] },
  tanh: { light: '#882255', dark: '#b57696', dash: [10, 3, 2, 3, 2, 3] },
  sigmoid: { light: '#939331', dark: '#999933', dash: [3, 3] },
  selu: { light: '#3f9e8e', dark: '#44aa99', dash: [6, 2, 1, 2] },
  softplus: { light: '#aa4499', dark: '#bc6bae', dash: [1, 2] },
  maxout: { light: '#117733', dark: '#4a9864', dash: [12, 3, 4, 3] },
  linear: { light: '#7f7f7f', dark: '#888888', dash: [] },
  step: { light: '#8f8f8f', dark: '#b0b0b0', dash: [4, 4] },
};

/** Of a network whose activation has no entry: of several kinds, or none. */
const plain: ActivationLook = { light: '#5b6472', dark: '#9aa4b2', dash: [] };

/**
 * @param label  `swish`, or with its constant `swish:2`, which is dotted, so that it differs from the usual one: the
 *   gap follows from the constant.
 */
export function activationLook(label: string): ActivationLook {
  const [name = '', constant] = label.split(':');
  const look = activationLooks[name] ?? plain;
  return constant === undefined ? look : { ...look, dash: [2, gapOf(constant)] };
}

const gapOf = (constant: string): number =>
  3 + ([...constant].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % 5);

/** The color for the theme in force, as CSS: it changes with the theme by itself. */
export function activationColor(label: string): string {
  const { light, dark } = activationLook(label);
  return `light-dark(${light}, ${dark})`;
}
