/**
 * @file The map of images by what the last hidden layer makes of them, at the epoch that is looked at: asked for as a
 * job, kept for each epoch, and turned to lie as the map before, so that clusters stay where they were.
 */
import type { Problem } from '../../src-core/contract.ts';
import { embeddingImagesMax, type EmbeddingInfo } from '../../src-core/contract/inspecting.ts';
import { app } from '../state/app.svelte.ts';
import { api, problemOf } from '../transport.ts';
import { aligned } from './aligned.ts';
import { NewestWish } from './newestWish.ts';
import { Recent } from './recent.ts';
import { fetchTensors } from './tensors.ts';

export type Method = EmbeddingInfo['method'];
export type MapPart = 'train' | 'validation' | 'test';
export type ImageMap = {
  readonly key: string;
  readonly info: EmbeddingInfo;
  /** [N, 2] */
  readonly points: Float32Array;
};

/** Maps kept: a run of a usual length. */
const mapsKept = 64;
/** The same images and the same beginning of UMAP every time. */
const seed = 1;

export class MapState {
  readonly run: string;
  method: Method = $state('pca');
  part: MapPart = $state('test');
  /** As many as asked for; a part may have fewer. */
  count = $state(2000);
  map: ImageMap | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  isBusy = $state(false);
  readonly #maps = new Recent<ImageMap>(mapsKept);
  readonly #wish = new NewestWish((error) => this.#failed(error));
  /** Key of the map asked for last. */
  #wanted = '';
  /** UMAP was stopped: not started again by itself. */
  isStopped = $state(false);

  /** Of this run's map, while it is being made. */
  readonly job = $derived.by(() =>
    app.runningJobs.find(
      ({ kind, title }) => kind === 'embedding' && title.endsWith(` ${this.run}`),
    ),
  );

  constructor(run: string) {
    this.run = run;
  }

  /** Shows the map of an epoch. */
  show(epoch: number): void {
    const { method, part, count } = this;
    const key = `${method} ${part} ${count} ${epoch}`;
    this.#wanted = key;
    const known = this.#maps.peek(key);
    if (known) {
      this.map = known;
      return;
    }
    if (this.isStopped) return;
    this.#wish.want(async () => {
      this.isBusy = true;
      try {
        const made = await this.#maps.get(key, () => this.#make(key, epoch));
        // A map on the way to the one wanted is shown, unless that one, known before, is there already.
        const isOnTheWay = key.startsWith(`${this.method} ${this.part} ${this.count} `);
        if (isOnTheWay && this.map?.key !== this.#wanted) this.map = made;
        this.problem = null;
      } finally {
        this.isBusy = false;
      }
    });
  }

  async #make(key: string, epoch: number): Promise<ImageMap> {
    const { run, method, part } = this;
    const count = Math.min(this.count, embeddingImagesMax);
    const info = await api.inspect.embedding({ run, epoch, part, count, method, seed });
    const points = (await fetchTensors(info.tensors)).get('points');
    if (!points) throw new Error('an embedding came without its points');
    return { key, info, points: aligned(points.data, this.#reference(info)) };
  }

  /** The map on screen, if it shows the same images the same way. */
  #reference(info: EmbeddingInfo): Float32Array | null {
    const { map } = this;
    if (!map || map.info.method !== info.method) return null;
    const isSame =
      map.info.images.length === info.images.length &&
      map.info.images.every((image, i) => image === info.images[i]);
    return isSame ? map.points : null;
  }

  /** Another method, part or number of images. */
  change(to: Partial<Pick<MapState, 'method' | 'part' | 'count'>>): void {
    Object.assign(this, to);
    this.isStopped = false;
  }

  async cancel(): Promise<void> {
    if (this.job) await api.jobs.cancel({ id: this.job.id });
  }

  #failed(error: unknown): void {
    const problem = problemOf(error);
    if (problem.code === 'canceled') this.isStopped = true;
    else this.problem = problem;
  }
}
