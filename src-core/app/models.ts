/** @file Models to try out: runs that have parameters, and ONNX files that were opened. */
import { basename } from 'node:path';
import type { ModelInfo, ModelRef, PredictionInfo } from '../contract/inspecting.ts';
import { imageSize } from '../engine/engine.ts';
import { failure, InklingError } from '../errors.ts';
import type { Inspector } from '../inspect/client.ts';
import { largestIndex } from '../inspect/largest.ts';
import type { ModelSource } from '../inspect/messages.ts';
import { activationTitle } from '../model/activations.ts';
import { hiddenActivations } from '../model/layers.ts';
import type { ImageShape } from '../model/spec.ts';
import type { Run } from '../workspace/runs.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { measured } from './evaluations.ts';
import { problemOf } from './jobs.ts';
import { KeptThings } from './kept.ts';
import { keptCheckpoint, runNetwork } from './networkSources.ts';

export type Model = {
  readonly name: string;
  readonly source: ModelSource;
  readonly input: ImageShape;
  readonly classes: readonly string[];
  /** The run and epoch it is of; null: a file. */
  readonly run: { readonly run: Run; readonly epoch: number } | null;
};

type OpenedFile = {
  readonly file: string;
  readonly path: string;
  readonly input: ImageShape;
  readonly classes: readonly string[];
  /** Takes the file away that was only kept for it; absent: it is the user's own. */
  readonly done?: () => Promise<void>;
};

export type ModelPorts = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clock: () => number;
  readonly reportDefect: (error: unknown) => void;
};

/** As many as can be compared; each is a path and a few names. */
const filesMax = 32;
/** A file of another program may compute forever. Ours do not, and may be on a slow machine. */
const fileLimitMs = 60_000;

export class Models {
  readonly #workspace: Workspace;
  readonly #inspector: Inspector;
  readonly #clock: () => number;
  readonly #files: KeptThings<OpenedFile>;

  constructor(
    workspace: Workspace,
    inspector: Inspector,
    { now, clock, reportDefect }: ModelPorts,
  ) {
    this.#workspace = workspace;
    this.#inspector = inspector;
    this.#clock = clock;
    this.#files = new KeptThings(
      `m${now().toString(36)}`,
      { count: filesMax, bytes: Infinity },
      () => failure('model-closed', undefined),
      ({ done }) => void done?.().catch(reportDefect),
    );
  }

  list(): ModelInfo[] {
    const runs = this.#workspace.runs.list().toReversed();
    const usable = runs.filter((run) => keptCheckpoint(this.#workspace, run));
    return [
      ...usable.map((run) => this.#ofRun(run)),
      ...this.#files.list().map((opened) => ofFile(opened)),
    ];
  }

  /**
   * @param shown what messages call it; its path unless given.
   * @param done called once, when it was closed or could not be opened.
   * @throws InklingError of `openModel`
   */
  async open(path: string, shown = path, done?: () => Promise<void>): Promise<ModelInfo> {
    const limited = { limitMs: fileLimitMs };
    const asked = this.#inspector.call('describe', { path }, limited);
    const about = await asked.catch(async (error: unknown) => {
      await done?.();
      throw renamed(error, path, shown);
    });
    const kept = { path, ...about, ...(done && { done }) };
    return ofFile(this.#files.add((file) => ({ file, ...kept }), 0));
  }

  close(file: string): void {
    this.#files.delete(file);
  }

  /** @throws InklingError `run-unknown`, `run-unfinished`, `epoch-missing`, `model-closed` */
  resolve(ref: ModelRef): Model {
    if (ref.kind === 'file') {
      const { path, input, classes } = this.#files.get(ref.file);
      return { name: basename(path), source: { kind: 'file', path }, input, classes, run: null };
    }
    const { run, epoch, source } = runNetwork(this.#workspace, ref.run, ref.epoch);
    const { classes } = this.#workspace.snapshots.about(run.snapshot);
    return { name: run.id, source, input: run.spec.input, classes, run: { run, epoch } };
  }

  /** Each on its own: what goes wrong with one is its answer. */
  predict(
    asked: readonly { readonly model: ModelRef; readonly pixels: string }[],
  ): Promise<PredictionInfo[]> {
    return Promise.all(asked.map(({ model, pixels }) => this.#answer(model, pixels)));
  }

  async #answer(ref: ModelRef, text: string): Promise<PredictionInfo> {
    const began = this.#clock();
    try {
      const model = this.resolve(ref);
      const pixels = pixelsOf(text, model);
      const { source } = model;
      const limited = source.kind === 'file' ? { limitMs: fileLimitMs } : {};
      const { probabilities } = await this.#inspector.call('predict', { source, pixels }, limited);
      return {
        kind: 'answer',
        probabilities: Array.from(probabilities, measured),
        predicted: largestIndex(probabilities),
        milliseconds: this.#clock() - began,
      };
    } catch (error) {
      if (!(error instanceof InklingError)) throw error;
      return { kind: 'failed', problem: problemOf(error) };
    }
  }

  /** uint8 [N, C, H, W] of the model's input → [N, classes] both; logits of a file are null. */
  async answers(model: Model, pixels: Uint8Array) {
    return this.#inspector.call('predict', { source: model.source, pixels });
  }

  #ofRun(run: Run): ModelInfo {
    const { dataset, classes } = this.#workspace.snapshots.about(run.snapshot);
    const [activation] = hiddenActivations(run.spec);
    return {
      model: { kind: 'run', run: run.id, epoch: null },
      name: activation === undefined ? run.id : `${run.id} · ${activationTitle(activation)}`,
      input: run.spec.input,
      classes: [...classes],
      isFinished: run.state.status === 'finished',
      dataset:
        dataset === null
          ? null
          : { id: dataset, name: this.#workspace.datasets.byId(dataset).name },
    };
  }
}

/** An uploaded file is known by its name; where it lies meanwhile says nothing to anyone. */
function renamed(error: unknown, path: string, shown: string): unknown {
  if (!(error instanceof InklingError)) return error;
  return new InklingError(error.code, error.message.replaceAll(path, shown), error.hint);
}

function ofFile({ file, path, input, classes }: OpenedFile): ModelInfo {
  return {
    model: { kind: 'file', file },
    name: basename(path),
    input,
    classes: [...classes],
    isFinished: null,
    dataset: null,
  };
}

/** uint8 [C, H, W] from base64. @throws InklingError `pixels-unfit` */
export function pixelsOf(text: string, { name, input }: Pick<Model, 'name' | 'input'>): Uint8Array {
  const pixels = new Uint8Array(Buffer.from(text, 'base64'));
  const expected = imageSize(input);
  if (pixels.length !== expected)
    throw failure('pixels-unfit', { bytes: pixels.length, expected, model: name });
  return pixels;
}
