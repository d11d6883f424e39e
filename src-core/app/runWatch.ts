/**
 * @file The runs as pages see them, kept current: what the supervisor tells becomes lines of the table, and steps for
 * the pages that draw them, both at the same time and at most five times a second for each run.
 */
import type { AppEvent } from '../contract.ts';
import type { RunInfo } from '../contract/training.ts';
import type { RunEvent } from '../training/recorder.ts';
import { flushIntervalMs } from '../training/metrics.ts';
import type { Supervisor } from '../training/supervisor.ts';
import type { RunId } from '../workspace/records.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { LiveFeed, liveSteps } from './liveSteps.ts';
import { epochRow, runInfo, type Now } from './runInfo.ts';
import type { StepClock } from './stepClock.ts';
import { clockOf, storedRun, type StoredRun } from './storedRun.ts';
import { breathing } from './breathing.ts';

export type WatchPorts = {
  readonly workspace: Workspace;
  readonly supervisor: Supervisor;
  readonly tell: (event: AppEvent) => void;
  /** Milliseconds that never run backwards. */
  readonly clock: () => number;
  /** Calls `work` again and again, until the function it returns is called. */
  readonly every: (ms: number, work: () => void) => () => void;
};

/** A run that is on. */
type Active = {
  readonly clock: StepClock;
  /** From the start of the run to the end of its last epoch. */
  epochsSeconds: number;
  step: number;
  samplesPerSecond: number | null;
  isStalled: boolean;
};

/** Each line costs the processor that trains. In step with what it measures: one must not wait for the other. */
const tellIntervalMs = flushIntervalMs;

export class RunWatch {
  readonly #ports: WatchPorts;
  readonly #stored = new Map<RunId, StoredRun>();
  readonly #active = new Map<RunId, Active>();
  readonly #toldAt = new Map<RunId, number>();
  /** Changed since they were last told; each with what ends the waiting until they are told again. */
  readonly #late = new Map<RunId, () => void>();
  readonly #stopListening: () => void;
  readonly live = new LiveFeed();

  constructor(ports: WatchPorts) {
    this.#ports = ports;
    this.#stopListening = ports.supervisor.listen((event) => this.#hear(event));
  }

  /** All runs, in order of creation. The first call reads them from the store, in small pieces. */
  async list(): Promise<RunInfo[]> {
    const { runs } = this.#ports.workspace;
    const breathe = breathing(this.#ports.clock);
    for (const id of runs.ids()) {
      if (!this.#stored.has(id)) this.#stored.set(id, storedRun(this.#ports.workspace, id));
      await breathe();
    }
    // Whatever came or went meanwhile.
    const datasets = runs.datasets();
    const places = new Map(this.#ports.supervisor.queue.map((id, i) => [id, i + 1]));
    return runs.ids().map((id) => {
      const stored = this.#storedOf(id);
      const dataset = datasets.get(stored.run.snapshot) ?? null;
      return runInfo(stored, { place: places.get(id) ?? null, dataset, now: this.#nowOf(id) });
    });
  }

  /** Tells the run's line, for a change that no event of the supervisor is about. */
  changed(id: RunId): void {
    this.#stored.delete(id);
    this.#touch(id);
  }

  close(): void {
    this.#stopListening();
    for (const stop of this.#late.values()) stop();
  }

  #gone(id: RunId): void {
    this.#late.get(id)?.();
    for (const held of [this.#stored, this.#toldAt, this.#active, this.#late]) held.delete(id);
    this.#ports.tell({ kind: 'runGone', run: id });
    this.live.release(id);
  }

  #hear(event: RunEvent): void {
    const { run: id } = event;
    if (event.kind !== 'steps' && event.kind !== 'moved') this.#stored.delete(id);
    switch (event.kind) {
      case 'started':
        return this.#started(event);
      case 'steps':
        return this.#steps(event);
      case 'epoch':
        return this.#epoch(event);
      case 'status':
        if (!isOn(event.state.status)) this.#active.delete(id);
        return this.#touch(id);
      case 'stalled':
      case 'heard': {
        const active = this.#active.get(id);
        if (active) active.isStalled = event.kind === 'stalled';
        return this.#touch(id);
      }
      case 'moved':
        return this.#touch(id);
      case 'removed':
        return this.#gone(id);
      default:
        return event satisfies never;
    }
  }

  #started({ run, step, isRewound }: Extract<RunEvent, { kind: 'started' }>): void {
    const { progress } = this.#storedOf(run);
    const clock = clockOf(this.#ports.workspace, run, progress);
    const epochsSeconds = progress?.seconds ?? 0;
    this.#active.set(run, { clock, epochsSeconds, step, samplesPerSecond: null, isStalled: false });
    if (isRewound) this.live.tell({ kind: 'rewound', run, step });
    this.#touch(run);
  }

  #steps({ run, firstStep, series }: Extract<RunEvent, { kind: 'steps' }>): void {
    const active = this.#active.get(run);
    if (!active) return;
    const { loss, accuracy, samplesPerSecond } = series;
    const seconds = samplesPerSecond.map((rate) => active.clock.after(rate));
    active.step = firstStep + loss.length - 1;
    active.samplesPerSecond = samplesPerSecond.at(-1) ?? null;
    active.isStalled = false;
    if (this.live.isRead) this.live.tell(liveSteps(run, firstStep, { loss, accuracy, seconds }));
    this.#touch(run);
  }

  #epoch({ run, metrics }: Extract<RunEvent, { kind: 'epoch' }>): void {
    const active = this.#active.get(run);
    if (!active) return;
    active.epochsSeconds += metrics.timing.seconds;
    active.clock.set(active.epochsSeconds);
    this.live.tell({ kind: 'epoch', run, row: epochRow(metrics, active.epochsSeconds) });
    this.#touch(run);
  }

  #storedOf(id: RunId): StoredRun {
    const stored = this.#stored.get(id) ?? storedRun(this.#ports.workspace, id);
    this.#stored.set(id, stored);
    return stored;
  }

  #nowOf(id: RunId): Now | null {
    const active = this.#active.get(id);
    if (!active) return null;
    const { clock, step, samplesPerSecond, isStalled } = active;
    return { step, samplesPerSecond, isStalled, seconds: clock.now() };
  }

  /** At once, or when it was told long enough ago. */
  #touch(id: RunId): void {
    if (this.#late.has(id)) return;
    const { clock, every } = this.#ports;
    const rest = (this.#toldAt.get(id) ?? -Infinity) + tellIntervalMs - clock();
    if (rest <= 0) return this.#tell(id);
    this.#late.set(
      id,
      every(rest, () => this.#tell(id)),
    );
  }

  #tell(id: RunId): void {
    this.#late.get(id)?.();
    this.#late.delete(id);
    const { supervisor, workspace, tell, clock } = this.#ports;
    this.#toldAt.set(id, clock());
    const stored = this.#storedOf(id);
    const place = supervisor.queue.indexOf(id) + 1 || null;
    const dataset = workspace.runs.datasets().get(stored.run.snapshot) ?? null;
    tell({ kind: 'run', run: runInfo(stored, { place, dataset, now: this.#nowOf(id) }) });
    this.live.release(id);
  }
}

function isOn(status: string): boolean {
  return status === 'running' || status === 'paused';
}
