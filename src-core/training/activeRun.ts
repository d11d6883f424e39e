/**
 * @file A run that is on: its trainer process, what it says, and how it ends. What is told has been stored before.
 */
import { basename, join } from 'node:path';
import { failure } from '../errors.ts';
import type { RunId } from '../workspace/records.ts';
import type { Run, RunState } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { FromTrainer, type ToTrainer } from './messages.ts';
import { createRecorder, type Recorder, type RunEvent } from './recorder.ts';
import { failedEnd, unexpectedEnd, type End, type TrainerProcess } from './trainerProcess.ts';

export type ActiveLimits = {
  readonly checkpointIntervalMs: number;
  /** For the parameters kept of single epochs, of each run. */
  readonly epochBytesMax: number;
  /** Silence after which listeners are told that the trainer stalls. */
  readonly stallAfterMs: number;
  /**
   * Silence after which it is ended. A slow step and a hang look alike from outside, so this is far longer:
   * a step of minutes is slow, but it is progress.
   */
  readonly killAfterMs: number;
};

export type ActivePorts = {
  readonly workspace: Workspace;
  readonly limits: ActiveLimits;
  readonly startTrainer: () => TrainerProcess;
  /** Makes the tensor cache of the run's snapshot where it is missing. */
  readonly ensureCache: (run: Run) => Promise<unknown>;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  readonly tell: (event: RunEvent) => void;
  /** What it means when a run stops now. */
  readonly stopEnd: () => End;
  /** Called once, when the process has ended, or will never begin. */
  readonly over: (id: RunId, end: End) => void;
};

/** A setting of the workspace: false, and runs started from then on keep no parameters of single epochs. */
const keepEpochsSetting = 'training.keepEpochs';

/** A trainer ends by itself right after its last word; everything is stored by then, so nothing is lost. */
const exitWithinMs = 5000;

/** With a process, or about to get one: until `begin` has found its data, there is nobody to talk to. */
export class ActiveRun {
  readonly #ports: ActivePorts;
  readonly #id: RunId;
  readonly #record: Recorder;
  #process: TrainerProcess | null = null;
  #heardAt = 0;
  #isStalled = false;
  /** What becomes of the run once its process has ended; null: not decided. */
  #end: End | null = null;

  constructor(ports: ActivePorts, id: RunId) {
    this.#ports = ports;
    this.#id = id;
    this.#record = createRecorder(ports.workspace, id, ports.tell);
  }

  async begin(): Promise<void> {
    try {
      const stored = this.#ports.workspace.runs.get(this.#id);
      await this.#ports.ensureCache(stored);
      if (this.#end) return this.#over();
      const trainer = this.#ports.startTrainer();
      this.#process = trainer;
      this.#heardAt = this.#ports.clock();
      trainer.onMessage((message) => this.#hear(message));
      trainer.onExit((exit) => {
        this.#end ??= unexpectedEnd(exit);
        this.#over();
      });
      this.#setStatus({ status: 'running', process: trainer.process });
      trainer.send(this.#startMessage(stored));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** False: it has no process yet. */
  send(message: ToTrainer): boolean {
    this.#process?.send(message);
    return this.#process !== null;
  }

  /** After its step, with a checkpoint to resume from. */
  stop(): void {
    if (!this.send({ kind: 'stop' })) this.#end = this.#ports.stopEnd();
  }

  /** At once. */
  kill(end: End): void {
    this.#end ??= end;
    this.#process?.kill();
  }

  /** Looks whether it has been silent for too long. */
  watch(): void {
    if (!this.#process) return;
    const { clock, limits } = this.#ports;
    const silentMs = clock() - this.#heardAt;
    if (this.#end) {
      if (silentMs >= exitWithinMs) this.#process.kill();
    } else if (silentMs >= limits.killAfterMs)
      this.#giveUp(failure('trainer-stalled', { seconds: Math.round(silentMs / 1000) }));
    else if (silentMs >= limits.stallAfterMs && !this.#isStalled) {
      this.#isStalled = true;
      this.#ports.tell({ run: this.#id, kind: 'stalled', silentMs });
    }
  }

  #startMessage(run: Run): ToTrainer {
    const { id, snapshot, engine, device, spec, options, isExtended } = run;
    const { workspace, limits } = this.#ports;
    const { cacheFolder, checkpointFolder, checkpoints, settings } = workspace;
    const last = checkpoints.get(id, 'last');
    return {
      kind: 'start',
      cacheFolder,
      checkpointFolder: join(checkpointFolder, id),
      snapshot,
      engine,
      device,
      spec,
      options,
      resumeFrom: last ? basename(last.file) : null,
      startHash: run.start?.parametersHash ?? null,
      isExtended,
      checkpointIntervalMs: limits.checkpointIntervalMs,
      epochBytesMax: settings.get(keepEpochsSetting) === false ? 0 : limits.epochBytesMax,
    };
  }

  #hear(raw: unknown): void {
    // Once the end is decided, what still arrives changes nothing.
    if (this.#end) return;
    this.#heardAt = this.#ports.clock();
    if (this.#isStalled) this.#ports.tell({ run: this.#id, kind: 'heard' });
    this.#isStalled = false;
    try {
      this.#take(FromTrainer.parse(raw));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  #take(message: FromTrainer): void {
    switch (message.kind) {
      case 'heartbeat':
        return;
      case 'paused':
        return this.#setStatus({ status: 'paused' });
      case 'resumed':
        return this.#setStatus({ status: 'running', process: this.#process?.process ?? 0 });
      case 'stopped':
        this.#end = this.#ports.stopEnd();
        return;
      case 'failed': {
        const { error } = message;
        this.#end = { state: { status: 'failed', error }, error };
        return;
      }
      case 'finished':
        this.#record(message);
        this.#end = { state: { status: 'finished', result: message.result }, error: null };
        return;
      case 'checkpoint':
        this.#record(message);
        this.#ports.workspace.runs.endExtension(this.#id);
        return;
      default:
        return this.#record(message);
    }
  }

  #setStatus(state: RunState): void {
    this.#ports.workspace.runs.setState(this.#id, state);
    this.#ports.tell({ run: this.#id, kind: 'status', state, error: null });
  }

  /** For what this side cannot go on with: the disk is full, the cache cannot be built. */
  #giveUp(error: unknown): void {
    this.#end = failedEnd(error);
    if (this.#process) this.#process.kill();
    else this.#over();
  }

  #over(): void {
    if (!this.#end) throw new Error(`${this.#id} is over without an end`);
    this.#ports.over(this.#id, this.#end);
  }
}
