import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureCache } from '../src-core/data/cache.ts';
import { freezeSnapshot } from '../src-core/data/snapshot.ts';
import { stream, type Stream } from '../src-core/random.ts';
import { parametersHash } from '../src-core/training/checkpoints.ts';
import { readKept } from '../src-core/training/kept.ts';
import { RunResult } from '../src-core/training/metrics.ts';
import type { RunEvent } from '../src-core/training/recorder.ts';
import { Supervisor, type SupervisorLimits } from '../src-core/training/supervisor.ts';
import { brightHalves, options, side, smallSpec } from '../src-core/training/testing.ts';
import { importAll, temporaryFolder, temporaryWorkspace } from '../src-core/workspace/fixture.ts';
import type { NewImage } from '../src-core/workspace/imports.ts';
import type { RunId } from '../src-core/workspace/records.ts';
import type { NewRun } from '../src-core/workspace/runs.ts';
import type { Workspace } from '../src-core/workspace/workspace.ts';
import { startTrainer } from './trainerProcess.ts';

/** A workspace with a dataset of 640 images for training, 40 steps an epoch. */
async function prepared(limits: Partial<SupervisorLimits> = {}, start = () => startTrainer()) {
  const workspace = temporaryWorkspace();
  importAll(workspace, images());
  const snapshot = freezeSnapshot(workspace, workspace.datasets.get('digits'));
  const noDecoder = () => Promise.reject(new Error('nothing to decode here'));
  const time = { now: 0, watch: () => undefined as void };
  const supervisor = new Supervisor(
    {
      workspace,
      startTrainer: start,
      ensureCache: () => ensureCache(workspace, snapshot, { decode: noDecoder }),
      clock: () => time.now,
      every: (_ms, work) => {
        time.watch = work;
        return () => undefined;
      },
    },
    limits,
  );
  onTestFinished(() => supervisor.close());
  const request = (some: Record<string, unknown>): NewRun => ({
    snapshot: snapshot.hash,
    preset: null,
    engine: 'onnx',
    device: 'cpu',
    versions: {},
    spec: smallSpec([
      { kind: 'flatten' },
      { kind: 'dense', units: 16, activation: { name: 'relu' } },
      { kind: 'dropout', rate: 0.2 },
    ]),
    options: options({ epochs: 2, learningRate: 0.01, ...some }),
  });
  return { workspace, supervisor, request, time, snapshot };
}

function images(): NewImage[] {
  const source = brightHalves([640, 64, 64]);
  const pixels = source.readPixels({ start: 0, end: 768 });
  return [...source.labels].map((label, n) => ({
    name: `${n}`,
    blob: {
      bytes: pixels.slice(n * side * side, (n + 1) * side * side),
      ...({ encoding: 'raw', width: side, height: side, channels: 1, depth: 8 } as const),
    },
    label: source.classes[label]!,
    part: n < 640 ? 'train' : n < 704 ? 'validation' : 'test',
  }));
}

/** Resolves with the next event of the run that `wanted` accepts. */
function next(supervisor: Supervisor, run: RunId, wanted: (event: RunEvent) => boolean) {
  return new Promise<RunEvent>((resolve) => {
    const stop = supervisor.listen((event) => {
      if (event.run !== run || !wanted(event)) return;
      stop();
      resolve(event);
    });
  });
}

const isStatus = (status: string) => (event: RunEvent) =>
  event.kind === 'status' && event.state.status === status;
const isKind = (kind: RunEvent['kind']) => (event: RunEvent) => event.kind === kind;

function resultOf(workspace: Workspace, id: RunId): RunResult {
  const { state } = workspace.runs.get(id);
  if (state.status !== 'finished') throw new Error(`${id} is ${JSON.stringify(state)}`);
  return RunResult.parse(state.result);
}

/** The trainer's process id, once the run has one. */
function processOf(workspace: Workspace, id: RunId): number {
  const { state } = workspace.runs.get(id);
  if (state.status !== 'running') throw new Error(`${id} is ${state.status}`);
  return state.process;
}

/** Every loss of a run from its first step; fails where steps are missing or stored twice. */
function losses(workspace: Workspace, id: RunId): number[] {
  const all: number[] = [];
  for (const { firstStep, series } of workspace.metrics.steps(id)) {
    expect(firstStep).toBe(all.length + 1);
    all.push(...series['loss']!);
  }
  return all;
}

describe('a run in a process of its own', () => {
  it('is stored before it is told, and leaves metrics, predictions and checkpoints', async () => {
    const { workspace, supervisor, request } = await prepared();
    const told: string[] = [];
    supervisor.listen((event) => {
      told.push(event.kind === 'status' ? event.state.status : event.kind);
      if (event.kind === 'epoch')
        expect(workspace.metrics.epochs(event.run).at(-1)!.step).toBe(event.metrics.step);
    });
    const { id } = supervisor.start(request({}));
    const { run, error } = await supervisor.ended(id);
    expect(error).toBeNull();
    expect(run.state.status).toBe('finished');
    expect(told.slice(0, 3)).toEqual(['queued', 'running', 'started']);
    expect(told.at(-1)).toBe('finished');
    expect(losses(workspace, id)).toHaveLength(80);
    expect(workspace.metrics.epochs(id).map(({ step }) => step)).toEqual([40, 80]);
    expect(workspace.predictions.get(id, 'test')).toHaveLength(64 * 3);
    const result = resultOf(workspace, id);
    expect(result).toMatchObject({ epochs: 2, steps: 80, parameters: 643 });
    const { params } = await readKept(workspace, run);
    expect(parametersHash(params)).toBe(result.parametersHash);
    for (const kind of ['last', 'best'] as const) {
      const { file } = workspace.checkpoints.get(id, kind)!;
      expect(existsSync(join(workspace.checkpointFolder, file))).toBe(true);
    }
  });

  it('pauses, goes on, and takes more epochs when it has finished', async () => {
    const { workspace, supervisor, request } = await prepared();
    const { id } = supervisor.start(request({ epochs: 20 }));
    await next(supervisor, id, isKind('epoch'));
    supervisor.pause(id);
    await next(supervisor, id, isStatus('paused'));
    expect(workspace.runs.get(id).state.status).toBe('paused');
    supervisor.resume(id);
    await supervisor.ended(id);
    expect(resultOf(workspace, id).epochs).toBe(20);
    expect(() => supervisor.resume(id)).toThrowError(/has finished its 20 epochs/);
    supervisor.resume(id, 2);
    await supervisor.ended(id);
    expect(resultOf(workspace, id)).toMatchObject({ epochs: 22, steps: 880 });
    expect(losses(workspace, id)).toHaveLength(880);
  });

  it('waits its turn, and can be stopped, canceled and resumed', async () => {
    const { workspace, supervisor, request } = await prepared();
    const first = supervisor.start(request({ epochs: 1000 })).id;
    const second = supervisor.start(request({})).id;
    const third = supervisor.start(request({})).id;
    await next(supervisor, first, isKind('epoch'));
    expect(workspace.runs.get(second).state.status).toBe('queued');
    supervisor.cancel(third);
    expect(workspace.runs.get(third).state.status).toBe('stopped');
    supervisor.stop(first);
    await supervisor.ended(first);
    expect(workspace.runs.get(first).state.status).toBe('stopped');
    expect(workspace.checkpoints.get(first, 'last')!.step).toBe(losses(workspace, first).length);
    expect((await supervisor.ended(second)).run.state.status).toBe('finished');
    supervisor.resume(first);
    await next(supervisor, first, isKind('started'));
    supervisor.cancel(first);
    expect((await supervisor.ended(first)).run.state.status).toBe('stopped');
    expect(() => supervisor.stop(first)).toThrowError(`${first} is stopped and cannot be stopped`);
  });

  it('tells why it failed, and leaves the queue going', async () => {
    const { workspace, supervisor, request } = await prepared();
    const unknown = supervisor.start({ ...request({}), engine: 'abacus' }).id;
    const other = supervisor.start(request({ epochs: 1 })).id;
    const { error } = await supervisor.ended(unknown);
    expect(error).toMatchObject({ code: 'engine-unknown', message: 'There is no engine abacus.' });
    expect(workspace.runs.get(unknown).state).toEqual({ status: 'failed', error });
    expect((await supervisor.ended(other)).run.state.status).toBe('finished');
  });

  it.skipIf(process.platform === 'win32')(
    'that crashes has failed, and the next one starts',
    async () => {
      const { workspace, supervisor, request } = await prepared();
      const { id } = supervisor.start(request({ epochs: 1000 }));
      const other = supervisor.start(request({})).id;
      await next(supervisor, id, isKind('steps'));
      process.kill(processOf(workspace, id), 'SIGSEGV');
      const { run, error } = await supervisor.ended(id);
      expect(run.state.status).toBe('failed');
      expect(error).toMatchObject({
        code: 'trainer-crashed',
        message: expect.stringContaining('SIGSEGV'),
      });
      expect((await supervisor.ended(other)).run.state.status).toBe('finished');
    },
  );

  it.skipIf(process.platform === 'win32')(
    'that falls silent stalls, and is ended in the end',
    async () => {
      const { workspace, supervisor, request, time } = await prepared();
      const { id } = supervisor.start(request({ epochs: 1000 }));
      await next(supervisor, id, isKind('steps'));
      process.kill(processOf(workspace, id), 'SIGSTOP');
      const stalled = next(supervisor, id, isKind('stalled'));
      time.now += 10_000;
      time.watch();
      expect(await stalled).toMatchObject({ silentMs: 10_000 });
      time.now += 590_000;
      time.watch();
      expect(await supervisor.ended(id)).toMatchObject({ error: { code: 'trainer-stalled' } });
    },
  );

  it('that stopped early goes on for the epochs it is given', async () => {
    const { workspace, supervisor, request } = await prepared();
    // Steps too large to get better: the validation loss rises within a few epochs.
    const some = { epochs: 20, learningRate: 1, earlyStopping: { patience: 1 } };
    const { id } = supervisor.start(request(some));
    await supervisor.ended(id);
    const { epochs, stoppedEarly } = resultOf(workspace, id);
    expect(stoppedEarly).toBe(true);
    supervisor.resume(id, 20 - epochs);
    await supervisor.ended(id);
    expect(resultOf(workspace, id).epochs).toBeGreaterThan(epochs);
  });

  it('given epochs up to the old total goes on for them, also after a crash before its first checkpoint', async () => {
    const { workspace, supervisor, request } = await prepared();
    const some = { epochs: 20, learningRate: 1, earlyStopping: { patience: 1 } };
    const { id } = supervisor.start(request(some));
    await supervisor.ended(id);
    const { epochs } = resultOf(workspace, id);
    // What the program stores when it is told so; then it ends, and starts again.
    workspace.runs.extend(id, workspace.runs.get(id).options);
    workspace.runs.setState(id, { status: 'queued' });
    workspace.runs.markInterrupted();
    supervisor.resume(id);
    await supervisor.ended(id);
    expect(resultOf(workspace, id).epochs).toBeGreaterThan(epochs);
    expect(workspace.runs.get(id).isExtended).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'that is killed from outside is interrupted, and says why after a restart as well',
    async () => {
      const { workspace, supervisor, request } = await prepared();
      const { id } = supervisor.start(request({ epochs: 1000 }));
      await next(supervisor, id, isKind('epoch'));
      process.kill(processOf(workspace, id), 'SIGKILL');
      const { error } = await supervisor.ended(id);
      expect(error).toMatchObject({ code: 'trainer-crashed' });
      workspace.runs.markInterrupted();
      expect(workspace.runs.get(id).state).toEqual({ status: 'interrupted', error });
      expect(await supervisor.ended(id)).toMatchObject({ error });
      // Its place is kept for when it goes on.
      expect(workspace.runs.get(id).place).toBe(1);
    },
  );

  it('is not given more epochs than a run may have, and stays as it was', async () => {
    const { workspace, supervisor, request } = await prepared();
    const { id } = supervisor.start(request({ epochs: 1 }));
    const { run } = await supervisor.ended(id);
    expect(() => supervisor.resume(id, 200_000)).toThrowError(
      expect.objectContaining({
        code: 'setting-invalid',
        message: expect.stringContaining('200001 epochs'),
      }),
    );
    expect(workspace.runs.list()).toEqual([run]);
  });

  it('whose process says its last word and stays is ended, and nothing of it is lost', async () => {
    const error = { code: 'disk-full', message: 'There is no space left.', hint: 'Free some.' };
    const word = JSON.stringify({ kind: 'failed', error, stack: null });
    const program = join(temporaryFolder(), 'lingering.mjs');
    // The listener keeps it alive, until this process is gone.
    writeFileSync(program, `process.send(${word}); process.on('message', () => undefined);`);
    const heard = Promise.withResolvers<void>();
    const { supervisor, request, time } = await prepared({}, () => {
      const lingering = startTrainer(pathToFileURL(program));
      lingering.onMessage(() => heard.resolve());
      return lingering;
    });
    const { id } = supervisor.start(request({}));
    await heard.promise;
    time.now += 5000;
    time.watch();
    expect(await supervisor.ended(id)).toMatchObject({ error });
  });

  it('whose process cannot be started has failed, once', async () => {
    const { supervisor, request } = await prepared();
    const { execPath } = process;
    onTestFinished(() => void (process.execPath = execPath));
    process.execPath = join(temporaryFolder(), 'node');
    const told: string[] = [];
    supervisor.listen((event) => void (event.kind === 'status' && told.push(event.state.status)));
    const { id } = supervisor.start(request({}));
    const { error } = await supervisor.ended(id);
    // Both of Node's reports have come once its next tasks have run.
    for (let turns = 0; turns < 100; turns++) await setImmediate();
    expect(error).toMatchObject({ code: 'trainer-crashed' });
    expect(told.filter((status) => status === 'failed')).toHaveLength(1);
  });

  it('ends with its parent', async () => {
    const child = fork(new URL('./trainer.ts', import.meta.url), { execArgv: [] });
    await once(child, 'spawn');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});

const augmentation = { shiftPixels: 1, noise: 4 };

describe.each(['sgd', 'adam'])('a run with %s, augmentation and dropout', (kind) => {
  it('killed at random moments, five in all, ends as one left alone, bit for bit', async () => {
    const { workspace, supervisor, request } = await prepared({ checkpointIntervalMs: 20 });
    // 320 steps an epoch, so that most moments lie inside one.
    const some = { epochs: 4, batchSize: 2, optimizer: { kind }, augmentation };
    const whole = supervisor.start(request(some)).id;
    await supervisor.ended(whole);
    const random = stream(11, `kill/${kind}`);
    // On a fast machine a run may be over before its fifth kill: then another one takes the rest.
    for (let kills = 0; kills < 5;) {
      const { id } = supervisor.start(request(some));
      for (; kills < 5 && (await killed(workspace, supervisor, id, random)); kills++)
        supervisor.resume(id);
      await supervisor.ended(id);
      expectSame(workspace, id, whole);
    }
  }, 60_000);
});

/** Kills the trainer after a few events and a moment more. False: the run had finished before. */
async function killed(workspace: Workspace, supervisor: Supervisor, id: RunId, random: Stream) {
  let events = 1 + random.below(5);
  const isLast = (event: RunEvent): boolean => event.kind !== 'status' && --events === 0;
  await Promise.race([next(supervisor, id, isLast), supervisor.ended(id)]);
  for (let turns = random.below(3000); turns > 0; turns--) await setImmediate();
  const { state } = workspace.runs.get(id);
  if (state.status === 'running') process.kill(state.process, 'SIGKILL');
  return (await supervisor.ended(id)).run.state.status !== 'finished';
}

function expectSame(workspace: Workspace, id: RunId, whole: RunId): void {
  const [expected, found] = [resultOf(workspace, whole), resultOf(workspace, id)];
  expect(found.parametersHash).toBe(expected.parametersHash);
  expect(found).toMatchObject({ test: expected.test, train: expected.train });
  expect(losses(workspace, id)).toEqual(losses(workspace, whole));
  expect(workspace.metrics.epochs(id)).toHaveLength(4);
  const files = readdirSync(join(workspace.checkpointFolder, id));
  expect(files.filter((name) => name.startsWith('last-'))).toHaveLength(2);
}
