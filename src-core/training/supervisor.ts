/**
 * @file The main process's side of training: a queue of runs and a trainer process for each that is on. Nothing
 * else writes runs, metrics and checkpoints; what is told has been stored before.
 */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { TrainOptions } from '../model/spec.ts';
import type { RunId } from '../workspace/records.ts';
import type { NewRun, Run, RunError, RunState } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { epochBytesMax, writeStart } from './epochFiles.ts';
import { FromTrainer, type ToTrainer } from './messages.ts';
import { RunResult } from './metrics.ts';
import { createRecorder, type Recorder, type RunEvent } from './recorder.ts';
import { failedEnd, unexpectedEnd, type End, type TrainerProcess } from './trainerProcess.ts';

export type SupervisorPorts = {
  readonly workspace: Workspace;
  readonly startTrainer: () => TrainerProcess;
  /** Makes the tensor cache of the run's snapshot where it is missing. */
  readonly ensureCache: (run: Run) => Promise<unknown>;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Calls `work` again and again, until the function it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

export type SupervisorLimits = {
  /** Runs that train at once to begin with; each wants all its threads. */
  readonly concurrentRuns: number;
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

const defaultLimits: SupervisorLimits = {
  concurrentRuns: 1,
  checkpointIntervalMs: 30_000,
  epochBytesMax,
  stallAfterMs: 10_000,
  killAfterMs: 600_000,
};

/** How a run came to rest, for whoever waits for it. */
export type RunEnd = { readonly run: Run; readonly error: RunError | null };

/** A run with a process, or about to get one. */
type Active = {
  readonly id: RunId;
  readonly record: Recorder;
  process: TrainerProcess | null;
  heardAt: number;
  isStalled: boolean;
  /** What becomes of it once its process has ended; null: not decided. */
  end: End | null;
};

/** A setting of the workspace: false, and runs started from then on keep no parameters of single epochs. */
const keepEpochsSetting = 'training.keepEpochs';

const watchIntervalMs = 1000;
/** A trainer ends by itself right after its last word; everything is stored by then, so nothing is lost. */
const exitWithinMs = 5000;
const stopped: End = { state: { status: 'stopped' }, error: null };
/** With the end of the program, which needs no reason. */
const interrupted: End = { state: { status: 'interrupted', error: null }, error: null };

/** Lives as long as the workspace is open for writing; `close` it before. */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #limits: SupervisorLimits;
  readonly #queue: RunId[] = [];
  /** Of the runs that wait or train, as stored. */
  readonly #places = new Map<RunId, number>();
  readonly #active = new Map<RunId, Active>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #waiting = new Map<RunId, PromiseWithResolvers<RunEnd>>();
  readonly #stopWatching: () => void;
  #concurrentRuns: number;
  #isClosing = false;

  constructor(ports: SupervisorPorts, limits: Partial<SupervisorLimits> = {}) {
    this.#ports = ports;
    this.#limits = { ...defaultLimits, ...limits };
    this.#concurrentRuns = this.#limits.concurrentRuns;
    this.#stopWatching = ports.every(watchIntervalMs, () => this.#watch());
  }

  /** Stores a run and queues it. */
  start(request: NewRun, params: Tensors | null = null): Run {
    return this.startAll(() => [request], params)[0]!;
  }

  /**
   * Stores all of the runs or none, with whatever `prepare` itself stores, and queues them in this order.
   *
   * @param params that they start from, which their requests name; null: initial values
   */
  startAll(prepare: () => readonly NewRun[], params: Tensors | null = null): Run[] {
    const { runs, transaction, checkpointFolder } = this.#ports.workspace;
    const stored = transaction(() => {
      const created = prepare().map((request) => runs.create(request));
      if (params) for (const { id } of created) writeStart(join(checkpointFolder, id), params);
      this.#givePlaces(created);
      return created;
    });
    for (const { id, state } of stored) this.#tell({ run: id, kind: 'status', state, error: null });
    for (const { id } of stored) this.#enqueue(id);
    return stored;
  }

  /** The runs that wait, in order. */
  get queue(): readonly RunId[] {
    return this.#queue;
  }

  /** The runs that train, or are about to. */
  get active(): readonly RunId[] {
    return [...this.#active.keys()];
  }

  /** Whether a run waits or trains. */
  get isBusy(): boolean {
    return this.#active.size + this.#queue.length > 0;
  }

  get concurrentRuns(): number {
    return this.#concurrentRuns;
  }

  /** Applies at once: more runs begin, or fewer go on to the next when they end. */
  setConcurrentRuns(count: number): void {
    this.#concurrentRuns = count;
    this.#startNext();
  }

  /** @param order all queued runs. @throws InklingError `queue-changed` */
  reorder(order: readonly RunId[]): void {
    const { runs } = this.#ports.workspace;
    const isAll = order.length === this.#queue.length && new Set(order).size === order.length;
    if (!isAll || !order.every((id) => this.#queue.includes(id)))
      throw failure('queue-changed', undefined);
    const places = this.#queue.map((id) => this.#placeOf(id));
    const moved = new Map(order.map((id, i) => [id, places[i]!]));
    runs.setPlaces(moved);
    for (const [id, place] of moved) this.#places.set(id, place);
    this.#queue.splice(0, this.#queue.length, ...order);
    this.#tellMoved();
  }

  /**
   * Takes runs away with all they left: rows first, so that a crash leaves files without a run and never a run
   * without its files. Those that wait leave the queue.
   *
   * @throws InklingError `run-unknown`, `run-state` for one that is on, before any is removed
   */
  async remove(ids: readonly RunId[]): Promise<void> {
    const { runs, transaction, checkpointFolder } = this.#ports.workspace;
    for (const id of ids) if (runs.get(id) && this.#active.has(id)) this.#refuse(id, 'removed');
    const waiting = ids.filter((id) => this.#queue.includes(id));
    for (const id of waiting) this.#queue.splice(this.#queue.indexOf(id), 1);
    this.#rest(waiting, stopped);
    transaction(() => ids.forEach((id) => runs.remove(id)));
    for (const id of ids) this.#tell({ run: id, kind: 'removed' });
    if (waiting.length > 0) this.#tellMoved();
    const folders = ids.map((id) => join(checkpointFolder, id));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }

  /** Holds a run after its step, with a checkpoint. It keeps its process and its place. */
  pause(id: RunId): void {
    const { process } = this.#activeRun(id, 'paused');
    if (!process) return this.#refuse(id, 'paused');
    process.send({ kind: 'pause' });
  }

  /**
   * Goes on with a run that is paused, stopped, interrupted or failed, from its last checkpoint; or with a
   * finished one, for `moreEpochs`.
   *
   * @throws InklingError `run-unknown`, `run-state`, `run-complete`, `run-from-capsule`, `setting-invalid`
   */
  resume(id: RunId, moreEpochs = 0): void {
    const { runs } = this.#ports.workspace;
    if (!Number.isInteger(moreEpochs) || moreEpochs < 0)
      throw failure('setting-invalid', {
        setting: 'epochs',
        problem: `${moreEpochs} is no number of epochs to add`,
      });
    const run = runs.get(id);
    const { state, options } = run;
    const held = this.#active.get(id);
    if (held?.process && state.status === 'paused' && moreEpochs === 0)
      return held.process.send({ kind: 'resume' });
    if (held || this.#queue.includes(id)) return this.#refuse(id, 'resumed');
    const done = state.status === 'finished' ? RunResult.parse(state.result).epochs : null;
    if (done !== null && moreEpochs === 0) throw failure('run-complete', { run: id, epochs: done });
    if (run.cameFrom !== null) throw failure('run-from-capsule', { run: id });
    const epochs = (done ?? options.epochs) + moreEpochs;
    if (moreEpochs > 0) runs.extend(id, withEpochs(options, epochs));
    this.#givePlaces([run]);
    this.#setStatus(id, { status: 'queued' });
    this.#enqueue(id);
  }

  /** Ends a run after its step, with a checkpoint to resume from. */
  stop(id: RunId): void {
    if (this.#unqueue(id, stopped)) return;
    const run = this.#activeRun(id, 'stopped');
    if (run.process) run.process.send({ kind: 'stop' });
    else run.end = this.#isClosing ? interrupted : stopped;
  }

  /** Ends a run at once; its last checkpoint stays. */
  cancel(id: RunId): void {
    if (this.#unqueue(id, stopped)) return;
    const run = this.#activeRun(id, 'canceled');
    run.end ??= stopped;
    run.process?.kill();
  }

  /** Resolves when the run is neither queued nor on, at once if it is not now. */
  async ended(id: RunId): Promise<RunEnd> {
    const run = this.#ports.workspace.runs.get(id);
    if (!this.#active.has(id) && !this.#queue.includes(id))
      return { run, error: 'error' in run.state ? run.state.error : null };
    const waiter = this.#waiting.get(id) ?? Promise.withResolvers<RunEnd>();
    this.#waiting.set(id, waiter);
    return waiter.promise;
  }

  /** Calls `listener` with everything that happens. Returns how to end that. */
  listen(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Interrupts what is on, with a checkpoint, and what is queued. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#rest(this.#queue.splice(0), interrupted);
    const ends = [...this.#active.keys()].map((id) => this.ended(id));
    for (const id of this.#active.keys()) this.stop(id);
    await Promise.all(ends);
    this.#stopWatching();
  }

  /** The end of the queue, unless they have a place: interrupted runs come back in their old order. */
  #givePlaces(stored: readonly Run[]): void {
    const { runs } = this.#ports.workspace;
    const first = runs.lastPlace();
    const given = new Map(stored.map(({ id, place }, i) => [id, place ?? first + i]));
    runs.setPlaces(given);
    for (const [id, place] of given) this.#places.set(id, place);
  }

  #placeOf(id: RunId): number {
    return this.#places.get(id) ?? Infinity;
  }

  #enqueue(id: RunId): void {
    const place = this.#placeOf(id);
    const before = this.#queue.findIndex((other) => this.#placeOf(other) > place);
    this.#queue.splice(before < 0 ? this.#queue.length : before, 0, id);
    this.#startNext();
    this.#tellMoved(before < 0 ? -1 : before);
  }

  /** @param from the first place in the queue that something has come to. */
  #tellMoved(from = 0): void {
    for (const id of this.#queue.slice(from)) this.#tell({ run: id, kind: 'moved' });
  }

  /** Takes a run out of the queue. False: it is not in it. */
  #unqueue(id: RunId, end: End): boolean {
    const place = this.#queue.indexOf(id);
    if (place < 0) return false;
    this.#queue.splice(place, 1);
    this.#rest([id], end);
    this.#tellMoved();
    return true;
  }

  /** Starts as many runs as may be on at once. */
  #startNext(): void {
    while (!this.#isClosing && this.#active.size < this.#concurrentRuns) {
      const id = this.#queue.shift();
      if (id === undefined) return;
      const record = createRecorder(this.#ports.workspace, id, (event) => this.#tell(event));
      const run = { id, record, process: null, heardAt: 0, isStalled: false, end: null };
      this.#active.set(id, run);
      this.#tellMoved();
      void this.#begin(run);
    }
  }

  async #begin(run: Active): Promise<void> {
    try {
      const stored = this.#ports.workspace.runs.get(run.id);
      await this.#ports.ensureCache(stored);
      if (run.end) return this.#over(run);
      const trainer = this.#ports.startTrainer();
      run.process = trainer;
      run.heardAt = this.#ports.clock();
      trainer.onMessage((message) => this.#hear(run, message));
      trainer.onExit((exit) => {
        run.end ??= unexpectedEnd(exit);
        this.#over(run);
      });
      this.#setStatus(run.id, { status: 'running', process: trainer.process });
      trainer.send(this.#startMessage(stored));
    } catch (error) {
      this.#giveUp(run, error);
    }
  }

  #startMessage(run: Run): ToTrainer {
    const { id, snapshot, engine, device, spec, options, isExtended } = run;
    const { cacheFolder, checkpointFolder, checkpoints, settings } = this.#ports.workspace;
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
      checkpointIntervalMs: this.#limits.checkpointIntervalMs,
      epochBytesMax: settings.get(keepEpochsSetting) === false ? 0 : this.#limits.epochBytesMax,
    };
  }

  #hear(run: Active, raw: unknown): void {
    // Once the end is decided, what still arrives changes nothing.
    if (run.end) return;
    run.heardAt = this.#ports.clock();
    if (run.isStalled) this.#tell({ run: run.id, kind: 'heard' });
    run.isStalled = false;
    try {
      this.#take(run, FromTrainer.parse(raw));
    } catch (error) {
      this.#giveUp(run, error);
    }
  }

  #take(run: Active, message: FromTrainer): void {
    switch (message.kind) {
      case 'heartbeat':
        return;
      case 'paused':
        return this.#setStatus(run.id, { status: 'paused' });
      case 'resumed':
        return this.#setStatus(run.id, { status: 'running', process: run.process?.process ?? 0 });
      case 'stopped':
        run.end = this.#isClosing ? interrupted : stopped;
        return;
      case 'failed': {
        const { error } = message;
        run.end = { state: { status: 'failed', error }, error };
        return;
      }
      case 'finished':
        run.record(message);
        run.end = { state: { status: 'finished', result: message.result }, error: null };
        return;
      case 'checkpoint':
        run.record(message);
        this.#ports.workspace.runs.endExtension(run.id);
        return;
      default:
        return run.record(message);
    }
  }

  /** Ends a run that this side cannot go on with: the disk is full, the cache cannot be built. */
  #giveUp(run: Active, error: unknown): void {
    run.end = failedEnd(error);
    if (run.process) run.process.kill();
    else this.#over(run);
  }

  #over(run: Active): void {
    this.#active.delete(run.id);
    this.#rest([run.id], run.end ?? stopped);
    this.#startNext();
  }

  /** The end, for now, of runs that are neither queued nor on any more. */
  #rest(ids: readonly RunId[], { state, error }: End): void {
    // A workspace that is only read has none, and may not be written to.
    if (ids.length === 0) return;
    const { runs, transaction } = this.#ports.workspace;
    transaction(() => {
      for (const id of ids) runs.setState(id, state);
      // What was interrupted goes on where it was; everything else is out of the queue for good.
      if (state.status !== 'interrupted') runs.setPlaces(new Map(ids.map((id) => [id, null])));
    });
    for (const id of ids) {
      this.#places.delete(id);
      this.#tell({ run: id, kind: 'status', state, error });
      this.#waiting.get(id)?.resolve({ run: runs.get(id), error });
      this.#waiting.delete(id);
    }
  }

  #watch(): void {
    for (const run of this.#active.values()) {
      if (!run.process) continue;
      const silentMs = this.#ports.clock() - run.heardAt;
      if (run.end) {
        if (silentMs >= exitWithinMs) run.process.kill();
      } else if (silentMs >= this.#limits.killAfterMs)
        this.#giveUp(run, failure('trainer-stalled', { seconds: Math.round(silentMs / 1000) }));
      else if (silentMs >= this.#limits.stallAfterMs && !run.isStalled) {
        run.isStalled = true;
        this.#tell({ run: run.id, kind: 'stalled', silentMs });
      }
    }
  }

  #setStatus(id: RunId, state: RunState): void {
    this.#ports.workspace.runs.setState(id, state);
    this.#tell({ run: id, kind: 'status', state, error: null });
  }

  #tell(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** The run `id` while it is on. @throws InklingError `run-unknown`, `run-state` */
  #activeRun(id: RunId, action: string): Active {
    return this.#active.get(id) ?? this.#refuse(id, action);
  }

  #refuse(id: RunId, action: string): never {
    const { status } = this.#ports.workspace.runs.get(id).state;
    throw failure('run-state', { run: id, status, action });
  }
}

/** @throws InklingError `setting-invalid` where no run may have so many. */
function withEpochs(options: TrainOptions, epochs: number): TrainOptions {
  const parsed = TrainOptions.safeParse({ ...options, epochs });
  if (parsed.success) return parsed.data;
  const problem = `a run cannot have ${epochs} epochs in all (${parsed.error.issues[0]!.message})`;
  throw failure('setting-invalid', { setting: 'epochs', problem });
}
