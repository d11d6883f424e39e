/** @file Waiting for runs on the command line: progress while they train, Ctrl-C to stop them for later. */
import type { App } from '../src-core/app.ts';
import { InklingError } from '../src-core/errors.ts';
import { RunResult, type Warning } from '../src-core/training/metrics.ts';
import { count, percent, type Terminal } from './terminal.ts';

type Run = ReturnType<App['run']>;

/** What `train` and `resume` say, and each run of `compare`. */
export type TrainReport = {
  readonly run: string;
  readonly preset: string | null;
  readonly spec: Run['spec'];
  readonly options: Run['options'];
  readonly snapshot: string;
  readonly engine: string;
  readonly device: string;
} & Omit<RunResult, 'timing'>;

/** A run of a comparison that did not finish, and why. */
export type FailedRun = { readonly run: string; readonly code: string; readonly message: string };

/** Thrown by Ctrl-C, after the run has its checkpoint. */
export class Stopped extends Error {
  readonly run: string;

  constructor(run: string) {
    super(`The run ${run} is stopped.`);
    this.run = run;
  }
}

/**
 * Waits for a run that is queued or on.
 *
 * @throws InklingError why the run failed or was interrupted
 * @throws Stopped after Ctrl-C
 */
export async function follow(app: App, run: Run, terminal: Terminal): Promise<TrainReport> {
  const name = `${run.id} ${run.preset ?? 'network'}`;
  let epoch = 0;
  let stepsPerEpoch = 1;
  const stopListening = app.listen((event) => {
    if (event.run !== run.id) return;
    if (event.kind === 'started') {
      stepsPerEpoch = event.stepsPerEpoch;
      epoch = Math.floor(event.step / stepsPerEpoch);
      warn(event.warnings, terminal);
    } else if (event.kind === 'steps') {
      const { loss, samplesPerSecond } = event.series;
      const step = event.firstStep + loss.length - 1;
      const share = percent((step % stepsPerEpoch) / stepsPerEpoch);
      const rate = count(Math.round(samplesPerSecond.at(-1)!));
      terminal.progress(
        `${name} · epoch ${epoch + 1} ${share} · loss ${loss.at(-1)!.toFixed(4)} · ${rate} samples/s`,
      );
    } else if (event.kind === 'epoch') {
      const { metrics } = event;
      epoch = metrics.epoch;
      terminal.say(
        `${name} · epoch ${epoch}/${run.options.epochs} · loss ${metrics.train.loss.toFixed(4)}` +
          ` · train ${percent(metrics.train.accuracy)} · validation ${percent(metrics.validation?.accuracy)}` +
          ` · ${count(Math.round(metrics.samplesPerSecond))} samples/s`,
      );
    } else if (event.kind === 'stalled') {
      terminal.progress(`${name} · no word for ${Math.round(event.silentMs / 1000)} s`);
    }
  });
  const onInterrupt = () => app.supervisor.stop(run.id);
  process.once('SIGINT', onInterrupt);
  try {
    const end = await app.supervisor.ended(run.id);
    if (end.run.state.status === 'stopped') throw new Stopped(run.id);
    if (end.error) throw asError(end.error, run.id);
    return reportOf(end.run);
  } finally {
    process.off('SIGINT', onInterrupt);
    stopListening();
    terminal.endProgress();
  }
}

/**
 * Starts a comparison and waits for all of its runs. One that fails does not end the others: what has finished is
 * compared, and the failures are told with it.
 *
 * @throws as `follow` when no run finished, or after Ctrl-C
 */
export async function compare(
  app: App,
  request: Parameters<App['startComparison']>[0] & { readonly target: number },
  terminal: Terminal,
) {
  const started = app.startComparison(request);
  const runs: TrainReport[] = [];
  const failed: FailedRun[] = [];
  for (const run of started) {
    try {
      runs.push(await follow(app, run, terminal));
    } catch (error) {
      if (!(error instanceof InklingError)) throw error;
      failed.push({ run: run.id, code: error.code, message: error.message });
      if (failed.length === started.length) throw error;
    }
  }
  const ids = started.map(({ id }) => id);
  return { runs, failed, comparison: await app.comparison(ids, request.target) };
}

type Verified = Awaited<ReturnType<App['export']>>['verified'];

/** What is said of a verified export. */
export function agreement(verified: Verified): string {
  if (verified.kind === 'unchecked') return `not compared: ${verified.reason}`;
  if (verified.kind === 'parsed-back')
    return `${count(verified.files)} ${verified.files === 1 ? 'file' : 'files'} read again, with all that was to be written`;
  if (verified.kind === 'read-back')
    return `all ${count(verified.arrays)} arrays read back as written, answers not compared: ${verified.reason}`;
  const { samples, agree, maxAbsDiff, accuracy, by } = verified;
  const of = agree === samples ? count(samples) : `${count(agree)} of ${count(samples)}`;
  // Rounding moves every probability a little.
  const figures = [
    `same ${accuracy ? 'class' : 'answers'} on ${of} samples`,
    `max difference ${maxAbsDiff.toExponential(1)}`,
    ...(accuracy
      ? [`accuracy ${percent(accuracy.after)} where the run has ${percent(accuracy.before)}`]
      : []),
    ...(by === undefined ? [] : [`run by ${by}`]),
  ];
  return figures.join(', ');
}

/** What is said of a smaller file. */
export function shrinking({ before, after }: { before: number; after: number }): string {
  return `${count(after)} bytes, ${percent(after / before)} of the ${count(before)} without rounding`;
}

/** Whether a repeated run came out the same. @param identical null: what it repeats never finished. */
export function repetition(run: string, identical: boolean | null): string {
  if (identical === null) return `${run} has not finished, so there is nothing to compare with`;
  return identical
    ? `pass: the same parameters as ${run}`
    : `fail: other parameters than ${run}; versions, device or threads may differ`;
}

type Confidence = NonNullable<Awaited<ReturnType<App['export']>>['confidence']>;

/** What a temperature and a threshold do, on the images the network was not trained on. */
export function sayConfidence(confidence: Confidence, { say }: Terminal): void {
  const { temperature, validation, test } = confidence;
  if (temperature) {
    const { value, isAtLimit } = temperature;
    const limit = isAtLimit ? ', as far as it goes: the validation images do not settle it' : '';
    say(`temperature ${value.toFixed(4)}${limit}`);
  }
  for (const [name, part] of Object.entries({ validation, test })) {
    if (!part) continue;
    const { before, after } = part.calibrationError;
    const figures = [
      ...(temperature ? [`calibration error ${percent(before)}, then ${percent(after)}`] : []),
      ...(part.chosen
        ? [
            `${percent(part.chosen.coverage)} of answers sure, ${percent(part.chosen.accuracy)} of those right`,
          ]
        : []),
    ];
    say(`${name}: ${figures.join('; ')}`);
  }
}

type Pruning = NonNullable<Awaited<ReturnType<App['export']>>['pruning']>;

/** What setting weights to zero cost and gained. */
export function sayPruning(pruning: Pruning, { say }: Terminal): void {
  const { sparsity, fineTuneEpochs, accuracy, curve, zippedBytes } = pruning;
  say('weights at zero: accuracy without fine-tuning');
  for (const row of curve) say(`${percent(row.sparsity)}: ${percent(row.accuracy)}`);
  const epochs = `${fineTuneEpochs} ${fineTuneEpochs === 1 ? 'epoch' : 'epochs'}`;
  say(
    `${percent(sparsity)}, after ${epochs} of fine-tuning: ${percent(accuracy.after)} where the run has ${percent(accuracy.before)}`,
  );
  const { before, after } = zippedBytes;
  say(
    `the file is as large as before; zipped it takes ${count(after)} bytes, ${percent(after / before)} of ${count(before)}`,
  );
}

/** A finished run as the command line reports it. */
function reportOf(run: Run): TrainReport {
  if (run.state.status !== 'finished') throw new Error(`run ${run.id} is ${run.state.status}`);
  const { id, preset, spec, options, snapshot, engine, device } = run;
  const result = RunResult.parse(run.state.result);
  return { run: id, preset, spec, options, snapshot, engine, device, ...result };
}

function warn(warnings: readonly Warning[], terminal: Terminal): void {
  for (const { message } of warnings) terminal.say(`warning: ${message}`);
}

/** A stored error, as what it was. */
function asError(error: { code: string; message: string; hint: string }, run: string): Error {
  // The store keeps codes of the catalogue as text.
  const code = error.code as InklingError['code'];
  const hint = code.startsWith('trainer-')
    ? `${error.hint} Continue with: inkling resume ${run}`
    : error.hint;
  return new InklingError(code, error.message, hint);
}
