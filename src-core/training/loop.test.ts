import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../engine/engine.ts';
import { temporaryFolder } from '../workspace/fixture.ts';
import { parametersHash, readCheckpoint } from './checkpoints.ts';
import { loadEngine } from './engines.ts';
import { writeStart } from './epochFiles.ts';
import { train, type Outcome } from './loop.ts';
import type { FromTrainer } from './messages.ts';
import type { RunResult } from './metrics.ts';
import type { TrainPorts } from './session.ts';
import { brightHalves, options, ports, smallSpec } from './testing.ts';

const onnx = await loadEngine('onnx');
const tfjs = await loadEngine('tfjs');
const source = brightHalves([100, 20, 30]);

const plain = [{ kind: 'flatten' }, { kind: 'dense', units: 8, activation: { name: 'relu' } }];
const linear = { kind: 'dense', units: 8 };
const withDropout = [...plain, { kind: 'batchNorm' }, { kind: 'dropout', rate: 0.3 }];
const augmentation = { shiftPixels: 1, rotateDegrees: 5, noise: 4 };

type Case = {
  readonly engine?: Engine;
  readonly layers?: unknown;
  readonly some?: Record<string, unknown>;
  readonly folder?: string;
  readonly resumeFrom?: string | null;
  readonly startHash?: string | null;
  readonly isExtended?: boolean;
  readonly data?: TrainPorts['source'];
  readonly onMessage?: (message: FromTrainer, control: TrainPorts['control']) => void;
  readonly checkpointIntervalMs?: number;
};

async function trained(of: Case) {
  const folder = of.folder ?? temporaryFolder();
  const { ports: own, messages } = ports(
    of.engine ?? onnx,
    of.data ?? source,
    folder,
    of.onMessage,
  );
  const request = {
    spec: smallSpec(of.layers ?? plain),
    options: options({ epochs: 3, learningRate: 0.01, ...of.some }),
    snapshot: 'a'.repeat(64),
    device: 'cpu',
    resumeFrom: of.resumeFrom ?? null,
    startHash: of.startHash ?? null,
    isExtended: of.isExtended ?? false,
  };
  const checkpointIntervalMs = of.checkpointIntervalMs ?? own.checkpointIntervalMs;
  const outcome = await train(request, { ...own, checkpointIntervalMs });
  return { outcome, messages, folder };
}

function resultOf(outcome: Outcome): RunResult {
  if (outcome.kind !== 'finished') throw new Error(`the run is ${outcome.kind}`);
  return outcome.result;
}

const kinds = (messages: readonly FromTrainer[]) => messages.map(({ kind }) => kind);
const ofKind = <K extends FromTrainer['kind']>(messages: readonly FromTrainer[], kind: K) =>
  messages.filter((message): message is Extract<FromTrainer, { kind: K }> => message.kind === kind);

describe.each([onnx, tfjs])('training with $name', (engine) => {
  it('learns, and reports steps, epochs and checkpoints on the way', async () => {
    const { outcome, messages } = await trained({ engine, some: { epochs: 8 } });
    const result = resultOf(outcome);
    expect(result).toMatchObject({ epochs: 8, steps: 48, kept: 'last', warnings: [] });
    expect(result.test!.accuracy).toBeGreaterThan(0.9);
    const epochs = ofKind(messages, 'epoch').map(({ metrics }) => metrics);
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual(
      Array.from({ length: 8 }, (_, i) => [i + 1, 6 * (i + 1)]),
    );
    expect(epochs.at(-1)!.validation!.loss).toBeLessThan(epochs[0]!.validation!.loss);
    expect(epochs[0]!.layers.map(({ layer }) => layer)).toEqual(['dense1', 'output']);
    const steps = ofKind(messages, 'steps');
    expect(steps.flatMap(({ series }) => [...series.loss])).toHaveLength(48);
    expect(new Set(kinds(messages).slice(1))).toEqual(new Set(['steps', 'epoch', 'checkpoint']));
  });

  it.each([
    { loss: { kind: 'crossEntropy', labelSmoothing: 0.2 } },
    { loss: { kind: 'meanSquaredError' } },
  ])('measures $loss.kind of training and validation alike', async ({ loss }) => {
    // The validation images are the training images, and a learning rate of next to nothing changes no weight.
    const data = { ...source, ranges: { ...source.ranges, validation: source.ranges.train } };
    const some = {
      epochs: 1,
      loss,
      learningRate: 1e-30,
      batchSize: 100,
      optimizer: { kind: 'sgd' },
    };
    const { outcome } = await trained({ engine, data, some });
    const { train: training, validation } = resultOf(outcome);
    expect(validation!.loss).toBeCloseTo(training.loss, 5);
    expect(validation!.accuracy).toBeCloseTo(training.accuracy, 6);
  });
});

describe.each([
  { kind: 'sgd', some: { optimizer: { kind: 'sgd' }, learningRate: 0.1 } },
  { kind: 'adam', some: { optimizer: { kind: 'adam' }, averaging: { decay: 0.9 } } },
])('a run with $kind, augmentation, dropout and batch statistics', ({ some }) => {
  const of = { layers: withDropout, some: { ...some, augmentation } };

  it('gives the same parameters twice, and others with another seed', async () => {
    const [one, two] = [
      resultOf((await trained(of)).outcome),
      resultOf((await trained(of)).outcome),
    ];
    expect(two.parametersHash).toBe(one.parametersHash);
    const other = await trained({ ...of, some: { ...of.some, seed: 2 } });
    expect(resultOf(other.outcome).parametersHash).not.toBe(one.parametersHash);
  });

  it('gives the same when stopped and resumed anywhere', async () => {
    const whole = resultOf((await trained(of)).outcome);
    // Stops once, at whatever checkpoint comes third; every step writes one.
    let saved = 0;
    const stopped = await trained({
      ...of,
      checkpointIntervalMs: 0,
      onMessage: ({ kind }, control) => {
        if (kind === 'checkpoint' && ++saved === 9) control.set('stop');
      },
    });
    expect(stopped.outcome).toEqual({ kind: 'stopped', step: 9 });
    const resumed = await trained({
      ...of,
      folder: stopped.folder,
      resumeFrom: 'last-9.safetensors',
    });
    expect(ofKind(resumed.messages, 'started')[0]).toMatchObject({ step: 9, totalSteps: 18 });
    const { train: training, validation, test, parametersHash } = resultOf(resumed.outcome);
    expect({ train: training, validation, test, parametersHash }).toEqual({
      train: whole.train,
      validation: whole.validation,
      test: whole.test,
      parametersHash: whole.parametersHash,
    });
  });
});

describe.each([onnx, tfjs])(
  'a run that starts from the parameters of another one with $name',
  (engine) => {
    it('begins where that one ended, and comes out the same each time', async () => {
      const first = await trained({ engine, some: { epochs: 4 } });
      const before = resultOf(first.outcome);
      const { params } = (await readCheckpoint(first.folder, 'last-24.safetensors')).state;
      const started = async (learningRate: number) => {
        const folder = temporaryFolder();
        writeStart(folder, params);
        const startHash = before.parametersHash;
        const some = { epochs: 1, learningRate };
        return trained({ engine, folder, startHash, some });
      };
      const held = await started(1e-12);
      const after = resultOf(held.outcome);
      expect(after.validation!.loss).toBeCloseTo(before.validation!.loss, 5);
      expect(after.test).toEqual({
        loss: expect.closeTo(before.test!.loss, 5),
        accuracy: before.test!.accuracy,
      });
      const anew = resultOf(
        (await trained({ engine, some: { epochs: 1, learningRate: 1e-12 } })).outcome,
      );
      expect(anew.validation!.loss).toBeGreaterThan(before.validation!.loss + 0.1);
      const [one, two] = [await started(0.01), await started(0.01)].map(({ outcome }) =>
        resultOf(outcome),
      );
      expect(one!.parametersHash).toBe(two!.parametersHash);
      expect(one!.parametersHash).not.toBe(before.parametersHash);
    });
  },
);

describe('the parameters a run was given', () => {
  it('are refused when they are not those it was promised', async () => {
    const folder = temporaryFolder();
    await expect(trained({ folder, startHash: 'x' })).rejects.toMatchObject({
      code: 'checkpoint-damaged',
    });
    const params = { 'dense1/bias': { shape: [1], data: new Float32Array(1) } };
    writeStart(folder, params);
    await expect(trained({ folder, startHash: 'x' })).rejects.toMatchObject({
      code: 'checkpoint-damaged',
    });
  });
});

describe('the test split', () => {
  it('is read once, at the end', async () => {
    const looks: string[] = [];
    const data: TrainPorts['source'] = {
      ...source,
      readPixels: (range) => {
        if (range.end > source.ranges.test.start) looks.push('test');
        return source.readPixels(range);
      },
    };
    const { outcome } = await trained({ data, onMessage: ({ kind }) => void looks.push(kind) });
    expect(looks.filter((look) => look === 'test')).toHaveLength(1);
    expect(looks.at(-1)).toBe('test');
    expect(outcome).toMatchObject({ testProbabilities: { length: 90 } });
  });

  it('and validation may be empty', async () => {
    const { outcome, messages } = await trained({ data: brightHalves([40, 0, 0]) });
    expect(resultOf(outcome)).toMatchObject({ validation: null, test: null });
    expect(ofKind(messages, 'epoch')[0]!.metrics).toMatchObject({
      validation: null,
      probed: 'train',
    });
  });
});

describe('a run', () => {
  it('is held by a pause, with a checkpoint, and goes on as if nothing had been', async () => {
    const some = { epochs: 2 };
    const whole = resultOf((await trained({ some })).outcome);
    const { outcome, messages } = await trained({
      some,
      onMessage: ({ kind }, control) => {
        if (kind === 'started') control.set('pause');
        if (kind === 'paused') setImmediate(() => control.set('run'));
      },
    });
    expect(kinds(messages).slice(0, 3)).toEqual(['started', 'paused', 'resumed']);
    expect(resultOf(outcome).parametersHash).toBe(whole.parametersHash);
  });

  it('can be stopped while it is paused', async () => {
    const { outcome, messages, folder } = await trained({
      onMessage: ({ kind }, control) => {
        if (kind === 'epoch') control.set('pause');
        if (kind === 'paused') setImmediate(() => control.set('stop'));
      },
    });
    expect(outcome).toEqual({ kind: 'stopped', step: 6 });
    expect(kinds(messages).slice(-2)).toEqual(['checkpoint', 'paused']);
    expect(readdirSync(folder).sort()).toEqual(['best-6.safetensors', 'last-6.safetensors']);
  });

  it('ends when the loss is no number, and shows the value', async () => {
    const seen: FromTrainer[] = [];
    const some = { learningRate: 100, optimizer: { kind: 'sgd' }, epochs: 50 };
    const layers = [{ kind: 'flatten' }, ...Array.from({ length: 6 }, () => linear)];
    const run = trained({ layers, some, onMessage: (message) => void seen.push(message) });
    await expect(run).rejects.toMatchObject({
      code: 'loss-not-finite',
      message: expect.stringMatching(
        /stopped at step \d+ \(epoch \d+\): the loss became (not a number|infinite)/,
      ),
      hint: expect.stringContaining('lower learning rate'),
    });
    const losses = ofKind(seen, 'steps').flatMap(({ series }) => [...series.loss]);
    expect(Number.isFinite(losses.at(-1))).toBe(false);
    expect(losses.slice(0, -1).every(Number.isFinite)).toBe(true);
  });

  it('with early stopping keeps the epoch that validation liked best', async () => {
    const some = { epochs: 60, earlyStopping: { patience: 2 } };
    // Labels that have nothing to do with the images: what is learned does not hold for others.
    const data = { ...source, labels: source.labels.map((_, i) => i % 3) };
    const { outcome, messages, folder } = await trained({ data, some });
    const result = resultOf(outcome);
    const losses = ofKind(messages, 'epoch').map(({ metrics }) => metrics.validation!.loss);
    expect(result).toMatchObject({ stoppedEarly: true, kept: 'best', epochs: losses.length });
    expect(result.keptEpoch).toBe(losses.indexOf(Math.min(...losses)) + 1);
    expect(result.epochs).toBe(result.keptEpoch + 2);
    const best = await readCheckpoint(folder, `best-${6 * result.keptEpoch}.safetensors`);
    expect(parametersHash(best.state.params)).toBe(result.parametersHash);
    expect(result.validation!.loss).toBe(Math.min(...losses));
  });

  it('that stopped early goes on when it is extended, to as many epochs as it first had too', async () => {
    const some = { epochs: 60, earlyStopping: { patience: 2 } };
    const data = { ...source, labels: source.labels.map((_, i) => i % 3) };
    const first = await trained({ data, some });
    const { folder } = first;
    const { steps, epochs } = resultOf(first.outcome);
    const resumeFrom = `last-${steps}.safetensors`;
    // As after a kill between its last epoch and its result: it has stopped, and stays so.
    const killed = await trained({ data, some, folder, resumeFrom });
    expect(resultOf(killed.outcome)).toMatchObject({ stoppedEarly: true, epochs });
    const again = { data, some, folder, resumeFrom };
    const stopped = await trained({
      ...again,
      isExtended: true,
      onMessage: ({ kind }, control) => kind === 'started' && control.set('stop'),
    });
    expect(stopped.outcome).toEqual({ kind: 'stopped', step: steps });
    // Its checkpoint knows of the extension now, which has not to be said again.
    expect(resultOf((await trained(again)).outcome).epochs).toBeGreaterThan(epochs);
  });

  it('with averaging is judged by the averages, which plain training does not see', async () => {
    const averaged = resultOf((await trained({ some: { averaging: { decay: 0.99 } } })).outcome);
    const plainly = resultOf((await trained({})).outcome);
    expect(averaged.parametersHash).toBe(plainly.parametersHash);
    expect(averaged.averaged).toBe(true);
    expect(averaged.validation!.loss).not.toBe(plainly.validation!.loss);
  });

  it('by gradient descent takes one step an epoch', async () => {
    const { outcome } = await trained({ some: { optimizer: { kind: 'gradient-descent' } } });
    expect(resultOf(outcome)).toMatchObject({ epochs: 3, steps: 3 });
  });

  it('that has finished can be given more epochs, and ends where a longer one would', async () => {
    const long = resultOf((await trained({ some: { epochs: 4 } })).outcome);
    const short = await trained({ some: { epochs: 2 } });
    const resumeFrom = 'last-12.safetensors';
    const extended = await trained({ some: { epochs: 4 }, folder: short.folder, resumeFrom });
    expect(resultOf(extended.outcome).parametersHash).toBe(long.parametersHash);
  });

  it.each([{ learningRate: 0.02 }, { seed: 9 }, { batchSize: 8 }])(
    'is not continued with other settings: %j',
    async (change) => {
      const { folder } = await trained({ some: { epochs: 1 } });
      const other = trained({
        some: { epochs: 2, ...change },
        folder,
        resumeFrom: 'last-6.safetensors',
      });
      await expect(other).rejects.toMatchObject({ code: 'checkpoint-mismatch' });
    },
  );

  it('says what cannot learn, at its start and in its result', async () => {
    const layers = [{ kind: 'flatten' }, { kind: 'dense', units: 4, activation: { name: 'step' } }];
    const { outcome, messages } = await trained({ layers, some: { epochs: 1 } });
    expect(resultOf(outcome).warnings).toMatchObject([{ code: 'step-activation' }]);
    expect(ofKind(messages, 'started')[0]!.warnings).toEqual(resultOf(outcome).warnings);
    expect(ofKind(messages, 'epoch')[0]!.metrics.layers[0]!.gradientNorm).toBe(0);
  });

  it('of a network for other images does not begin', async () => {
    const data = { ...source, classes: ['a', 'b'] };
    await expect(trained({ data })).rejects.toMatchObject({ code: 'spec-invalid' });
  });
});
