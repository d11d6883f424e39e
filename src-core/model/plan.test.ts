import { describe, expect, it } from 'vitest';
import { planOptions, planSpec } from './plan.ts';

const input = { channels: 1, height: 28, width: 28 } as const;

describe('planOptions', () => {
  it("takes the preset's rate for its own optimizer only", () => {
    expect(planOptions({ preset: 'mlp-128-64' }).learningRate).toBe(2e-3);
    expect(planOptions({ preset: 'mlp-128-64', optimizer: 'sgd' }).learningRate).toBe(0.1);
    expect(planOptions({ preset: 'mlp-128-64', learningRate: 0.3 }).learningRate).toBe(0.3);
  });

  it('reads names: loss, schedule, augmentation', () => {
    const options = planOptions({
      preset: 'softmax',
      loss: 'mse',
      schedule: 'step',
      epochs: 9,
      augmentation: 'digits',
    });
    expect(options.loss).toEqual({ kind: 'meanSquaredError' });
    expect(options.schedule).toEqual({ kind: 'step', everyEpochs: 3, factor: 0.5 });
    expect(options.augmentation).toMatchObject({ rotateDegrees: 10, elasticPixels: 0 });
  });

  it('lets "none" take a preset\'s augmentation away', () => {
    expect(planOptions({ preset: 'best-digits' }).augmentation).not.toBeNull();
    expect(planOptions({ preset: 'best-digits', augmentation: 'none' }).augmentation).toBeNull();
  });

  it.each([
    ['epochs', { epochs: 0 }],
    ['batchSize', { batchSize: 70_000 }],
    ['learningRate', { learningRate: -1 }],
    ['seed', { seed: 0.5 }],
    ['augmentation', { augmentation: 'glitter' }],
  ])('names %s when it cannot be', (setting, fields) => {
    expect(() => planOptions({ preset: 'softmax', ...fields })).toThrow(setting);
  });
});

describe('planSpec', () => {
  it('takes a constant after the name', () => {
    const { layers } = planSpec({ preset: 'mlp-16-16', activation: 'leaky-relu:0.2' }, input, 10);
    expect(layers[1]).toMatchObject({ activation: { name: 'leaky-relu', alpha: 0.2 } });
  });

  it.each([
    ['preset-unknown', { preset: 'huge' }],
    ['activation-unknown', { preset: 'softmax', activation: 'relish' }],
    ['setting-invalid', { preset: 'softmax', activation: 'elu:x' }],
    ['setting-invalid', { preset: 'softmax', activation: 'relu:1' }],
    ['setting-invalid', { preset: 'softmax', output: 'linear' }],
  ])('refuses with %s', (code, request) => {
    expect(() => planSpec(request, input, 10)).toThrow(expect.objectContaining({ code }));
  });
});
