/**
 * @file What models say of what lies on the pad. One question is under way at a time, and the newest waits: whoever
 * draws faster than models answer sees the answer to the latest picture, and no queue grows.
 */
import type { ModelRef, PredictionInfo } from '../../src-core/contract/inspecting.ts';

export type Question = {
  readonly key: string;
  readonly model: ModelRef;
  /** uint8 [C, H, W] of the model's input, as base64. */
  readonly pixels: string;
};

type Ports = {
  readonly predict: (question: {
    asked: { model: ModelRef; pixels: string }[];
  }) => Promise<{ answers: PredictionInfo[] }>;
  /** Milliseconds. */
  readonly now: () => number;
  readonly fail: (error: unknown) => void;
};
type Asked = { readonly questions: readonly Question[]; readonly at: number };

export class Answers {
  /** By the key of the question; a model keeps its last answer until it has a new one. */
  byKey: ReadonlyMap<string, PredictionInfo> = $state.raw(new Map());
  /** From a change of the picture until its answer was here; null: nothing was asked yet. */
  latencyMs: number | null = $state(null);

  readonly #ports: Ports;
  #next: Asked | null = null;
  #isAsking = false;
  /** Answers to what was asked before are not shown after it. */
  #cleared = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  ask(questions: readonly Question[]): void {
    if (questions.length === 0) return this.clear();
    this.#next = { questions, at: this.#ports.now() };
    if (!this.#isAsking) void this.#askAll();
  }

  /** Nothing lies on the pad, or there is no one to ask. */
  clear(): void {
    this.#next = null;
    this.#cleared++;
    this.byKey = new Map();
    this.latencyMs = null;
  }

  async #askAll(): Promise<void> {
    this.#isAsking = true;
    try {
      for (let asked = this.#take(); asked; asked = this.#take()) await this.#askOne(asked);
    } catch (error) {
      this.#ports.fail(error);
    } finally {
      this.#isAsking = false;
    }
  }

  #take(): Asked | null {
    const next = this.#next;
    this.#next = null;
    return next;
  }

  async #askOne({ questions, at }: Asked): Promise<void> {
    const cleared = this.#cleared;
    const asked = questions.map(({ model, pixels }) => ({ model, pixels }));
    const { answers } = await this.#ports.predict({ asked });
    if (cleared !== this.#cleared) return;
    this.byKey = new Map(questions.map(({ key }, i) => [key, answers[i]!]));
    this.latencyMs = this.#ports.now() - at;
  }
}
