/**
 * @file The trainer process, apart from what kind of process it is: takes `start`, trains one run, and says how
 * it ended. It knows the tensor cache and a folder for checkpoints, and never opens the database.
 */
import { failure, InklingError } from '../errors.ts';
import { stepBytesMax } from './batches.ts';
import { createControl, type Control } from './control.ts';
import { loadEngine } from './engines.ts';
import type { SampleSource } from './evaluate.ts';
import { train, type Outcome } from './loop.ts';
import { heartbeatIntervalMs, ToTrainer, type FromTrainer, type StartMessage } from './messages.ts';
import { isOutOfMemory } from './trainerProcess.ts';

/** The trainer's side of the connection to the main process, and what only a host can give. */
export type TrainerPort = {
  /** Resolves once the message has left the process. */
  readonly send: (message: FromTrainer) => Promise<void>;
  readonly onMessage: (listener: (message: unknown) => void) => void;
  readonly openCache: (folder: string, hash: string) => SampleSource;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Resolves after waiting messages and timers have had their turn. */
  readonly breathe: () => Promise<void>;
  /** Calls `work` again and again, until the function it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

/** Resolves when the run has ended and its last message has left. */
export async function serveTrainer(port: TrainerPort): Promise<void> {
  const control = createControl();
  const start = await firstMessage(port, control);
  const stopHeartbeat = port.every(
    heartbeatIntervalMs,
    () => void port.send({ kind: 'heartbeat' }),
  );
  try {
    await port.send(endMessage(await trainRun(start, port, control)));
  } catch (error) {
    await port.send(failedMessage(error));
  } finally {
    stopHeartbeat();
  }
}

/** Waits for `start`; what comes after it steers. */
function firstMessage(port: TrainerPort, control: Control): Promise<StartMessage> {
  return new Promise((resolve) => {
    port.onMessage((raw) => {
      const message = ToTrainer.parse(raw);
      switch (message.kind) {
        case 'start':
          return resolve(message);
        case 'pause':
          return control.set('pause');
        case 'resume':
          return control.set('run');
        case 'stop':
          return control.set('stop');
        default:
          return message satisfies never;
      }
    });
  });
}

async function trainRun(
  start: StartMessage,
  { openCache, clock, breathe, send }: TrainerPort,
  control: Control,
): Promise<Outcome> {
  const { checkpointFolder, checkpointIntervalMs, epochBytesMax } = start;
  return train(start, {
    engine: await loadEngine(start.engine),
    source: openCache(start.cacheFolder, start.snapshot),
    checkpointFolder,
    checkpointIntervalMs,
    epochBytesMax,
    stepBytesMax,
    control,
    clock,
    breathe,
    report: send,
  });
}

/** Predictions larger than this are left for whoever wants them to compute: they would choke the connection. */
const probabilitiesMax = 16 * 2 ** 20;

function endMessage(outcome: Outcome): FromTrainer {
  if (outcome.kind === 'stopped') return outcome;
  const { testProbabilities } = outcome;
  const fits = testProbabilities !== null && testProbabilities.length <= probabilitiesMax;
  return { ...outcome, testProbabilities: fits ? testProbabilities : null };
}

/** A failure of the catalogue as it is; anything else is memory that could not be had, or a defect. */
function failedMessage(thrown: unknown): FromTrainer {
  const known = thrown instanceof InklingError ? thrown : unlisted(thrown);
  const { code, message, hint } = known;
  const stack = known !== thrown && thrown instanceof Error ? (thrown.stack ?? null) : null;
  return { kind: 'failed', error: { code, message, hint }, stack };
}

function unlisted(thrown: unknown): InklingError {
  const problem = thrown instanceof Error ? thrown.message : String(thrown);
  return isOutOfMemory(problem)
    ? failure('trainer-out-of-memory', { reason: problem })
    : failure('trainer-failed', { problem });
}
