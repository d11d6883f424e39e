import { expect, test } from 'vitest';
import { frozenDigits, newRun, temporaryWorkspace } from '../workspace/fixture.ts';
import { runInfo } from './runInfo.ts';
import { storedRun } from './storedRun.ts';

const epoch = (number: number, accuracy: number) => ({
  epoch: number,
  step: 4 * number,
  learningRate: 0.001,
  train: { loss: NaN, accuracy: 0.5 },
  validation: { loss: 1 / number, accuracy },
  timing: { seconds: 2, stepSeconds: 1, engineSeconds: 1 },
  samplesPerSecond: 8,
  probed: 'validation',
  layers: [],
});

test('a run that an earlier version stored without its progress has it from its metrics', () => {
  const workspace = temporaryWorkspace();
  const { id } = workspace.runs.create(newRun(frozenDigits(workspace)));
  for (const [i, accuracy] of [0.5, 0.9, 0.7].entries()) {
    const { step, ...values } = epoch(i + 1, accuracy);
    workspace.metrics.addEpoch(id, { epoch: i + 1, step, values: { step, ...values } });
  }
  // Two steps of the fourth epoch: 16 samples (fewer than a batch of 128) at 8 a second are 2 seconds each.
  const samplesPerSecond = Float32Array.of(8, 8);
  workspace.metrics.addSteps(id, { firstStep: 13, series: { samplesPerSecond } });
  workspace.runs.setState(id, { status: 'interrupted', error: null });
  const stored = storedRun(workspace, id);
  expect(stored).toMatchObject({ step: 14, seconds: 6 + 4, parameters: 14 });
  expect(runInfo(stored, { place: null, dataset: null, now: null })).toMatchObject({
    name: 'Linear · seed 3',
    network: 'Softmax regression',
    epoch: 3,
    stepsPerEpoch: 4,
    batchSize: 16,
    lastTrain: { loss: 'NaN', accuracy: 0.5 },
    bestEpoch: 2,
    bestValidationAccuracy: 0.9,
    test: null,
    secondsLeft: null,
    problem: { code: 'run-interrupted' },
  });
});
