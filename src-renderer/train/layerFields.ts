/** @file The numbers of each kind of layer, as `fields.ts` has those of the training. */
import type { LayerSpec } from '../../src-core/contract/training.ts';
import type { NumberRow } from './fields.ts';

type LayerField = Omit<NumberRow, 'field'>;
const kernel: LayerField = {
  label: 'Kernel',
  help: 'Side of the square of pixels that each output looks at.',
  ...{ min: 1, max: 15, step: 1 },
};
const stride: LayerField = {
  label: 'Stride',
  help: 'How many pixels the window moves at a time; 2 halves the picture.',
  ...{ min: 1, max: 8, step: 1 },
};
const poolFields = {
  size: {
    label: 'Size',
    help: 'Side of the square of pixels that become one.',
    ...{ min: 1, max: 16, step: 1 },
  },
  stride: { ...stride, max: 16, empty: { text: 'size', value: undefined } },
} as const;

/** The numbers of each kind of layer. */
export const layerRows: Readonly<Record<LayerSpec['kind'], Readonly<Record<string, LayerField>>>> =
  {
    dense: {
      units: {
        label: 'Units',
        help: 'How many outputs it has, each connected to every input.',
        ...{ min: 1, max: 8192, step: 1 },
      },
    },
    conv2d: {
      filters: {
        label: 'Filters',
        help: 'How many features it looks for, each with a map of where it was found.',
        ...{ min: 1, max: 1024, step: 1 },
      },
      kernel,
      stride,
    },
    maxPool: poolFields,
    avgPool: poolFields,
    globalAvgPool: {},
    flatten: {},
    dropout: {
      rate: {
        label: 'Rate',
        help: 'The share of outputs that is set to zero in each training step.',
        ...{ min: 0, max: 0.95, step: 0.05 },
      },
    },
    batchNorm: {
      momentum: {
        label: 'Momentum',
        help: 'How slowly the mean and spread used for predictions follow those of the batches.',
        ...{ min: 0, max: 1, step: 0.01 },
      },
      epsilon: {
        label: 'Epsilon',
        help: 'A small number that keeps the division finite where a batch has no spread.',
        ...{ min: 0, max: 1 },
      },
    },
    activation: {},
    residual: {},
  };
