/**
 * @file What happens when an epoch ends: validation, a look at the layers, the best epoch so far, early
 * stopping. And the writing of checkpoints, which an epoch's end always does.
 */
import type { TrainState, Tensors } from '../engine/engine.ts';
import type { Part } from '../workspace/records.ts';
import { writeCheckpoint } from './checkpoints.ts';
import { keepEpoch } from './epochFiles.ts';
import { evaluate, type Evaluation } from './evaluate.ts';
import type { EpochMetrics, Score } from './metrics.ts';
import { learningRateAt } from './schedules.ts';
import { count, countTime, type Session } from './session.ts';

/** The parameters that predict: averaged where averaging is on. */
function predictingParams({ params, average }: TrainState): Tensors {
  return average ?? params;
}

/** Null when the split has no images. Probabilities are kept of the test split alone: they are stored. */
export async function evaluatePart(
  { request, ports }: Session,
  state: TrainState,
  part: Part,
): Promise<Evaluation | null> {
  const { spec, options, device } = request;
  const { source } = ports;
  const range = source.ranges[part];
  if (count(range) === 0) return null;
  const params = predictingParams(state);
  const { threads, loss } = options;
  const predictor = await ports.engine.predictor({ spec, params, device, threads });
  try {
    const objective = { loss, output: spec.output };
    const keepsProbabilities = part === 'test';
    const asked = { source, range, objective, keepsProbabilities };
    return await evaluate(predictor, asked, ports.breathe);
  } finally {
    await predictor.dispose();
  }
}

/**
 * Closes the epoch that the last step completed. Its record leaves the process before the checkpoint that
 * counts it as done is written, so that a crash between the two repeats the epoch and loses nothing.
 */
export async function endEpoch(session: Session): Promise<void> {
  const { progress, ports, request } = session;
  const state = await session.trainer.state();
  const validation = await evaluatePart(session, state, 'validation');
  const metrics = await epochMetrics(session, validation?.score ?? null);
  progress.lastEpoch = metrics;
  progress.lossSum = progress.correctSum = 0;
  const { seconds, stepSeconds, engineSeconds } = progress;
  progress.epochStart = { seconds, stepSeconds, engineSeconds };
  await judge(session, state, metrics);
  const { earlyStopping } = request.options;
  progress.stoppedEarly =
    earlyStopping !== null && progress.epochsSinceBest >= earlyStopping.patience;
  const kept = { epoch: metrics.epoch, params: predictingParams(state) };
  await keepEpoch(ports.checkpointFolder, kept, ports.epochBytesMax);
  await ports.report({ kind: 'epoch', metrics });
  await saveCheckpoint(session, state);
}

async function epochMetrics(session: Session, validation: Score | null): Promise<EpochMetrics> {
  const { progress, batches, trainer, probe, request } = session;
  const layers = await trainer.probe(probe.pixels, probe.labels);
  const { epochStart, step } = progress;
  const { seconds, stepSeconds, engineSeconds } = countTime(session);
  const timing = {
    seconds: seconds - epochStart.seconds,
    stepSeconds: stepSeconds - epochStart.stepSeconds,
    engineSeconds: engineSeconds - epochStart.engineSeconds,
  };
  const samples = batches.stepsPerEpoch * trainer.batchSize;
  return {
    epoch: step / batches.stepsPerEpoch,
    step,
    learningRate: learningRateAt(step, request.options, batches.stepsPerEpoch),
    train: {
      loss: progress.lossSum / batches.stepsPerEpoch,
      accuracy: progress.correctSum / samples,
    },
    validation,
    timing,
    samplesPerSecond: samples / timing.stepSeconds,
    probed: probe.part,
    layers: layers.map((layer) => ({ ...layer })),
  };
}

/** Keeps the epoch if its validation loss is the lowest so far. A loss that is not a number is never lower. */
async function judge(session: Session, state: TrainState, metrics: EpochMetrics): Promise<void> {
  const { progress, ports, settings } = session;
  if (!metrics.validation) return;
  const lowest = progress.best?.metrics.validation?.loss ?? Infinity;
  if (!(metrics.validation.loss < lowest)) {
    progress.epochsSinceBest++;
    return;
  }
  progress.epochsSinceBest = 0;
  const kept = { settings, progress: { ...progress }, state: { ...state, optimizer: {} } };
  const checkpoint = await writeCheckpoint(ports.checkpointFolder, 'best', kept);
  progress.best = { checkpoint, metrics };
}

/** Writes where the run is, unless that is written already. */
export async function saveCheckpoint(session: Session, state: TrainState): Promise<void> {
  const { progress, ports, settings, at } = session;
  if (session.savedStep !== progress.step) {
    countTime(session);
    const checkpoint = { settings, progress, state };
    const last = await writeCheckpoint(ports.checkpointFolder, 'last', checkpoint);
    session.savedStep = progress.step;
    await ports.report({ kind: 'checkpoint', last, best: progress.best?.checkpoint ?? null });
  }
  at.checkpoint = at.step = ports.clock();
}
