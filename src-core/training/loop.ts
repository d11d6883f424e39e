/**
 * @file Training: from a snapshot in the tensor cache to a result. Steps one after another; between them
 * metrics leave, checkpoints are written and the user's wishes are heard.
 */
import type { StepResult } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { parametersHash, readCheckpoint } from './checkpoints.ts';
import { endEpoch, evaluatePart, saveCheckpoint } from './epochs.ts';
import { flushIntervalMs, type RunResult } from './metrics.ts';
import { learningRateAt } from './schedules.ts';
import {
  countTime,
  openSession,
  skipTime,
  type Session,
  type TrainPorts,
  type TrainRequest,
} from './session.ts';

export type Outcome =
  | { readonly kind: 'stopped'; readonly step: number }
  | {
      readonly kind: 'finished';
      readonly result: RunResult;
      /** [N, classes]; null: no test images. */
      readonly testProbabilities: Float32Array | null;
    };

/**
 * Trains until the epochs are done, early stopping ends them, or the user does. A run that was interrupted
 * anywhere and continued ends with the same parameters, bit for bit, as one that was not, on the same engine,
 * device and number of threads.
 *
 * @throws InklingError those of `openSession`, and `loss-not-finite`
 */
export async function train(request: TrainRequest, ports: TrainPorts): Promise<Outcome> {
  const session = await openSession(request, ports);
  try {
    await ports.report(started(session));
    // Said before the first step, so that a crash from here on does not have it stopped again.
    if (session.resumed && session.savedStep !== session.progress.step) await save(session);
    skipTime(session);
    const isDone = await runSteps(session);
    return isDone ? await finish(session) : { kind: 'stopped', step: session.progress.step };
  } finally {
    await session.trainer.dispose();
  }
}

function started({ progress, batches, trainer, network, totalSteps, resumed, warnings }: Session) {
  return {
    kind: 'started' as const,
    step: progress.step,
    stepsPerEpoch: batches.stepsPerEpoch,
    batchSize: trainer.batchSize,
    totalSteps,
    parameters: network.parameterCount,
    last: resumed?.last ?? null,
    best: progress.best?.checkpoint ?? null,
    warnings: [...warnings],
  };
}

/** False when the user stopped it. */
async function runSteps(session: Session): Promise<boolean> {
  const { progress, ports, totalSteps, batches, at, buffer } = session;
  while (progress.step < totalSteps && !progress.stoppedEarly) {
    if (ports.control.wanted() !== 'run' && !(await obey(session))) return false;
    await step(session);
    const isEpochEnd = progress.step % batches.stepsPerEpoch === 0;
    if (isEpochEnd || buffer.isFull() || at.step - at.flush >= flushIntervalMs)
      await flush(session);
    if (isEpochEnd) await endEpoch(session);
    else if (at.step - at.checkpoint >= ports.checkpointIntervalMs) await save(session);
  }
  return true;
}

/** One step. Nothing is allocated here but what the engine returns. */
async function step(session: Session): Promise<void> {
  const { progress, ports, batches, trainer, request, buffer, at } = session;
  const number = progress.step + 1;
  const learningRate = learningRateAt(number, request.options, batches.stepsPerEpoch);
  const batch = batches.at(number);
  const before = ports.clock();
  const result = await trainer.step(batch, { step: number, learningRate });
  const after = ports.clock();
  const elapsedMs = after - at.step;
  progress.step = number;
  progress.engineSeconds += (after - before) / 1000;
  progress.stepSeconds += elapsedMs / 1000;
  progress.lossSum += result.loss;
  progress.correctSum += result.correct;
  at.step = after;
  const { batchSize } = trainer;
  const rate = (batchSize / elapsedMs) * 1000;
  buffer.add(number, result.loss, result.correct / batchSize, learningRate, rate);
  if (!Number.isFinite(result.loss)) await fail(session, result);
}

/** Sends what was measured, the bad value included, and ends the run. */
async function fail(session: Session, { loss }: StepResult): Promise<never> {
  const { progress, batches } = session;
  await flush(session);
  throw failure('loss-not-finite', {
    step: progress.step,
    epoch: Math.ceil(progress.step / batches.stepsPerEpoch),
    loss: Number.isNaN(loss) ? 'not a number' : 'infinite',
  });
}

async function flush({ buffer, ports, at }: Session): Promise<void> {
  const metrics = buffer.take();
  at.flush = at.step;
  if (metrics) await ports.report({ kind: 'steps', ...metrics });
  await ports.breathe();
}

/** Metrics first: a checkpoint never counts steps whose metrics could still be lost. */
async function save(session: Session): Promise<void> {
  await flush(session);
  await saveCheckpoint(session, await session.trainer.state());
}

/** Pauses as long as asked. Leaves a checkpoint, whatever comes next. False: stop. */
async function obey(session: Session): Promise<boolean> {
  const { ports, progress } = session;
  if (progress.step > 0) await save(session);
  if (ports.control.wanted() === 'pause') {
    countTime(session);
    await ports.report({ kind: 'paused', step: progress.step });
    while (ports.control.wanted() === 'pause') await ports.control.changed();
    skipTime(session);
    if (ports.control.wanted() === 'run')
      await ports.report({ kind: 'resumed', step: progress.step });
  }
  return ports.control.wanted() === 'run';
}

/** Chooses the parameters to keep, and looks at the test split: once, here. */
async function finish(session: Session): Promise<Outcome> {
  const { progress, network, request, ports, trainer, warnings } = session;
  const { best, lastEpoch, step } = progress;
  if (!lastEpoch) throw new Error('a run ends after an epoch');
  const isBest = request.options.earlyStopping !== null && best !== null;
  const kept = isBest ? best.metrics : lastEpoch;
  const state = isBest
    ? (await readCheckpoint(ports.checkpointFolder, best.checkpoint.file)).state
    : await trainer.state();
  const test = await evaluatePart(session, state, 'test');
  const result: RunResult = {
    parameters: network.parameterCount,
    epochs: lastEpoch.epoch,
    steps: step,
    kept: isBest ? 'best' : 'last',
    keptEpoch: kept.epoch,
    averaged: state.average !== null,
    stoppedEarly: progress.stoppedEarly,
    ...countTime(session),
    samplesPerSecond: (step * trainer.batchSize) / progress.stepSeconds,
    train: kept.train,
    validation: kept.validation,
    test: test?.score ?? null,
    parametersHash: parametersHash(state.params),
    warnings: [...warnings],
  };
  return { kind: 'finished', result, testProbabilities: test?.probabilities ?? null };
}
