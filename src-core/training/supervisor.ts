/**
 * @file The main process's side of training: a queue of runs and a trainer process for each that is on. Nothing
 * else writes runs, metrics and checkpoints; what is told has been stored before.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensors } from '../engine/engine.ts';
import { failure } from '../errors.ts';
import { TrainOptions } from '../model/spec.ts';
import type { RunId } from '../workspace/records.ts';
import type { NewRun, Run, RunError, RunState } from '../workspace/runs.ts';
import { ActiveRun, type ActiveLimits, type ActivePorts } from './activeRun.ts';
import { epochBytesMax, writeStart } from './epochFiles.ts';
import { RunResult } from './metrics.ts';
import {
  added,
  from,
  idsOf,
  placed,
  reordered,
  without,
  type Queue,
  type Waiting,
} from './queue.ts';
import type { RunEvent } from './recorder.ts';
import type { End } from './trainerProcess.ts';

export type SupervisorPorts = Pick<
  ActivePorts,
  'workspace' | 'startTrainer' | 'ensureCache' | 'clock'
> & {
  /** Calls `work` again and again, until the function it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

export type SupervisorLimits = ActiveLimits & {
  /** Runs that train at once to begin with; each wants all its threads. */
  readonly concurrentRuns: number;
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

const watchIntervalMs = 1000;
const stopped: End = { state: { status: 'stopped' }, error: null };
/** With the end of the program, which needs no reason. */
const interrupted: End = { state: { status: 'interrupted', error: null }, error: null };

/** Lives as long as the workspace is open for writing; `close` it before. */
export class Supervisor {
  readonly #ports: SupervisorPorts;
  readonly #limits: SupervisorLimits;
  readonly #active = new Map<RunId, ActiveRun>();
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #awaited = new Map<RunId, PromiseWithResolvers<RunEnd>>();
  readonly #stopWatching: () => void;
  #queue: Queue = [];
  #concurrentRuns: number;
  #isClosing = false;

  constructor(ports: SupervisorPorts, limits: Partial<SupervisorLimits> = {}) {
    this.#ports = ports;
    this.#limits = { ...defaultLimits, ...limits };
    this.#concurrentRuns = this.#limits.concurrentRuns;
    this.#stopWatching = ports.every(watchIntervalMs, () => {
      for (const run of this.#active.values()) run.watch();
    });
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
    const { created, places } = transaction(() => {
      const created = prepare().map((request) => runs.create(request));
      if (params) for (const { id } of created) writeStart(join(checkpointFolder, id), params);
      return { created, places: this.#givePlaces(created) };
    });
    for (const { id, state } of created)
      this.#tell({ run: id, kind: 'status', state, error: null });
    for (const one of places) this.#enqueue(one);
    return created;
  }

  /** The runs that wait, in order. */
  get queue(): readonly RunId[] {
    return idsOf(this.#queue);
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
    const queue = reordered(this.#queue, order);
    if (!queue) throw failure('queue-changed', undefined);
    this.#store(queue);
    this.#queue = queue;
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
    const waiting = ids.filter((id) => this.#isWaiting(id));
    this.#queue = without(this.#queue, waiting);
    this.#rest(waiting, stopped);
    transaction(() => ids.forEach((id) => runs.remove(id)));
    for (const id of ids) this.#tell({ run: id, kind: 'removed' });
    if (waiting.length > 0) this.#tellMoved();
    const folders = ids.map((id) => join(checkpointFolder, id));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }

  /** Holds a run after its step, with a checkpoint. It keeps its process and its place. */
  pause(id: RunId): void {
    if (!this.#activeRun(id, 'paused').send({ kind: 'pause' })) this.#refuse(id, 'paused');
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
    const isHeld = state.status === 'paused' && moreEpochs === 0;
    if (isHeld && held?.send({ kind: 'resume' })) return;
    if (held || this.#isWaiting(id)) return this.#refuse(id, 'resumed');
    const done = state.status === 'finished' ? RunResult.parse(state.result).epochs : null;
    if (done !== null && moreEpochs === 0) throw failure('run-complete', { run: id, epochs: done });
    if (run.cameFrom !== null) throw failure('run-from-capsule', { run: id });
    const epochs = (done ?? options.epochs) + moreEpochs;
    if (moreEpochs > 0) runs.extend(id, withEpochs(options, epochs));
    const places = this.#givePlaces([run]);
    this.#setStatus(id, { status: 'queued' });
    for (const one of places) this.#enqueue(one);
  }

  /** Ends a run after its step, with a checkpoint to resume from. */
  stop(id: RunId): void {
    if (this.#unqueue(id, stopped)) return;
    this.#activeRun(id, 'stopped').stop();
  }

  /** Ends a run at once; its last checkpoint stays. */
  cancel(id: RunId): void {
    if (this.#unqueue(id, stopped)) return;
    this.#activeRun(id, 'canceled').kill(stopped);
  }

  /** Resolves when the run is neither queued nor on, at once if it is not now. */
  async ended(id: RunId): Promise<RunEnd> {
    const run = this.#ports.workspace.runs.get(id);
    if (!this.#active.has(id) && !this.#isWaiting(id))
      return { run, error: 'error' in run.state ? run.state.error : null };
    const waiter = this.#awaited.get(id) ?? Promise.withResolvers<RunEnd>();
    this.#awaited.set(id, waiter);
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
    const waiting = idsOf(this.#queue);
    this.#queue = [];
    this.#rest(waiting, interrupted);
    const ends = [...this.#active.keys()].map((id) => this.ended(id));
    for (const id of this.#active.keys()) this.stop(id);
    await Promise.all(ends);
    this.#stopWatching();
  }

  #isWaiting(id: RunId): boolean {
    return this.#queue.some((one) => one.id === id);
  }

  /** Stores where the runs are to wait. */
  #givePlaces(runs: readonly Run[]): Queue {
    const places = placed(runs, this.#ports.workspace.runs.lastPlace());
    this.#store(places);
    return places;
  }

  #store(places: Queue): void {
    this.#ports.workspace.runs.setPlaces(new Map(places.map(({ id, place }) => [id, place])));
  }

  #enqueue(one: Waiting): void {
    this.#queue = added(this.#queue, one);
    this.#startNext();
    this.#tellMoved(from(this.#queue, one.id));
  }

  #tellMoved(moved: Queue = this.#queue): void {
    for (const { id } of moved) this.#tell({ run: id, kind: 'moved' });
  }

  /** Takes a run out of the queue. False: it is not in it. */
  #unqueue(id: RunId, end: End): boolean {
    if (!this.#isWaiting(id)) return false;
    this.#queue = without(this.#queue, [id]);
    this.#rest([id], end);
    this.#tellMoved();
    return true;
  }

  /** Starts as many runs as may be on at once. */
  #startNext(): void {
    while (!this.#isClosing && this.#active.size < this.#concurrentRuns) {
      const [next, ...others] = this.#queue;
      if (!next) return;
      this.#queue = others;
      const run = this.#activated(next.id);
      this.#active.set(next.id, run);
      this.#tellMoved();
      void run.begin();
    }
  }

  #activated(id: RunId): ActiveRun {
    const ports: ActivePorts = {
      ...this.#ports,
      limits: this.#limits,
      tell: (event) => this.#tell(event),
      stopEnd: () => (this.#isClosing ? interrupted : stopped),
      over: (run, end) => this.#over(run, end),
    };
    return new ActiveRun(ports, id);
  }

  #over(id: RunId, end: End): void {
    this.#active.delete(id);
    this.#rest([id], end);
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
      this.#tell({ run: id, kind: 'status', state, error });
      this.#awaited.get(id)?.resolve({ run: runs.get(id), error });
      this.#awaited.delete(id);
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
  #activeRun(id: RunId, action: string): ActiveRun {
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
