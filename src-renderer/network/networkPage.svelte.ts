/**
 * @file What the network view of one run looks at: which epoch, which image, and what the network makes of it. Every
 * answer is kept for a while, so that the epoch slider moves back and forth without asking again.
 */
import type { Problem } from '../../src-core/contract.ts';
import type {
  ActivationsInfo,
  CheckpointInfo,
  NetworkInfo,
  Shown,
} from '../../src-core/contract/inspecting.ts';
import type { EpochRow, RunInfo } from '../../src-core/contract/training.ts';
import { runs } from '../state/runs.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { columnsOf, type Column } from './columns.ts';
import { NewestWish } from './newestWish.ts';
import { Recent } from './recent.ts';
import { fetchTensors, type Tensors } from './tensors.ts';

/** What the network makes of the image, at one epoch. */
export type Pass = {
  readonly key: string;
  readonly epoch: number;
  readonly info: ActivationsInfo;
  readonly tensors: Tensors;
};
/** The image looked at; `label` is its index among the network's classes, null: unknown. */
export type Subject = {
  readonly shown: Shown;
  readonly key: string;
  readonly label: number | null;
};
/** A unit of the layer of this name. */
export type Chosen = { readonly layer: string; readonly unit: number };

/** Passes and weights of so many epochs: a run of a usual length, there and back. */
const passesKept = 64;
const weightsKept = 24;
/** Values of a kernel that is drawn as lines or pictures; a larger one would take seconds to fetch and to go through. */
const kernelMax = 2_000_000;

export class NetworkPage {
  readonly run: string;
  checkpoints: readonly CheckpointInfo[] = $state.raw([]);
  /** Null until the checkpoints are known. */
  epoch: number | null = $state(null);
  structure: NetworkInfo | null = $state.raw(null);
  subject: Subject | null = $state.raw(null);
  /** A moment behind `epoch` and `subject`. */
  pass: Pass | null = $state.raw(null);
  weights: { readonly epoch: number; readonly tensors: Tensors } | null = $state.raw(null);
  chosen: Chosen | null = $state.raw(null);
  rows: readonly EpochRow[] = $state.raw([]);
  problem: Problem | null = $state.raw(null);

  readonly info: RunInfo | undefined = $derived.by(() => runs.get(this.run));
  readonly columns: readonly Column[] = $derived(this.structure ? columnsOf(this.structure) : []);
  readonly classes: readonly string[] = $derived(this.structure?.classes ?? []);
  /** Kernels that are looked at as a whole. */
  readonly kernelNames: readonly string[] = $derived.by(() =>
    this.columns.flatMap(({ weighted }) =>
      (weighted?.parameters ?? []).filter(isKernel).map(({ name }) => name),
    ),
  );

  readonly #passes = new Recent<Pass>(passesKept);
  readonly #weights = new Recent<Tensors>(weightsKept);
  readonly #failed = (error: unknown): void => void (this.problem = problemOf(error));
  readonly #passWish = new NewestWish(this.#failed);
  readonly #weightsWish = new NewestWish(this.#failed);

  constructor(run: string) {
    this.run = run;
  }

  /** Reads what there is to look at; again after every epoch of a run that goes on. */
  async read(): Promise<void> {
    const { run } = this;
    try {
      const [checkpoints, read] = await Promise.all([
        api.inspect.checkpoints({ run }),
        api.runs.epochs({ runs: [run] }),
      ]);
      const wasLast = this.epoch === null || this.epoch === this.checkpoints.at(-1)?.epoch;
      this.checkpoints = checkpoints;
      this.rows = read[0]?.epochs ?? [];
      // A person who looks at the newest epoch goes on to the next with it.
      if (wasLast) this.epoch = this.#best();
      this.structure ??= await api.inspect.network({ run, epoch: this.epoch });
      this.problem = null;
    } catch (error) {
      this.#failed(error);
    }
  }

  #best(): number {
    const found = this.checkpoints.find(({ isKept }) => isKept) ?? this.checkpoints.at(-1);
    return found?.epoch ?? 0;
  }

  /** Follows `epoch` and `subject`. */
  follow(): void {
    const { epoch, subject } = this;
    if (epoch === null) return;
    if (this.kernelNames.length > 0) this.#showWeights(epoch);
    if (subject) this.#showPass(epoch, subject);
  }

  #showPass(epoch: number, subject: Subject): void {
    const key = `${epoch} ${subject.key}`;
    const known = this.#passes.peek(key);
    if (known) {
      this.pass = known;
      return;
    }
    this.#passWish.want(async () => {
      const pass = await this.#passes.get(key, () => this.#readPass(key, epoch, subject));
      if (this.epoch === epoch && this.subject === subject) this.pass = pass;
      this.problem = null;
    });
  }

  async #readPass(key: string, epoch: number, { shown }: Subject): Promise<Pass> {
    const info = await api.inspect.activations({ run: this.run, epoch, shown });
    return { key, epoch, info, tensors: await fetchTensors(info.tensors) };
  }

  #showWeights(epoch: number): void {
    const known = this.#weights.peek(String(epoch));
    if (known) {
      this.weights = { epoch, tensors: known };
      return;
    }
    const names = [...this.kernelNames];
    this.#weightsWish.want(async () => {
      const tensors = await this.#weights.get(String(epoch), async () =>
        fetchTensors((await api.inspect.weights({ run: this.run, epoch, names })).tensors),
      );
      if (this.epoch === epoch) this.weights = { epoch, tensors };
    });
  }
}

const isKernel = ({ name, count }: { name: string; count: number }): boolean =>
  name.endsWith('/kernel') && count <= kernelMax;
