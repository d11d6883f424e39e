/** @file The plan on screen: edited here, judged after every change, remembered for its dataset, started. */
import {
  TrainPlan,
  type Catalog,
  type LayerSpec,
  type PlanReport,
} from '../../src-core/contract/training.ts';
import { app } from '../state/app.svelte.ts';
import { go, links } from '../state/route.svelte.ts';
import { api, problemOf } from '../transport.ts';
import type { Problem } from '../../src-core/contract.ts';
import { plural } from '../ui/format.ts';
import { ActivationCurves } from './activationCurves.svelte.ts';
import { placeOf } from './fieldPlaces.ts';
import { Judgment } from './judgment.svelte.ts';
import {
  differs,
  labelParts,
  layerAdded,
  layerMoved,
  layerRemoved,
  runsOf,
  valueAt,
  withActivation,
  withPreset,
  withValue,
  type ListPath,
} from './plan.ts';
import { placeNotes, refusals, type Placed, type PlanNote } from './problems.ts';
import { TimeEstimate } from './timeEstimate.svelte.ts';

/** What a new plan begins with where the dataset has none yet. */
const firstPreset = 'mlp-128-64';

export type Device = Awaited<ReturnType<typeof api.training.devices>>[number];

/** Read once while the page is open: these are tables of the program. */
let catalogRead: Promise<Catalog> | null = null;

function readCatalog(): Promise<Catalog> {
  catalogRead ??= api.training.catalog().catch((error: unknown) => {
    catalogRead = null;
    throw error;
  });
  return catalogRead;
}

export class TrainState {
  readonly dataset: number;
  catalog: Catalog | null = $state.raw(null);
  devices: readonly Device[] = $state.raw([]);
  plan: TrainPlan | null = $state.raw(null);
  /** Why there is nothing to show. */
  failure: Problem | null = $state.raw(null);
  isMoreOpen = $state(false);
  isStarting = $state(false);
  readonly time = new TimeEstimate();
  readonly judgment = new Judgment((plan, report) => this.#judged(plan, report));
  readonly curves = new ActivationCurves();

  /** The preset's own plan for this dataset. */
  #usual: TrainPlan | null = $state.raw(null);
  /** As it is stored; what nobody has changed is not stored, so that better usual plans reach it. */
  #remembered: TrainPlan | null = null;
  /** Text that stands in a field and is no value, by field. */
  #typed: Readonly<Record<string, string>> = $state.raw({});
  /** The preset asked for last: of several answers only its own counts. */
  #presetAsked = '';
  #isClosed = false;

  readonly report: PlanReport | null = $derived(this.judgment.report);
  readonly isJudged: boolean = $derived(this.judgment.isOf(this.plan));
  readonly isChanged: boolean = $derived(
    this.plan !== null && this.#usual !== null && differs(this.plan, this.#usual),
  );
  /** Whether the layers are no longer the preset's. */
  readonly hasOwnLayers: boolean = $derived(
    this.plan !== null && this.#usual !== null && differs(this.plan.layers, this.#usual.layers),
  );
  readonly runs: number = $derived(this.plan === null ? 0 : runsOf(this.plan));
  /** What the page itself can see is wrong; while there is something, the core is not asked. */
  readonly #refused: readonly PlanNote[] = $derived.by(() => {
    if (this.plan === null) return [];
    const typed = Object.entries(this.#typed).map(([field, message]) => ({ field, message }));
    const known = new Set(Object.keys(this.#typed));
    return [...typed, ...refusals(this.plan).filter(({ field }) => !known.has(field))];
  });
  readonly #problems: readonly PlanNote[] = $derived(
    this.#refused.length > 0 ? this.#refused : (this.report?.problems ?? []),
  );
  readonly problems: Placed = $derived(placeNotes(this.#problems, (field) => this.#isShown(field)));
  readonly warnings: Placed = $derived(
    placeNotes(this.report?.warnings ?? [], (field) => this.#isShown(field)),
  );
  readonly canStart: boolean = $derived(
    this.isJudged && this.#problems.length === 0 && !this.isStarting,
  );

  constructor(dataset: number) {
    this.dataset = dataset;
  }

  /** Reads what is to be shown and follows the dataset, until the returned call. */
  start(): () => void {
    void this.load();
    const stop = app.onDataset(this.dataset, () => this.#judgeSoon());
    return () => {
      this.#isClosed = true;
      stop();
      this.#stopJudging();
    };
  }

  async load(): Promise<void> {
    this.failure = null;
    try {
      const [catalog, devices, stored] = await Promise.all([
        readCatalog(),
        api.training.devices(),
        api.settings.get({ key: this.#settingKey }),
      ]);
      // A remembered plan that no longer fits counts as none.
      const remembered = TrainPlan.safeParse(stored).data ?? null;
      const preset = remembered?.preset ?? firstPreset;
      const isKnown = catalog.presets.some(({ name }) => name === preset);
      const usual = await this.#defaults(isKnown ? preset : firstPreset);
      this.catalog = catalog;
      this.devices = devices;
      this.#usual = usual;
      const plan = remembered ? { ...remembered, dataset: this.dataset } : usual;
      this.#remembered = plan;
      this.#change(plan);
    } catch (error) {
      this.failure = problemOf(error);
    }
  }

  // — changing —

  set(field: string, value: unknown): void {
    this.#accept(field);
    if (this.plan) this.#change(withValue(this.plan, field, value));
  }

  /** A text that is no value: nothing can be started until it is. */
  refuse(field: string, message: string): void {
    this.#typed = { ...this.#typed, [field]: message };
    this.#stopJudging();
  }

  setMore(isOpen: boolean): void {
    this.isMoreOpen = isOpen;
  }

  async choosePreset(name: string): Promise<void> {
    await this.#attempt(async () => {
      this.#presetAsked = name;
      const usual = await this.#defaults(name);
      if (this.#presetAsked !== name) return;
      this.#usual = usual;
      this.#typed = {};
      if (this.plan) this.#change(withPreset(this.plan, usual));
    });
  }

  /** Back to the preset's usual plan. */
  reset(): void {
    this.#typed = {};
    if (this.#usual) this.#change(this.#usual);
  }

  setActivation(name: string, labels: readonly string[]): void {
    this.#accept(`activations.${name}`);
    if (this.plan) this.#change(withActivation(this.plan, name, labels));
  }

  /** The labels that the plan has for an activation, and what is said about them. */
  labelsOf(name: string): readonly string[] {
    return (this.plan?.activations ?? []).filter((label) => labelParts(label).name === name);
  }

  notesOf(name: string): { problem: string | null; warning: string | null } {
    const fields = [
      `activations.${name}`,
      ...this.labelsOf(name).map((label) => `activations.${this.plan?.activations.indexOf(label)}`),
    ];
    const said = ({ beside }: Placed): string | null =>
      [...new Set(fields.flatMap((field) => beside.get(field) ?? []))].join(' ') || null;
    return { problem: said(this.problems), warning: said(this.warnings) };
  }

  chooseOptimizer(kind: string): void {
    const row = this.catalog?.optimizers.find((each) => each.kind === kind);
    if (!row || !this.plan) return;
    // A rate that suits one optimizer is far off for another.
    const next = withValue(this.plan, 'options.learningRate', row.learningRate);
    this.#accept('options.learningRate');
    this.#accept('options.optimizer');
    this.#change(withValue(next, 'options.optimizer', row.usual));
  }

  setDevice(engine: string, device: string): void {
    if (this.plan) this.#change({ ...this.plan, engine, device });
  }

  addLayer(list: ListPath, layer: LayerSpec): void {
    if (this.plan) this.#change(layerAdded(this.plan, list, layer));
  }

  removeLayer(list: ListPath, index: number): void {
    this.#accept('layers');
    if (this.plan) this.#change(layerRemoved(this.plan, list, index));
  }

  moveLayer(list: ListPath, from: number, to: number): void {
    this.#accept('layers');
    if (this.plan) this.#change(layerMoved(this.plan, list, from, to));
  }

  value(field: string): unknown {
    return this.plan === null ? null : valueAt(this.plan, field);
  }

  problemAt(field: string): string | null {
    return this.problems.beside.get(field)?.join(' ') ?? null;
  }

  warningAt(field: string): string | null {
    return this.warnings.beside.get(field)?.join(' ') ?? null;
  }

  /** Whether something in a part of the plan is no value the core would take. */
  isRefused(field: string): boolean {
    return this.#refused.some((note) => `${note.field}.`.startsWith(`${field}.`));
  }

  // — starting —

  async startRuns(): Promise<void> {
    const { plan } = this;
    if (!plan || !this.canStart) return;
    this.isStarting = true;
    this.time.stop();
    await this.#attempt(async () => {
      const { runs } = await api.training.start(plan);
      app.toast(runs.length === 1 ? 'The run is queued.' : `${plural(runs.length, 'run')} queued.`);
      go(links.runs);
    });
    this.isStarting = false;
  }

  /** Times the plan now, although something else may be running. */
  measure(): void {
    if (this.plan && this.canStart) this.time.measure(this.plan);
  }

  // — judging —

  #change(plan: TrainPlan): void {
    this.plan = plan;
    this.#judgeSoon();
  }

  /** What was typed into this field, or into one of its parts, no longer stands there. */
  #accept(field: string): void {
    const kept = Object.entries(this.#typed).filter(
      ([typed]) => typed !== field && !typed.startsWith(`${field}.`),
    );
    if (kept.length < Object.keys(this.#typed).length) this.#typed = Object.fromEntries(kept);
  }

  #stopJudging(): void {
    this.judgment.stop();
    this.time.stop();
  }

  #judgeSoon(): void {
    this.#stopJudging();
    if (this.plan && !this.#isClosed && this.#refused.length === 0) this.judgment.soon(this.plan);
  }

  #judged(plan: TrainPlan, report: PlanReport): void {
    this.time.judged(plan, report);
    this.curves.want(plan.activations);
    this.#remember(plan);
  }

  // — the rest —

  #isShown(field: string): boolean {
    // Each is said on its card.
    if (field.startsWith('activations.')) return true;
    const place = this.plan === null ? null : placeOf(this.plan, field);
    return place === 'basic' || (place === 'more' && this.isMoreOpen);
  }

  get #settingKey(): string {
    return `dataset.${this.dataset}.train`;
  }

  #remember(plan: TrainPlan): void {
    if (plan === this.#remembered) return;
    this.#remembered = plan;
    api.settings.set({ key: this.#settingKey, value: plan }).catch(app.problem);
  }

  #defaults(preset: string): Promise<TrainPlan> {
    return api.training.defaults({ dataset: this.dataset, preset });
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      app.problem(error);
    }
  }
}
