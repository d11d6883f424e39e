import { describe, expect, it } from 'vitest';
import { resolveNetwork } from '../model/layers.ts';
import { options, smallSpec } from './testing.ts';
import { warningsFor } from './warnings.ts';

const step = { name: 'step' };
const relu = { name: 'relu' };
const flatten = { kind: 'flatten' };
const dense = (activation: unknown) => ({ kind: 'dense', units: 4, activation });
const conv = (activation: unknown) => ({
  kind: 'conv2d',
  filters: 1,
  kernel: 3,
  padding: 'same',
  activation,
});

function messages(layers: unknown, some = {}, hasValidation = true) {
  return warningsFor(resolveNetwork(smallSpec(layers)), options(some), hasValidation);
}

describe('the binary step', () => {
  it.each([
    ['the layer it ends', [flatten, dense(step)], 'dense1'],
    ['the layers below, too', [flatten, dense(relu), dense(step), dense(relu)], 'dense1, dense2'],
    [
      'a step of its own',
      [conv(relu), { kind: 'batchNorm' }, { kind: 'activation', activation: step }],
      'conv2d1, batchNorm1',
    ],
    [
      'only the branch of a block',
      [conv(relu), { kind: 'residual', layers: [conv(relu), conv(step)] }],
      'conv2d2, conv2d3',
    ],
    [
      'all below a block it ends',
      [conv(relu), { kind: 'residual', layers: [conv(relu)], activation: step }],
      'conv2d1, conv2d2',
    ],
  ])('keeps from learning: %s', (_what, layers, names) =>
    expect(messages(layers)).toEqual([
      { code: 'step-activation', message: expect.stringContaining(`so ${names} cannot learn`) },
    ]),
  );

  it('is not missed where it is not', () => expect(messages([flatten, dense(relu)])).toEqual([]));
});

it('early stopping needs validation images', () => {
  const earlyStopping = { patience: 2 };
  expect(messages([flatten], { earlyStopping })).toEqual([]);
  expect(messages([flatten], { earlyStopping }, false)).toMatchObject([
    { code: 'early-stopping-blind' },
  ]);
});
