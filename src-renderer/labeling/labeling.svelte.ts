/**
 * @file Labeling one image after another: which image is shown, what a key does to it, and what was done so far.
 *
 * A label shows at once and is stored behind it; changes are sent one after the other, so that they are stored in the
 * order in which they were made. A change that cannot be stored is taken back and told.
 */
import type { ContractRouterClient } from '@orpc/contract';
import type { ClassInfo, Contract, DatasetInfo } from '../../src-core/contract.ts';
import { PageError } from '../datasets/pageCache.ts';
import { asksRun, isOrderName, orders, type OrderName } from './orders.ts';
import { labelsPerMinute, recentTimes } from './pace.ts';
import { Queue, type QueueItem } from './queue.ts';

type Client = ContractRouterClient<Contract>;

/** What labeling needs of the world. */
export type LabelingPorts = {
  readonly api: Pick<Client, 'classes' | 'datasets' | 'images' | 'labels' | 'settings'>;
  readonly fetchPage: (path: string) => Promise<ArrayBuffer>;
  readonly pictures: {
    readonly get: (id: number) => ImageBitmap | undefined;
    readonly load: (id: number) => Promise<void>;
  };
  /** The dataset as it is now; undefined while it is not read yet. Reactive. */
  readonly info: () => DatasetInfo | undefined;
  /** The evaluation by which orders ask a run; null: there is none to ask. `isNew`: not one kept from before. */
  readonly predicted: (isNew: boolean) => Promise<string | null>;
  /** Whether a call failed because the core keeps that evaluation no more. */
  readonly isForgotten: (error: unknown) => boolean;
  /** Whether a label moves on. Reactive. */
  readonly autoAdvance: () => boolean;
  /** Milliseconds. */
  readonly now: () => number;
  /** Shows that something is being stored, and whether it was. */
  readonly saving: <T>(stored: Promise<T>) => Promise<T>;
  readonly say: (text: string) => void;
  readonly fail: (error: unknown) => void;
};

/** An image beside the current one; null: fetched later, or none there. */
export type Neighbor = { readonly position: number; readonly item: QueueItem | null };
/** Where something was done, for undo to come back to. */
type Deed = { readonly queue: Queue; readonly position: number };

const orderSetting = 'labelingOrder';
/** Neighbors on each side. */
const neighborCount = 3;
/** Pictures decoded ahead of the current one. */
const picturesAhead = 6;
/** Deeds whose place is remembered. */
const deedsMax = 1000;

export class Labeling {
  order = $state<OrderName>('added');
  position = $state(0);
  /** Images in the queue. */
  count = $state(0);
  current = $state.raw<QueueItem | null>(null);
  /** Null: its small picture stands in until it is decoded. */
  picture = $state.raw<ImageBitmap | null>(null);
  before = $state.raw<readonly Neighbor[]>([]);
  after = $state.raw<readonly Neighbor[]>([]);
  perMinute = $state<number | null>(null);

  readonly info: DatasetInfo | null = $derived.by(() => this.#ports.info() ?? null);
  readonly classes: readonly ClassInfo[] = $derived(this.info?.classes ?? []);
  readonly phase = $derived.by(() => this.#phase());

  readonly #dataset: number;
  readonly #ports: LabelingPorts;
  #isOpen = $state(false);
  #queue: Queue | null = null;
  #writes: Promise<void> = Promise.resolve();
  #times: number[] = [];
  #done: Deed[] = [];
  #undone: Deed[] = [];

  constructor(dataset: number, ports: LabelingPorts) {
    this.#dataset = dataset;
    this.#ports = ports;
  }

  /** Opens the queue in the order chosen last. Whoever never chose gets what is still to do, if that is a part. */
  start = (): Promise<void> =>
    this.#attempt(async () => {
      const { datasets, settings } = this.#ports.api;
      const [info, chosen] = await Promise.all([
        datasets.get({ dataset: this.#dataset }),
        settings.get({ key: orderSetting }),
      ]);
      const isPartLabeled = info.unlabeled > 0 && info.unlabeled < info.images;
      await this.#open(isOrderName(chosen) ? chosen : isPartLabeled ? 'unlabeled' : 'added');
    });

  /** Starts over in this order, from what the labels are now. */
  setOrder = (order: OrderName): Promise<void> =>
    this.#attempt(async () => {
      await this.#writes;
      await this.#open(order);
      await this.#ports.api.settings.set({ key: orderSetting, value: order });
    });

  next = (): void => this.moveTo(this.position + 1);
  previous = (): void => this.moveTo(this.position - 1);

  /** One past the last image is the end, where what comes next is offered. */
  moveTo(position: number): void {
    const to = Math.min(Math.max(0, position), this.count);
    if (to !== this.position) this.#show(to);
  }

  /** Gives the current image this label, and moves on if it should. */
  label(to: ClassInfo): void {
    if (this.current === null) return;
    this.#relabel(this.current, to);
    if (this.#ports.autoAdvance()) this.next();
  }

  unlabel = (): void => {
    if (this.current !== null) this.#relabel(this.current, null);
  };

  /** Marks the current image as unsure, or as sure again. */
  toggleUnsure = (): void => {
    if (this.current === null) return;
    const { id, flagged } = this.current;
    const input = { dataset: this.#dataset, target: targetOf(id), flagged: !flagged };
    this.#change({ flagged: !flagged }, { flagged }, () => this.#ports.api.images.flag(input));
  };

  undo = (): Promise<void> => this.#revert('undo', this.#done, this.#undone);
  redo = (): Promise<void> => this.#revert('redo', this.#undone, this.#done);

  /** The first classes of a dataset that has none. */
  addClasses = (names: readonly string[]): Promise<void> =>
    this.#attempt(async () => {
      const { classes } = this.#ports.api;
      for (const name of names)
        await this.#ports.saving(classes.add({ dataset: this.#dataset, name }));
    });

  /** Lets the pace fall while nothing is labeled. */
  tick = (): void => {
    this.perMinute = labelsPerMinute(this.#times, this.#ports.now());
  };

  #phase(): 'loading' | 'noImages' | 'noClasses' | 'end' | 'image' {
    if (this.info === null || !this.#isOpen) return 'loading';
    if (this.info.images === 0) return 'noImages';
    if (this.classes.length === 0) return 'noClasses';
    return this.position >= this.count ? 'end' : 'image';
  }

  #relabel(item: QueueItem, to: ClassInfo | null): void {
    const position = to?.position ?? null;
    if (to !== null) {
      const now = this.#ports.now();
      this.#times = [...recentTimes(this.#times, now), now];
      this.tick();
    }
    if (item.class === position) return;
    this.#done = [
      ...this.#done.slice(1 - deedsMax),
      { queue: this.#queue!, position: this.position },
    ];
    this.#undone = [];
    const input = { dataset: this.#dataset, target: targetOf(item.id), class: to?.id ?? null };
    this.#change({ class: position }, { class: item.class }, () =>
      this.#ports.api.labels.set(input),
    );
  }

  /** Changes the current image on screen, and stores that behind the changes made before. */
  #change(to: Partial<QueueItem>, from: Partial<QueueItem>, send: () => Promise<unknown>): void {
    const [queue, position] = [this.#queue!, this.position];
    const put = (values: Partial<QueueItem>): void => {
      const item = queue.at(position);
      if (item) queue.put(position, { ...item, ...values });
      if (queue === this.#queue) this.#look();
    };
    put(to);
    const stored = this.#writes.then(async () => void (await send()));
    this.#writes = this.#ports.saving(stored).catch((error: unknown) => {
      put(from);
      this.#ports.fail(error);
    });
  }

  async #revert(act: 'undo' | 'redo', from: Deed[], to: Deed[]): Promise<void> {
    await this.#attempt(async () => {
      await this.#writes;
      const words = this.info?.[act];
      const { changed } = await this.#ports.saving(
        this.#ports.api.labels[act]({ dataset: this.#dataset }),
      );
      if (changed === null) return this.#ports.say(`Nothing to ${act}.`);
      const deed = from.pop();
      if (deed) to.push(deed);
      await this.#reload(deed?.queue === this.#queue ? deed!.position : this.position);
      this.#ports.say(`${act === 'undo' ? 'Undone' : 'Done again'}${words ? `: ${words}` : '.'}`);
    });
  }

  /** Begins with the given image; where the queue has it no more, at the position where it was. */
  async #open(order: OrderName, image: number | null = null, was = 0): Promise<void> {
    const { images } = this.#ports.api;
    const { view, count } = await this.#openView(order);
    const place = image === null ? null : await images.locate({ view, image });
    const position = place?.position ?? Math.max(0, Math.min(was, count - 1));
    const queue = new Queue(view, count, this.#ports.fetchPage);
    if (count > 0) await queue.load(position);
    this.#queue = queue;
    this.order = order;
    this.count = count;
    this.#show(position);
    this.#isOpen = true;
  }

  /** An order that asks a run, where there is none to ask, is the order in which images were added. */
  async #openView(order: OrderName): Promise<{ readonly view: string; readonly count: number }> {
    const { images } = this.#ports.api;
    const opened = (name: OrderName, evaluation: object) => {
      const { filter, sort } = orders[name];
      return images.open({ dataset: this.#dataset, filter: { ...filter, ...evaluation }, sort });
    };
    if (!asksRun(order)) return opened(order, {});
    const evaluation = await this.#ports.predicted(false);
    if (evaluation === null) return opened('added', {});
    try {
      return await opened(order, { evaluation });
    } catch (error) {
      if (!this.#ports.isForgotten(error)) throw error;
      const renewed = await this.#ports.predicted(true);
      return renewed === null ? opened('added', {}) : opened(order, { evaluation: renewed });
    }
  }

  /** Fetches again what may have changed. */
  async #reload(position: number): Promise<void> {
    const queue = this.#queue!;
    const to = Math.max(0, Math.min(position, this.count - 1));
    queue.clear();
    if (this.count > 0 && !(await this.#load(queue, to))) return;
    if (queue === this.#queue) this.#show(to);
  }

  /** Shows the image at a position with what is there already, and fetches what is missing and what comes next. */
  #show(position: number): void {
    this.position = position;
    this.#look();
    if (position < this.count) void this.#attempt(() => this.#fetchAround(this.#queue!, position));
  }

  /** Puts on screen what the queue says now. */
  #look(): void {
    const [queue, position] = [this.#queue!, this.position];
    const neighbor = (at: number): Neighbor => ({ position: at, item: queue.at(at) ?? null });
    const steps = Array.from({ length: neighborCount }, (_, i) => i + 1);
    this.current = queue.at(position) ?? null;
    this.picture = (this.current && this.#ports.pictures.get(this.current.id)) ?? null;
    this.before = steps.toReversed().map((step) => neighbor(position - step));
    this.after = steps.map((step) => neighbor(position + step));
  }

  /** The current image first, then the pictures of those ahead, as long as they are still ahead. */
  async #fetchAround(queue: Queue, position: number): Promise<void> {
    if (!(await this.#load(queue, position))) return;
    for (let at = position; at <= position + picturesAhead; at++) {
      if (queue !== this.#queue || this.position < position) return;
      const item = queue.at(at);
      if (at === this.position) this.#look();
      if (item && at >= this.position) await this.#ports.pictures.load(item.id);
      if (at === this.position) this.#look();
    }
  }

  /** False: the host had forgotten the queue's view, and another was opened. */
  async #load(queue: Queue, position: number): Promise<boolean> {
    try {
      await queue.load(position);
      return true;
    } catch (error) {
      if (!(error instanceof PageError && error.status === 404)) throw error;
      if (queue === this.#queue) await this.#open(this.order, this.current?.id ?? null, position);
      return false;
    }
  }

  /** Shows a failure instead of letting it vanish. */
  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#ports.fail(error);
    }
  }
}

const targetOf = (id: number) => ({ kind: 'images' as const, ids: [id] });
