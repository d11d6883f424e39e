/**
 * @file Trying out: which models are asked, how each kind of input is prepared, and what they answer. Models that read
 * pictures of one size share the way there.
 */
import {
  modelsAtOnceMax,
  type ModelInfo,
  type ModelRef,
} from '../../src-core/contract/inspecting.ts';
import type { ImageShape } from '../../src-core/contract/training.ts';
import { api, forgetUpload, newUpload, uploadFile } from '../transport.ts';
import { Answers, type Question } from './answers.svelte.ts';
import { base64Of } from './base64.ts';
import { Pad } from './pad.svelte.ts';
import { readingOf, usualSteps, type Reading, type Steps } from './steps.ts';

/** Pixels of a drawing, which is 448 wide. */
export const strokeWidths = { min: 8, max: 96, usual: 36 } as const;
/** What is read where no model says otherwise: what digits come in. */
const usualShape: ImageShape = { channels: 1, height: 28, width: 28 };

/** A kind of input, and how the surface becomes it. */
export type Input = {
  readonly key: string;
  readonly shape: ImageShape;
  readonly steps: Steps;
  readonly reading: Reading;
  /** Of the models that read it. */
  readonly names: readonly string[];
};

export const keyOfModel = (model: ModelRef): string =>
  model.kind === 'run' ? model.run : `file ${model.file}`;

const keyOfShape = ({ channels, height, width }: ImageShape): string =>
  `${channels} ${height} ${width}`;

/** `28 × 28`, `32 × 32 color` */
export const shapeText = ({ channels, height, width }: ImageShape): string =>
  `${width} × ${height}${channels === 3 ? ' color' : ''}`;

/** Chosen when the view was left, for when it is opened again. Null: never opened. */
let remembered: readonly string[] | null = null;

export class Trying {
  readonly pad = new Pad();
  readonly answers: Answers;
  strokeWidth = $state(strokeWidths.usual);
  isErasing = $state(false);
  /** Null: not read yet. */
  models: readonly ModelInfo[] | null = $state.raw(null);
  #chosenKeys: readonly string[] = $state.raw([]);
  #steps: Readonly<Record<string, Steps>> = $state.raw({});

  /** In the order of the list. */
  readonly chosen: readonly ModelInfo[] = $derived(
    (this.models ?? []).filter(({ model }) => this.#chosenKeys.includes(keyOfModel(model))),
  );
  readonly isFull: boolean = $derived(this.chosen.length >= modelsAtOnceMax);
  /** One for each size that the chosen models read. */
  readonly inputs: readonly Input[] = $derived.by(() => {
    void this.pad.version;
    const groups = Map.groupBy(this.chosen, ({ input }) => keyOfShape(input));
    const shapes =
      groups.size === 0 ? [usualShape] : [...groups.values()].map(([one]) => one!.input);
    return shapes.map((shape) => {
      const key = keyOfShape(shape);
      const steps = this.#steps[key] ?? usualSteps(shape);
      const names = (groups.get(key) ?? []).map(({ name }) => name);
      return { key, shape, steps, names, reading: readingOf(this.pad.surface, shape, steps) };
    });
  });

  constructor(fail: (error: unknown) => void) {
    this.answers = new Answers({
      predict: (question) => api.models.predict(question),
      now: () => performance.now(),
      fail,
    });
  }

  /** Reads which models there are. The newest is asked unless others were chosen before. */
  async load(): Promise<void> {
    const models = await api.models.list();
    this.models = models;
    if (remembered === null && models[0]) remembered = [keyOfModel(models[0].model)];
    if (this.#chosenKeys.length === 0) this.#chosenKeys = remembered ?? [];
  }

  isChosen(model: ModelRef): boolean {
    return this.#chosenKeys.includes(keyOfModel(model));
  }

  choose(model: ModelRef, isChosen: boolean): void {
    const key = keyOfModel(model);
    const others = this.#chosenKeys.filter((each) => each !== key);
    this.#setChosen(isChosen ? [...others, key] : others);
  }

  setSteps(shapeKey: string, steps: Steps): void {
    this.#steps = { ...this.#steps, [shapeKey]: steps };
  }

  /** Asks all chosen models about what lies on the pad. */
  ask(): void {
    if (this.pad.isEmpty) return this.answers.clear();
    const byShape = new Map(
      this.inputs.map(({ key, reading }) => [key, base64Of(reading.pixels)] as const),
    );
    const questions: Question[] = this.chosen.map(({ model, input }) => ({
      key: keyOfModel(model),
      model,
      pixels: byShape.get(keyOfShape(input))!,
    }));
    this.answers.ask(questions);
  }

  /** Opens a file that the page sends; the core keeps it until it is closed. */
  async openFile(file: File): Promise<void> {
    const upload = newUpload();
    const { signal } = new AbortController();
    try {
      await uploadFile({ upload, path: file.name }, file, { onProgress: () => {}, signal });
      this.#opened(await api.models.open({ from: { kind: 'upload', upload } }));
    } catch (error) {
      await forgetUpload(upload);
      throw error;
    }
  }

  /** Opens a file where it lies. */
  async openPath(path: string): Promise<void> {
    this.#opened(await api.models.open({ from: { kind: 'path', path } }));
  }

  async close(file: string): Promise<void> {
    await api.models.close({ file });
    this.models = (this.models ?? []).filter(
      ({ model }) => model.kind !== 'file' || model.file !== file,
    );
    this.choose({ kind: 'file', file }, false);
  }

  #opened(info: ModelInfo): void {
    this.models = [...(this.models ?? []), info];
    if (!this.isFull) this.choose(info.model, true);
  }

  #setChosen(keys: readonly string[]): void {
    this.#chosenKeys = keys;
    remembered = keys;
  }
}
