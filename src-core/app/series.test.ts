/** @file Packed series: what is in them, how long ones are thinned, and that many of them do not hold anything up. */
import { expect, test } from 'vitest';
import { seriesPointsMax } from '../contract/training.ts';
import { frozenDigits, newRun, temporaryWorkspace } from '../workspace/fixture.ts';
import type { RunId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { PackedSeries } from './series.ts';
import { stepSeconds } from './stepClock.ts';

/** Adds steps with these losses, in flushes of `flush`. */
function addSteps(workspace: Workspace, run: RunId, losses: Float32Array, flush: number): void {
  for (let at = 0; at < losses.length; at += flush) {
    const loss = losses.slice(at, at + flush);
    const constant = (value: number) => new Float32Array(loss.length).fill(value);
    const series = {
      loss,
      accuracy: constant(0.5),
      learningRate: constant(0.001),
      samplesPerSecond: constant(1000),
    };
    workspace.metrics.addSteps(run, { firstStep: at + 1, series });
  }
}

function prepared() {
  const workspace = temporaryWorkspace();
  const snapshot = frozenDigits(workspace);
  const create = (): RunId => workspace.runs.create(newRun(snapshot)).id;
  return { workspace, create };
}

/** Each run's [number, first step, stride] and values. */
function unpacked(bytes: Buffer) {
  const runs: { head: number[]; values: Float32Array }[] = [];
  let at = 4;
  for (let n = bytes.readUInt32LE(0); n > 0; n--) {
    const head = [0, 4, 8].map((offset) => bytes.readUInt32LE(at + offset));
    const values = new Float32Array(bytes.readUInt32LE(at + 12));
    values.forEach((_, i) => (values[i] = bytes.readFloatLE(at + 16 + 4 * i)));
    runs.push({ head, values });
    at += 16 + 4 * values.length;
  }
  expect(at).toBe(bytes.length);
  return runs;
}

test('a long series is thinned to means, in which what is no number stays so', async () => {
  const { workspace, create } = prepared();
  const [long, short, none] = [create(), create(), create()];
  const losses = Float32Array.from({ length: 2 * seriesPointsMax + 1 }, (_, i) => i);
  losses[7] = NaN;
  addSteps(workspace, long, losses, 4096);
  addSteps(workspace, short, Float32Array.of(3, 2, Infinity), 2);
  const packed = await new PackedSeries(workspace, () => 0).pack([short, none, long], 'loss');
  const [first, second, third] = unpacked(packed);
  expect(first).toEqual({ head: [2, 1, 1], values: Float32Array.of(3, 2, Infinity) });
  expect(second).toEqual({ head: [3, 1, 1], values: new Float32Array() });
  expect(third!.head).toEqual([1, 1, 3]);
  expect(third!.values).toHaveLength(Math.ceil(losses.length / 3));
  expect([...third!.values.slice(0, 4)]).toEqual([1, 4, NaN, 10]);
  // 40 001 is 13 333 threes and a last point of two.
  expect(third!.values.at(-1)).toBe(39_999.5);
});

test('joined flushes are the same series in fewer rows', async () => {
  const { workspace, create } = prepared();
  const run = create();
  const losses = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i));
  addSteps(workspace, run, losses, 7);
  workspace.metrics.join(run, 43);
  expect(workspace.metrics.steps(run)).toHaveLength(7);
  const [packed] = unpacked(await new PackedSeries(workspace, () => 0).pack([run], 'loss'));
  expect(packed!.values).toEqual(losses);
});

test('what is kept is read anew once the run goes on', async () => {
  const { workspace, create } = prepared();
  const run = create();
  addSteps(workspace, run, Float32Array.of(1, 2), 2);
  workspace.runs.setState(run, { status: 'stopped' });
  const series = new PackedSeries(workspace, () => 0);
  const before = await series.pack([run], 'loss');
  workspace.metrics.addSteps(run, { firstStep: 3, series: { loss: Float32Array.of(3) } });
  expect(await series.pack([run], 'loss')).toEqual(before);
  series.forget(run);
  expect(unpacked(await series.pack([run], 'loss'))[0]!.values).toEqual(Float32Array.of(1, 2, 3));
});

test('seconds follow from the rates, and from the epochs what lies between steps', () => {
  const rates = Float32Array.of(10, 20, 10, 10);
  const out = new Float32Array(4);
  // Batches of 10: steps of 1, 0.5, 1 and 1 seconds; the first epoch took 2 in all, the second ends with step 4.
  const ends = [
    { step: 2, seconds: 2 },
    { step: 4, seconds: 5 },
  ];
  stepSeconds(rates, 1, ends, 10, out);
  expect([...out]).toEqual([1, 1.5, 3, 4]);
});
