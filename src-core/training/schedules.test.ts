import { describe, expect, it } from 'vitest';
import { ScheduleSpec } from '../model/spec.ts';
import { learningRateAt } from './schedules.ts';

const stepsPerEpoch = 10;
const at = (step: number, schedule: unknown, warmUpEpochs = 0, epochs = 4): number =>
  learningRateAt(
    step,
    { epochs, learningRate: 0.5, schedule: ScheduleSpec.parse(schedule), warmUpEpochs },
    stepsPerEpoch,
  );

describe('the learning rate', () => {
  it.each([
    ['stays', { kind: 'constant' }, 1, 0.5],
    ['stays to the end', { kind: 'constant' }, 40, 0.5],
    ['has not fallen at the last step of an epoch', { kind: 'step', everyEpochs: 1 }, 10, 0.5],
    ['falls at the first step of the next', { kind: 'step', everyEpochs: 1 }, 11, 0.25],
    ['falls once more', { kind: 'step', everyEpochs: 1 }, 21, 0.125],
    ['falls every second epoch', { kind: 'step', everyEpochs: 2, factor: 0.1 }, 40, 0.05],
    ['begins the cosine at the full rate', { kind: 'cosine', floor: 0.1 }, 1, 0.5],
    ['ends the cosine at the floor', { kind: 'cosine', floor: 0.1 }, 40, 0.05],
    ['begins the cycle low', { kind: 'one-cycle', startFactor: 0.04 }, 1, 0.02],
    ['ends the cycle lowest', { kind: 'one-cycle', endFactor: 0.0004 }, 40, 0.0002],
    ['begins at the peak when that is at the start', { kind: 'one-cycle', peakAt: 0 }, 1, 0.5],
    ['ends at the peak when that is at the end', { kind: 'one-cycle', peakAt: 1 }, 40, 0.5],
  ])('%s', (_what, schedule, step, expected) => expect(at(step, schedule)).toBe(expected));

  it('is halfway down the cosine in the middle', () =>
    expect(at(2, { kind: 'cosine' }, 0, 0.3)).toBeCloseTo(0.25, 12));

  it('peaks once in a cycle, where it was asked to', () => {
    const rates = Array.from({ length: 41 }, (_, i) =>
      at(i + 1, { kind: 'one-cycle', peakAt: 0.25 }, 0, 4.1),
    );
    expect(rates.indexOf(Math.max(...rates))).toBe(10);
    expect(rates[10]).toBe(0.5);
  });

  it.each([{ kind: 'constant' }, { kind: 'cosine' }, { kind: 'one-cycle', startFactor: 1 }])(
    'rises linearly before $kind, which begins after it',
    (schedule) => {
      expect(at(1, schedule, 0.5)).toBe(0.1);
      expect(at(4, schedule, 0.5)).toBe(0.4);
      expect(at(5, schedule, 0.5)).toBe(0.5);
      expect(at(6, schedule, 0.5)).toBe(0.5);
    },
  );

  it('only rises when warm-up is longer than the run', () =>
    expect(at(40, { kind: 'cosine' }, 9)).toBe(0.5));

  it('is the full rate for a run of one step', () =>
    expect(
      learningRateAt(
        1,
        { epochs: 1, learningRate: 0.5, schedule: { kind: 'cosine', floor: 0 }, warmUpEpochs: 0 },
        1,
      ),
    ).toBe(0.5));
});
