import { describe, expect, it } from 'vitest';
import { FromTrainer, ToTrainer } from './messages.ts';
import { createStepBuffer } from './metrics.ts';

describe('the metrics of steps', () => {
  it('come out in order, once, under the number of the first', () => {
    const buffer = createStepBuffer();
    expect(buffer.take()).toBeNull();
    buffer.add(7, 2, 0.25, 0.5, 1000);
    buffer.add(8, 1, 0.5, 0.25, 2000);
    expect(buffer.take()).toEqual({
      firstStep: 7,
      series: {
        loss: Float32Array.of(2, 1),
        accuracy: Float32Array.of(0.25, 0.5),
        learningRate: Float32Array.of(0.5, 0.25),
        samplesPerSecond: Float32Array.of(1000, 2000),
      },
    });
    expect(buffer.take()).toBeNull();
  });

  it('are copies: what comes later does not change them', () => {
    const buffer = createStepBuffer();
    buffer.add(1, 5, 0, 0, 0);
    const first = buffer.take();
    buffer.add(2, 6, 0, 0, 0);
    expect(first!.series.loss).toEqual(Float32Array.of(5));
  });

  it('say when there is no more room', () => {
    const buffer = createStepBuffer();
    let step = 0;
    while (!buffer.isFull()) buffer.add(++step, 0, 0, 0, 0);
    expect(buffer.take()!.series.loss).toHaveLength(step);
    expect(buffer.isFull()).toBe(false);
  });

  it('keep a loss that is not a number through the protocol', () => {
    const buffer = createStepBuffer();
    buffer.add(1, NaN, 0, 0, Infinity);
    const message = FromTrainer.parse({ kind: 'steps', ...buffer.take() });
    expect(message).toMatchObject({
      series: { loss: Float32Array.of(NaN), samplesPerSecond: Float32Array.of(Infinity) },
    });
  });
});

it.each([
  ['no message', { kind: 'dance' }],
  ['a missing field', { kind: 'paused' }],
  ['plain numbers for a series', { kind: 'steps', firstStep: 1, series: { loss: [1] } }],
  [
    'a file outside its folder',
    { kind: 'checkpoint', last: { file: '../x', hash: '', step: 1, epoch: 1 }, best: null },
  ],
])('the protocol refuses %s', (_what, message) =>
  expect(FromTrainer.safeParse(message).success).toBe(false),
);

it('a snapshot is named by its hash and nothing else', () =>
  expect(ToTrainer.safeParse({ kind: 'start', snapshot: '../../x' }).success).toBe(false));
