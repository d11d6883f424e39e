/**
 * @file The images one can choose from: a part of the run's dataset, or the run's mistakes in it, as a view that is
 * read a piece at a time; and where in it the person is.
 */
import { paths } from '../../src-core/contract.ts';
import { readPage, tileInfo, type PageRecords } from '../datasets/page.ts';
import { app } from '../state/app.svelte.ts';
import { api } from '../transport.ts';
import type { Subject } from './networkPage.svelte.ts';

export const sources = {
  test: { title: 'Test images', part: 'test', onlyWrong: false },
  validation: { title: 'Validation images', part: 'validation', onlyWrong: false },
  train: { title: 'Training images', part: 'train', onlyWrong: false },
  testWrong: { title: 'Mistakes in test', part: 'test', onlyWrong: true },
  validationWrong: { title: 'Mistakes in validation', part: 'validation', onlyWrong: true },
} as const;
export type Source = keyof typeof sources;
export const isSource = (name: string): name is Source => Object.hasOwn(sources, name);

/** px: the side in which thumbnails are asked for. */
const side = 48;
/** Thumbnails beside each other; the current one stands in the middle. */
const stripCount = 15;

export type Strip = {
  readonly start: number;
  readonly records: PageRecords;
  /** One tile below the other. */
  readonly image: ImageBitmap;
};
type Look = { readonly dataset: number; readonly run: string; readonly classes: readonly string[] };

export class ImageSource {
  source: Source = $state('test');
  count: number | null = $state(null);
  /** Position in the view. */
  at = $state(0);
  strip: Strip | null = $state.raw(null);
  isBusy = $state(false);
  #view = '';
  #asked = 0;
  readonly #look: Look;
  readonly #onChoose: (subject: Subject) => void;

  constructor(look: Look, onChoose: (subject: Subject) => void) {
    this.#look = look;
    this.#onChoose = onChoose;
  }

  /** Opens a source at its first image. A part without images: the next that has some. */
  async open(source: Source, isFirst = false): Promise<void> {
    this.isBusy = true;
    try {
      const opened = await this.#open(source);
      this.source = source;
      this.#view = opened.view;
      this.count = opened.count;
      this.strip = null;
      if (opened.count > 0) await this.go(0);
      else if (isFirst && source === 'test') await this.open('validation', true);
      else if (isFirst && source === 'validation') await this.open('train');
    } finally {
      this.isBusy = false;
    }
  }

  async #open(source: Source): Promise<{ view: string; count: number }> {
    const { part, onlyWrong } = sources[source];
    const { dataset, run } = this.#look;
    if (!onlyWrong)
      return api.images.open({
        dataset,
        filter: { parts: [part] },
        sort: { by: 'random', descending: false },
      });
    const { evaluation } = await api.inspect.evaluate({
      model: { kind: 'run', run, epoch: null },
      on: { kind: 'snapshot', part },
    });
    return api.inspect.cell({ evaluation, label: null, predicted: null, onlyWrong: true });
  }

  /** Shows the image at a position, which is kept within the view. */
  async go(position: number): Promise<void> {
    const last = (this.count ?? 0) - 1;
    if (last < 0) return;
    this.at = Math.min(Math.max(position, 0), last);
    await this.#readStrip();
  }

  random(): Promise<void> {
    return this.go(Math.floor(Math.random() * (this.count ?? 1)));
  }

  async #readStrip(): Promise<void> {
    const asked = ++this.#asked;
    const { at } = this;
    const count = this.count ?? 0;
    const start = Math.max(0, Math.min(at - Math.floor(stripCount / 2), count - stripCount));
    const path = paths.page(this.#view, start, Math.min(stripCount, count - start), side);
    const response = await fetch(path);
    if (response.status === 404) return this.open(this.source); // the core has forgotten the view
    if (!response.ok) throw await response.json();
    const { records, tiles } = readPage(await response.arrayBuffer());
    const image = await createImageBitmap(new ImageData(tiles, side, side * records.count));
    if (asked !== this.#asked) return;
    this.strip?.image.close();
    this.strip = { start, records, image };
    const info = tileInfo(records, at - start);
    if (info) this.#onChoose(this.#subjectOf(info.id, info.classPosition));
  }

  #subjectOf(id: number, position: number | null): Subject {
    const { dataset, classes } = this.#look;
    const name = app.dataset(dataset)?.classes.find((each) => each.position === position)?.name;
    const label = name === undefined ? -1 : classes.indexOf(name);
    return {
      shown: { kind: 'image', image: id },
      key: `image ${id}`,
      label: label < 0 ? null : label,
    };
  }
}
