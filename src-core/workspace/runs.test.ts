import { describe, expect, test } from 'vitest';
import { frozenDigits, newRun, temporaryWorkspace } from './fixture.ts';
import { parseRunId, type RunState } from './runs.ts';

function oneRun() {
  const workspace = temporaryWorkspace();
  const snapshot = frozenDigits(workspace);
  return { workspace, snapshot, run: workspace.runs.create(newRun(snapshot)) };
}

describe('a run', () => {
  test('comes back as it was made, under a short name', () => {
    const { workspace, snapshot, run } = oneRun();
    expect(run.id).toBe('r1');
    expect(workspace.runs.get(parseRunId(' R1 '))).toEqual(run);
    expect(run).toMatchObject({
      ...newRun(snapshot),
      startedAt: null,
      state: { status: 'queued' },
    });
    expect(workspace.runs.create(newRun(snapshot)).id).toBe('r2');
    expect(workspace.runs.list().map((one) => one.id)).toEqual(['r1', 'r2']);
    const { id } = workspace.datasets.get('digits');
    expect(workspace.runs.list(id)).toHaveLength(2);
  });

  test.each<RunState>([
    { status: 'running', process: 4242 },
    { status: 'paused' },
    { status: 'interrupted', error: null },
    { status: 'interrupted', error: { code: 'trainer-crashed', message: 'No.', hint: 'Do.' } },
    { status: 'stopped' },
    { status: 'finished', result: { loss: NaN, best: Infinity } },
    { status: 'failed', error: { code: 'layer-shape', message: 'No.', hint: 'Do.' } },
  ])('can be $status', (state) => {
    const { workspace, run } = oneRun();
    workspace.runs.setState(run.id, state);
    expect(workspace.runs.get(run.id).state).toEqual(state);
  });

  test('of a snapshot that is not stored is refused', () => {
    const { workspace, snapshot } = oneRun();
    const missing = {
      ...newRun(snapshot),
      snapshot: snapshot.replace(/^./, 'x') as typeof snapshot,
    };
    expect(() => workspace.runs.create(missing)).toThrow(/FOREIGN KEY/);
  });

  test.each(['r99', '', 'r0', 'one', 'r1; DROP TABLE run'])('named %j is unknown', (name) => {
    const { workspace } = oneRun();
    expect(() => workspace.runs.get(parseRunId(name))).toThrow(
      expect.objectContaining({ code: 'run-unknown' }),
    );
  });
});

describe('metrics', () => {
  const steps = (firstStep: number, values: number[]) => ({
    firstStep,
    series: { loss: Float32Array.from(values), rate: Float32Array.from(values, (v) => v / 2) },
  });

  test('come back in order, with what is not finite', () => {
    const { workspace, run } = oneRun();
    const second = steps(3, [NaN, Infinity]);
    workspace.metrics.addSteps(run.id, second);
    workspace.metrics.addSteps(run.id, steps(1, [0.5, 0.25]));
    workspace.metrics.addEpoch(run.id, { epoch: 1, step: 4, values: { loss: -Infinity } });
    expect(workspace.metrics.steps(run.id)).toEqual([steps(1, [0.5, 0.25]), second]);
    expect(workspace.metrics.steps(run.id, 2)).toEqual([second]);
    expect(workspace.metrics.epochs(run.id)).toEqual([
      { epoch: 1, step: 4, values: { loss: -Infinity } },
    ]);
  });

  test('after a step are forgotten, and a flush across it is cut', () => {
    const { workspace, run } = oneRun();
    workspace.metrics.addSteps(run.id, steps(1, [1, 2, 3]));
    workspace.metrics.addSteps(run.id, steps(4, [4, 5, 6]));
    workspace.metrics.addSteps(run.id, steps(7, [7, 8]));
    for (const [epoch, step] of [
      [1, 3],
      [2, 6],
    ] as const)
      workspace.metrics.addEpoch(run.id, { epoch, step, values: null });
    workspace.metrics.deleteAfter(run.id, 4);
    expect(workspace.metrics.steps(run.id)).toEqual([steps(1, [1, 2, 3]), steps(4, [4])]);
    expect(workspace.metrics.epochs(run.id).map((one) => one.epoch)).toEqual([1]);
  });

  test('of different lengths are refused', () => {
    const { workspace, run } = oneRun();
    const series = { loss: new Float32Array(2), rate: new Float32Array(3) };
    expect(() => workspace.metrics.addSteps(run.id, { firstStep: 1, series })).toThrow(
      /one length/,
    );
  });
});

describe('what a run leaves', () => {
  test('is one checkpoint of each kind, the newest', () => {
    const { workspace, run } = oneRun();
    const last = { kind: 'last', step: 5, epoch: 1, file: 'r1/last', hash: 'aa' } as const;
    const best = { kind: 'best', step: 3, epoch: 1, file: 'r1/best', hash: 'bb' } as const;
    for (const one of [last, best, { ...last, step: 9 }]) workspace.checkpoints.put(run.id, one);
    expect(workspace.checkpoints.get(run.id, 'last')).toEqual({ ...last, step: 9 });
    expect(workspace.checkpoints.get(run.id, 'best')).toEqual(best);
    workspace.checkpoints.remove(run.id, 'best');
    expect(workspace.checkpoints.get(run.id, 'best')).toBeUndefined();
  });

  test('is its predictions by part, float for float', () => {
    const { workspace, run } = oneRun();
    const probabilities = Float32Array.of(0.1, 0.9, NaN, 1 / 3);
    workspace.predictions.put(run.id, 'test', new Float32Array(2));
    workspace.predictions.put(run.id, 'test', probabilities);
    expect(workspace.predictions.get(run.id, 'test')).toEqual(probabilities);
    expect(workspace.predictions.get(run.id, 'train')).toBeUndefined();
  });

  test('is its exports, oldest first', () => {
    const { workspace, run } = oneRun();
    const made = ['onnx', 'c'].map((format) => ({
      format,
      files: [`${format}/model`],
      verified: { samples: 1000, maxAbsDiff: 1e-7 },
    }));
    for (const one of made) workspace.exports.add(run.id, one);
    expect(workspace.exports.list(run.id)).toMatchObject(made);
  });
});
